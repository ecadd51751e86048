/* A Location may be relative: it is resolved against the request, and otherwise left alone. */
#include "registry/location.h"

#include "base/secret.h"
#include "registry/host.h"
#include "registry/registry_private.h"

#include <string.h>

enum { SIGNATURE_LEAST = 16 };

bool location_asked(const struct repository *repository, struct arena *arena,
		    const struct request *request, struct url *out, struct error *err)
{
	struct url origin;
	if (request->url) {
		*out = *request->url;
		return true;
	}
	return host_origin(repository->host, &origin, err) &&
	       url_resolve(arena, &origin, request->path, out, err);
}

void location_hide(const struct url *from, const struct url *to)
{
	struct str query = str_from(str_of(to->text), url_public(to).len);
	if (!url_same_origin(from, to) && query.len > SIGNATURE_LEAST)
		secret_register_passing(str_from(query, 1));
}

bool location_given(const struct repository *repository, struct arena *arena,
		    const struct request *request, const struct http_answer *answer,
		    struct url *out, struct error *err)
{
	struct url here;
	struct str value = http_header(answer, "Location");
	const char *text = arena_copy(arena, value.at, value.len);
	if (!text)
		return error_memory(err);
	if (!value.len)
		return error_set(
			err, ERROR_CORRUPT,
			"the registry does not say where the upload goes on (no Location)");
	return location_asked(repository, arena, request, &here, err) &&
	       (url_resolve(arena, &here, text, out, err) || error_wrap(err, "Location"));
}

static const char *describe(enum url_purpose purpose)
{
	switch (purpose) {
	case URL_UPLOAD:
		return "the upload";
	case URL_API:
		return "the request";
	case URL_REDIRECT:
	case URL_TOKEN:
		break;
	}
	return "us";
}

bool location_refuse(const struct url *origin, const struct url *url, enum url_purpose purpose,
		     struct error *err)
{
	bool same_host = strcmp(origin->host, url->host) == 0;
	const char *why = "another host, and images are sent to the registry alone";
	if (same_host)
		why = "another scheme or port; does a reverse proxy in front of it leave out "
		      "X-Forwarded-Proto or the port in Host? (distribution: http.host, Harbor: "
		      "external_url)";
	else if (purpose == URL_REDIRECT)
		why = "http, and an https registry is not left for that";
	return error_set(err, ERROR_REFUSED,
			 "%s://%s:%s sends %s to %s://%s:%s, which is not "
			 "followed: %s",
			 origin->scheme, origin->host, origin->port, describe(purpose), url->scheme,
			 url->host, url->port, why);
}

bool location_trusted(const struct repository *repository, const struct url *origin,
		      const struct url *url)
{
	scoped(buf_finish) struct buf place = {0};
	const struct credentials *known = repository->registry->options.credentials;
	if (url_same_operator(origin, url))
		return true;
	buf_printf(&place, "%s:%s", url->host, url->port);
	return known && buf_ok(&place) &&
	       (credential_find(known, buf_str(&place), (struct str){0}) ||
		credential_find(known, str_of(url->host), (struct str){0}));
}
