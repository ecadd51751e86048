/*
 * URLs and who may be sent a request. The first line is a registry, the second what a server sent.
 * Oracle is curl_url(), the parser of the transfer: it must see the host that the policy judged.
 */
#include "fuzz.h"

#include "net/address.h"
#include "net/hostname.h"
#include "net/inside.h"
#include "net/operator.h"
#include "net/url.h"

#include <curl/curl.h>

static void check_part(CURLU *handle, CURLUPart what, unsigned flags, const char *expected)
{
	char *text = NULL;
	require(curl_url_get(handle, what, &text, flags) == CURLUE_OK);
	require(str_equal_nocase(str_of(text), str_of(expected)));
	curl_free(text);
}

static void check_url(const struct url *url)
{
	CURLU *handle = curl_url();
	char *none = NULL;
	require(handle && curl_url_set(handle, CURLUPART_URL, url->text, 0) == CURLUE_OK);
	check_part(handle, CURLUPART_SCHEME, 0, url->scheme);
	check_part(handle, CURLUPART_HOST, 0, url->host);
	check_part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, url->port);
	require(curl_url_get(handle, CURLUPART_USER, &none, 0) == CURLUE_NO_USER);
	require(curl_url_get(handle, CURLUPART_FRAGMENT, &none, 0) == CURLUE_NO_FRAGMENT);
	require(strcmp(url->scheme, "http") == 0 || strcmp(url->scheme, "https") == 0);
	require(input_printable(str_of(url->text)) && !strchr(url->text, ' '));
	curl_url_cleanup(handle);
	struct sockaddr_storage literal;
	require(address_parse(url->host, &literal) || hostname_proper(url->host));
	require(hostname_bare(str_of(url->host)).len == strlen(url->host));
}

/* A final dot changes nothing, and what a server may name the user may name, too. */
static void check_inside(struct arena *arena, const struct url *url)
{
	const char *dotted = arena_printf(arena, "%s.", url->host);
	require(dotted);
	require(hostname_internal(str_of(dotted)) == hostname_internal(str_of(url->host)));
	require(hostname_metadata(str_of(dotted)) == hostname_metadata(str_of(url->host)));
	if (inside_host_refused(url->host, false))
		require(inside_host_refused(url->host, true));
	if (inside_host_refused(url->host, true) && !inside_host_refused(url->host, false))
		require(inside_by_text(url->host));
}

static void check_policy(const struct url *registry, const struct url *url)
{
	bool downgrade = strcmp(registry->scheme, "https") == 0 && strcmp(url->scheme, "http") == 0;
	bool same = url_same_origin(registry, url);
	for (enum url_purpose purpose = URL_API; purpose <= URL_TOKEN; purpose++) {
		enum url_verdict verdict = url_may_send(registry, url, purpose);
		require(!downgrade || verdict == URL_DENY);
		require(!same || verdict == URL_WITH_AUTH);
		if (!same && purpose != URL_TOKEN)
			require(verdict != URL_WITH_AUTH);
		if (verdict == URL_WITH_AUTH)
			require(operator_issues_tokens(registry->host, url->host));
		if (!same && (purpose == URL_API || purpose == URL_UPLOAD))
			require(verdict == URL_DENY);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	struct url registry, url;
	struct error err = {0};
	require(arena);
	const char *first = input_string(arena, input_part(&rest, '\n'));
	const char *second = input_string(arena, rest);
	if (!url_parse(arena, first, &registry, &err)) {
		require(err.kind == ERROR_REFUSED);
		return 0;
	}
	check_url(&registry);
	require(str_find(url_public(&registry), '?') == url_public(&registry).len);
	if (!url_resolve(arena, &registry, second, &url, &err)) {
		require(err.kind == ERROR_REFUSED);
		return 0;
	}
	check_url(&url);
	check_policy(&registry, &url);
	check_inside(arena, &url);
	if (strcmp(registry.host, url.host) != 0 && operator_issues_tokens(registry.host, url.host))
		require(strchr(url.host, '.'));
	return 0;
}
