/* A Location may be relative: it is resolved against the request's URL, and not changed further. */
#include "registry/location.h"

#include "base/secret.h"
#include "net/inside.h"
#include "net/operator.h"
#include "registry/host.h"
#include "registry/registry_private.h"

#include <string.h>

enum { SIGNATURE_LEAST = 16 };

bool location_asked(const struct access *access, struct arena *arena, const struct request *request,
		    struct url *out, struct error *err)
{
	struct url origin;
	if (request->url) {
		*out = *request->url;
		return true;
	}
	return host_origin(access->host, &origin, err) &&
	       url_resolve(arena, &origin, request->path, out, err);
}

void location_hide(const struct url *from, const struct url *to)
{
	struct str query = str_from(str_of(to->text), url_public(to).len);
	if (!url_same_origin(from, to) && query.len > SIGNATURE_LEAST)
		secret_register_passing(str_from(query, 1));
}

bool location_given(const struct access *access, struct arena *arena, const struct request *request,
		    const struct http_answer *answer, struct url *out, struct error *err)
{
	struct url here;
	struct str value = http_header(answer, "Location");
	const char *text = arena_copy(arena, value.at, value.len);
	if (!text)
		return error_memory(err);
	if (!value.len)
		return error_set(
			err, ERROR_CORRUPT,
			"the registry does not say where to continue the upload (no Location)");
	return location_asked(access, arena, request, &here, err) &&
	       (url_resolve(arena, &here, text, out, err) || error_wrap(err, "Location"));
}

/* True when url is at name, a host in the configuration with or without a port. */
static bool same_place(const char *name, const struct url *url)
{
	struct str port = str_of(name);
	size_t host = strlen(url->host);
	if (!str_equal_nocase(str_head(port, host), str_of(url->host)))
		return false;
	port = str_from(port, host);
	return !port.len || (port.at[0] == ':' && str_is(str_from(port, 1), url->port));
}

bool location_issues_tokens(const struct access *access, const struct url *url)
{
	const struct credential *credential = access->credential;
	return credential && credential->token_server && same_place(credential->token_server, url);
}

static const char *describe(enum url_purpose purpose)
{
	switch (purpose) {
	case URL_UPLOAD:
		return " with the upload";
	case URL_API:
		return " with the request";
	case URL_REDIRECT:
	case URL_TOKEN:
		break;
	}
	return "";
}

bool location_refuse(const struct url *origin, const struct url *url, enum url_purpose purpose,
		     struct error *err)
{
	bool same_host = strcmp(origin->host, url->host) == 0;
	const char *why = "a different host, and images are only sent to the registry";
	if (same_host)
		why = "a different scheme or port; does a reverse proxy in front of it leave out "
		      "X-Forwarded-Proto or the port in Host? (distribution: http.host, Harbor: "
		      "external_url)";
	else if (purpose == URL_REDIRECT)
		why = "http, although the registry uses https";
	return error_set(err, ERROR_REFUSED, "refusing to follow %s://%s:%s to %s://%s:%s%s: %s",
			 origin->scheme, origin->host, origin->port, url->scheme, url->host,
			 url->port, describe(purpose), why);
}

bool location_trusted(const struct access *access, const struct url *origin, const struct url *url)
{
	scoped(buf_finish) struct buf place = {0};
	const struct credentials *known = access->registry->options.credentials;
	if (url_same_origin(origin, url))
		return true;
	if (operator_neighbours(origin->host, url->host) &&
	    (host_is_inside(access->host) || inside_by_text(origin->host)))
		return true;
	if (location_issues_tokens(access, url))
		return true;
	buf_printf(&place, "%s:%s", url->host, url->port);
	return known && buf_ok(&place) &&
	       (credential_find(known, buf_str(&place), (struct str){0}) ||
		credential_find(known, str_of(url->host), (struct str){0}));
}
