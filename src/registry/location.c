/* A Location may be relative: it is resolved against the request, and otherwise left alone. */
#include "registry/location.h"

#include "base/secret.h"
#include "registry/host.h"
#include "registry/registry_private.h"

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
		return error_set(err, ERROR_CORRUPT, "answer without a Location");
	return location_asked(repository, arena, request, &here, err) &&
	       (url_resolve(arena, &here, text, out, err) || error_wrap(err, "Location"));
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
