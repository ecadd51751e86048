/* A Location may be relative: it is resolved against the request, and otherwise left alone. */
#include "registry/location.h"

#include "registry/host.h"
#include "registry/link.h"

bool location_asked(const struct repository *repository, struct arena *arena,
		    const struct request *request, struct url *out, struct error *err)
{
	struct url origin;
	if (request->url) {
		*out = *request->url;
		return true;
	}
	return host_origin(repository->host, arena, &origin, err) &&
	       url_resolve(arena, &origin, request->path, out, err);
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

bool location_next(const struct repository *repository, struct arena *arena,
		   const struct request *request, const struct http_answer *answer, struct url *out,
		   struct error *err)
{
	struct url here;
	struct str value, target;
	size_t at = 0;
	*out = (struct url){0};
	while (http_header_next(answer, "Link", &at, &value)) {
		if (!link_next(value, &target))
			continue;
		const char *text = arena_copy(arena, target.at, target.len);
		if (!text)
			return error_memory(err);
		return (location_asked(repository, arena, request, &here, err) &&
			url_resolve(arena, &here, text, out, err)) ||
		       error_wrap(err, "Link");
	}
	return true;
}
