/* A Location may be relative: it is resolved against the request, and otherwise left alone. */
#include "registry/location.h"

#include "base/secret.h"
#include "net/inside.h"
#include "net/operator.h"
#include "registry/host.h"
#include "registry/link.h"
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
		return error_set(err, ERROR_CORRUPT, "answer without a Location");
	return location_asked(repository, arena, request, &here, err) &&
	       (url_resolve(arena, &here, text, out, err) || error_wrap(err, "Location"));
}

bool location_onward(struct arena *arena, const struct http_answer *answer, const struct url *from,
		     struct url *out, struct error *err)
{
	struct str value = http_header(answer, "Location");
	const char *text = arena_copy(arena, value.at, value.len);
	if (!text)
		return error_memory(err);
	if (!value.len)
		return error_set(err, ERROR_CORRUPT, "redirect without a Location");
	return url_resolve(arena, from, text, out, err) || error_wrap(err, "redirect");
}

bool location_same_place(const char *name, const struct url *url)
{
	struct str port = str_of(name);
	size_t host = strlen(url->host);
	if (!str_equal_nocase(str_head(port, host), str_of(url->host)))
		return false;
	port = str_from(port, host);
	return !port.len || (port.at[0] == ':' && str_is(str_from(port, 1), url->port));
}

bool location_trusted(const struct repository *repository, const struct url *origin,
		      const struct url *url)
{
	scoped(buf_finish) struct buf place = {0};
	const struct credentials *known = repository->registry->options.credentials;
	const struct credential *credential = repository->credential;
	if (url_same_origin(origin, url))
		return true;
	if (operator_neighbours(origin->host, url->host) &&
	    (host_is_inside(repository->host) || inside_by_text(origin->host)))
		return true;
	if (credential && credential->token_server &&
	    location_same_place(credential->token_server, url))
		return true;
	buf_printf(&place, "%s:%s", url->host, url->port);
	return known && buf_ok(&place) &&
	       (credential_find(known, buf_str(&place), (struct str){0}) ||
		credential_find(known, str_of(url->host), (struct str){0}));
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
