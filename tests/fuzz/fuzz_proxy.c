/*
 * The URL of a proxy. No error quotes any of it, what libcurl is given has no login in it and is
 * what its own parser sees, and a password in front of an @ is a secret even if nothing can be
 * read.
 */
#include "fuzz.h"

#include "base/secret.h"
#include "net/proxy.h"

#include <curl/curl.h>

static const char canary[] = "Canary7Word";

static void check_part(CURLU *handle, CURLUPart what, CURLUcode none)
{
	char *text = NULL;
	require(curl_url_get(handle, what, &text, 0) == none);
	curl_free(text);
}

static void check_proxy(const struct proxy *proxy)
{
	CURLU *handle = curl_url();
	require(handle && curl_url_set(handle, CURLUPART_URL, proxy->url,
				       CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK);
	check_part(handle, CURLUPART_USER, CURLUE_NO_USER);
	check_part(handle, CURLUPART_PASSWORD, CURLUE_NO_PASSWORD);
	check_part(handle, CURLUPART_QUERY, CURLUE_NO_QUERY);
	check_part(handle, CURLUPART_FRAGMENT, CURLUE_NO_FRAGMENT);
	curl_url_cleanup(handle);
	require(!proxy->username == !proxy->password);
	require(input_printable(str_of(proxy->url)) && !strchr(proxy->url, '@'));
	require(!proxy->password || input_printable(str_of(proxy->password)));
}

/* With the canary as password, between two parts of the input. */
static void check_canary(struct arena *arena, struct str before, struct str behind)
{
	struct proxy proxy;
	struct error err = {0};
	scoped(buf_finish) struct buf masked = {0};
	const char *text = arena_printf(arena, "%.*s:%s%.*s@proxy.test:3128", STR_ARGS(before),
					canary, STR_ARGS(behind));
	require(text);
	if (!proxy_parse(arena, str_of(text), &proxy, &err))
		require(err.kind == ERROR_CONFIG && !strstr(err.text, canary));
	secret_register_userinfo(str_of(text));
	secret_mask(str_of(text), &masked);
	require(buf_ok(&masked) && !strstr(buf_string(&masked), canary));
	secret_forget();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	struct proxy proxy;
	struct error err = {0};
	require(arena);
	if (proxy_parse(arena, rest, &proxy, &err))
		check_proxy(&proxy);
	else
		require(err.kind == ERROR_CONFIG);
	secret_suspect(rest);
	secret_forget();
	struct str before = input_part(&rest, '\n');
	/* In front of a scheme, or as a user, it would be no password. */
	if (before.at && !memchr(before.at, '\0', before.len) &&
	    !memmem(before.at, before.len, canary, 6))
		check_canary(arena, before, rest);
	return 0;
}
