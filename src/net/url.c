/*
 * The policy is a short list of allowed cases; everything else is denied. A registry reached over
 * https can never cause a request over http, and credentials leave the configured origin in one
 * case only: a token server that plainly belongs to the same operator.
 */
#include "net/url.h"

#include "net/address.h"
#include "net/hostname.h"
#include "net/operator.h"

#include <curl/curl.h>
#include <string.h>

static void handle_close(CURLU **handle)
{
	curl_url_cleanup(*handle);
}

static void text_close(char **text)
{
	curl_free(*text);
}

/* Gets a part that must be present. */
static CURLUcode part(struct arena *arena, CURLU *handle, CURLUPart what, unsigned flags,
		      const char **out)
{
	scoped(text_close) char *text = NULL;
	CURLUcode code = curl_url_get(handle, what, &text, flags);
	if (code != CURLUE_OK)
		return code;
	*out = arena_string(arena, text);
	return *out ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

/* Refuses a URL unless the part is clearly absent. */
static bool refuse_part(CURLU *handle, CURLUPart what, CURLUcode none, struct error *err)
{
	scoped(text_close) char *text = NULL;
	CURLUcode code = curl_url_get(handle, what, &text, 0);
	if (code == CURLUE_OUT_OF_MEMORY)
		return error_memory(err);
	return code == none ||
	       error_set(err, ERROR_REFUSED, "URL with user name or fragment refused");
}

static bool take_parts(struct arena *arena, CURLU *handle, struct url *out, struct error *err)
{
	if (!refuse_part(handle, CURLUPART_USER, CURLUE_NO_USER, err) ||
	    !refuse_part(handle, CURLUPART_PASSWORD, CURLUE_NO_PASSWORD, err) ||
	    !refuse_part(handle, CURLUPART_FRAGMENT, CURLUE_NO_FRAGMENT, err))
		return false;
	CURLUcode code = part(arena, handle, CURLUPART_URL, CURLU_NO_DEFAULT_PORT, &out->text);
	if (!code)
		code = part(arena, handle, CURLUPART_SCHEME, 0, &out->scheme);
	if (!code)
		code = part(arena, handle, CURLUPART_HOST, 0, &out->host);
	if (!code)
		code = part(arena, handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, &out->port);
	if (code == CURLUE_OUT_OF_MEMORY)
		return error_memory(err);
	if (code)
		return error_set(err, ERROR_REFUSED, "URL without host refused");
	for (char *at = (char *)(uintptr_t)out->host; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	if (strcmp(out->scheme, "http") != 0 && strcmp(out->scheme, "https") != 0)
		return error_set(err, ERROR_REFUSED, "URL scheme %s refused", out->scheme);
	return true;
}

/*
 * libcurl looks for addresses in a host before it decodes it: http://2%2e0 gives the name 2.0,
 * which becomes the address 2.0.0.0 when the normalised text is parsed again to connect.
 */
static bool reads_the_same(struct arena *arena, const struct url *url, struct error *err)
{
	scoped(handle_close) CURLU *handle = curl_url();
	const char *host = "";
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	if (handle)
		code = curl_url_set(handle, CURLUPART_URL, url->text, 0);
	if (!code)
		code = part(arena, handle, CURLUPART_HOST, 0, &host);
	if (code == CURLUE_OUT_OF_MEMORY)
		return error_memory(err);
	return str_equal_nocase(str_of(host), str_of(url->host)) ||
	       error_set(err, ERROR_REFUSED, "URL with an ambiguous host refused");
}

/* Parsers disagree about backslashes and control characters. */
static bool plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || *text == 0x7f || *text == '\\')
			return false;
	return true;
}

bool url_parse(struct arena *arena, const char *text, struct url *out, struct error *err)
{
	return url_resolve(arena, NULL, text, out, err);
}

