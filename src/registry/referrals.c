/*
 * An empty list means that there is no signature, so only a registry that speaks this API may say
 * so. What certainly does not come from such a one counts as "no such API"; what
 * may be trouble that passes is an error.
 */
#include "registry/referrals.h"

#include "registry/location.h"
#include "registry/request.h"

enum verdict { LISTED, UNSUPPORTED, REFUSED };

static bool is_html(const struct http_answer *answer)
{
	struct str type = media_bare(http_header(answer, "Content-Type"));
	struct str body = buf_str(&answer->body);
	while (body.len && (body.at[0] == ' ' || body.at[0] == '\n' || body.at[0] == '\r' ||
			    body.at[0] == '\t'))
		body = str_from(body, 1);
	return str_equal_nocase(type, STR("text/html")) ||
	       str_equal_nocase(type, STR("application/xhtml+xml")) || str_starts(body, "<");
}

static enum verdict judge(const struct http_answer *answer)
{
	bool redirect = answer->status >= 300 && answer->status < 400;
	if (answer->status == 404 || answer->status == 400 || redirect)
		return UNSUPPORTED;
	if (answer->status != 200)
		return REFUSED;
	return is_html(answer) ? UNSUPPORTED : LISTED;
}

/* One page; next->text is NULL after the last one. */
static bool ask_page(const struct repository *repository, struct arena *arena,
		     const struct request *request, bool first, struct map *into, bool *supported,
		     struct url *next, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	*next = (struct url){0};
	if (!request_send(repository, request, &answer, err))
		return false;
	enum verdict verdict = judge(&answer);
	*supported = verdict == LISTED;
	if (verdict == UNSUPPORTED && first)
		return true;
	if (verdict == UNSUPPORTED)
		return error_set(err, ERROR_CORRUPT, "a page of the list is missing (status %d)",
				 answer.status);
	if (verdict == REFUSED)
		return request_refused(repository, request, &answer, err);
	return referrers_read(arena, buf_str(&answer.body), into, err) &&
	       location_next(repository, arena, request, &answer, next, err);
}

static bool ask_pages(const struct repository *repository, struct arena *arena, const char *path,
		      struct map *into, bool *supported, struct error *err)
{
	struct url url, next;
	struct request request = {.method = "GET",
				  .path = path,
				  .accept = "application/vnd.oci.image.index.v1+json",
				  .answer_max = MANIFEST_BYTES_MAX,
				  .stay = true};
	for (int page = 0; page < REFERRALS_PAGES_MAX; page++) {
		size_t before = into->count;
		if (!ask_page(repository, arena, &request, page == 0, into, supported, &next, err))
			return false;
		if (!next.text)
			return true;
		if (into->count == before)
			return error_set(err, ERROR_CORRUPT,
					 "a page of the list brings nothing new");
		url = next;
		request.path = NULL;
		request.url = &url;
		request.purpose = URL_API;
	}
	return error_set(err, ERROR_CORRUPT, "more than %d pages", REFERRALS_PAGES_MAX);
}

bool referrals_ask(const struct repository *repository, struct arena *arena, const char *digest,
		   struct map *into, bool *supported, struct error *err)
{
	const char *path = arena_printf(arena, "/v2/%s/referrers/%s", repository->name, digest);
	if (!path)
		return error_memory(err);
	return ask_pages(repository, arena, path, into, supported, err) ||
	       error_wrap(err, "referrers of %s/%s@%s", registry_host_name(repository),
			  repository->name, digest);
}