/* Resolves and checks everything except the host. */
static bool resolve(struct arena *arena, const struct url *base, const char *text, struct url *out,
		    struct error *err)
{
	scoped(handle_close) CURLU *handle = curl_url();
	if (!handle)
		return error_memory(err);
	if (!plain(text))
		return error_set(err, ERROR_REFUSED,
				 "URL with blanks or control characters refused");
	CURLUcode code = base ? curl_url_set(handle, CURLUPART_URL, base->text, 0) : CURLUE_OK;
	if (!code)
		code = curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_OUT_OF_MEMORY)
		return error_memory(err);
	if (code != CURLUE_OK)
		return error_set(err, ERROR_REFUSED, "URL refused: %s", curl_url_strerror(code));
	/* A query says nothing about the host, and those of uploads are long. */
	bool encoded = str_find(str_head(str_of(text), str_find(str_of(text), '?')), '%') <
		       str_find(str_of(text), '?');
	return take_parts(arena, handle, out, err) && (!encoded || reads_the_same(arena, out, err));
}

/* The same URL without a final dot in its host, which would give one server two names. */
static bool without_dot(struct arena *arena, struct url *url, struct error *err)
{
	scoped(handle_close) CURLU *handle = curl_url();
	struct str bare = hostname_bare(str_of(url->host));
	const char *host = arena_copy(arena, bare.at, bare.len);
	const char *text = NULL;
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	if (handle && host)
		code = curl_url_set(handle, CURLUPART_URL, url->text, 0);
	if (!code)
		code = curl_url_set(handle, CURLUPART_HOST, host, 0);
	if (!code)
		code = part(arena, handle, CURLUPART_URL, CURLU_NO_DEFAULT_PORT, &text);
	if (code == CURLUE_OUT_OF_MEMORY)
		return error_memory(err);
	if (code)
		return error_set(err, ERROR_REFUSED, "URL refused: %s", curl_url_strerror(code));
	return resolve(arena, NULL, text, url, err);
}

bool url_resolve(struct arena *arena, const struct url *base, const char *text, struct url *out,
		 struct error *err)
{
	if (!resolve(arena, base, text, out, err))
		return false;
	if (str_ends(str_of(out->host), ".") && !without_dot(arena, out, err))
		return false;
	struct sockaddr_storage literal;
	return address_parse(out->host, &literal) || hostname_proper(out->host) ||
	       error_set(err, ERROR_REFUSED, "URL with an ambiguous host refused");
}

/* True if no parser would change the path, or find anything in it but a path and a query. */
static bool is_plain_path(const char *path)
{
	static const char plain_text[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789/-._:?=&";
	return path[0] == '/' && path[1] != '/' && !strstr(path, "/.") &&
	       path[strspn(path, plain_text)] == '\0';
}

bool url_at(struct arena *arena, const struct url *origin, const char *path, struct url *out,
	    struct error *err)
{
	struct str root = str_of(origin->text);
	if (!is_plain_path(path) || !str_ends(root, "/"))
		return url_resolve(arena, origin, path, out, err);
	*out = *origin;
	out->text = arena_printf(arena, "%.*s%s", (int)root.len - 1, root.at, path);
	return out->text || error_memory(err);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

enum url_verdict url_may_send(const struct url *registry, const struct url *url,
			      enum url_purpose purpose)
{
	if (strcmp(registry->scheme, "https") == 0 && strcmp(url->scheme, "https") != 0)
		return URL_DENY;
	if (url_same_origin(registry, url))
		return URL_WITH_AUTH;
	switch (purpose) {
	case URL_REDIRECT:
		return URL_ANONYMOUS;
	case URL_TOKEN:
		return operator_issues_tokens(registry->host, url->host) ? URL_WITH_AUTH
									 : URL_ANONYMOUS;
	case URL_API:
	case URL_UPLOAD: /* image bytes go to the registry itself and nowhere else */
		break;
	}
	return URL_DENY;
}

struct str url_public(const struct url *url)
{
	struct str text = str_of(url->text);
	return str_head(text, str_find(text, '?'));
}
