/*
 * An empty list means that there is no signature, so it counts only from a registry that has this
 * API. An answer that certainly does not come from the API counts as "no such API"; one that may be
 * transient trouble is an error.
 */
#include "registry/referrals.h"

#include "doc/html.h"
#include "registry/answer.h"
#include "registry/paging.h"

enum verdict { LISTED, UNSUPPORTED, REFUSED };

/* True for an HTML page, or anything that begins like one: a list of referrers never does. */
static bool is_markup(const struct http_answer *answer)
{
	struct str body = buf_str(&answer->body);
	if (html_is_page(http_header(answer, "Content-Type"), body))
		return true;
	while (body.len && (unsigned char)body.at[0] <= ' ')
		body = str_from(body, 1);
	return str_starts(body, "<");
}

static enum verdict judge(const struct http_answer *answer)
{
	bool redirect = answer->status >= 300 && answer->status < 400;
	if (answer->status == 404 || answer->status == 400 || redirect)
		return UNSUPPORTED;
	if (answer->status != 200)
		return REFUSED;
	return is_markup(answer) ? UNSUPPORTED : LISTED;
}

/* Reads the paging information of a list of referrers. */
static bool read_paging(struct paging *paging, struct arena *arena,
			const struct http_answer *answer, struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	const struct node *root = NULL;
	if (!scratch)
		return error_memory(err);
	if (!answer_json(scratch, answer, "a list of referrers", &root, err))
		return false;
	return paging_read(paging, arena, root) || error_memory(err);
}

/* One list whose pages are being read. */
struct referrals_asking {
	const struct repository *repository;
	struct arena *arena;
	struct map *into;
	struct paging paging;
	bool supported;
};

static void asking_finish(struct referrals_asking *asking)
{
	paging_finish(&asking->paging);
}

/* Reads one page; next->text is NULL after the last one. */
static bool ask_page(struct referrals_asking *asking, const struct request *request, bool first,
		     struct url *next, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct repository *repository = asking->repository;
	size_t before = asking->into->count;
	*next = (struct url){0};
	if (!request_send(repository, request, &answer, err))
		return false;
	enum verdict verdict = judge(&answer);
	asking->supported = verdict == LISTED;
	if (verdict == UNSUPPORTED && first)
		return true;
	if (verdict == UNSUPPORTED)
		return error_set(err, ERROR_CORRUPT, "a page of the list is missing (status %d)",
				 answer.status);
	if (verdict == REFUSED)
		return request_refused(repository, request, &answer, err);
	if (!read_paging(&asking->paging, asking->arena, &answer, err) ||
	    !referrers_read(asking->arena, buf_str(&answer.body), asking->into, err))
		return false;
	const struct paging_page page = {.repository = repository,
					 .request = request,
					 .answer = &answer,
					 .news = asking->into->count > before};
	return paging_next(&asking->paging, asking->arena, &page, next, err);
}

static bool ask_pages(struct referrals_asking *asking, const char *path, struct error *err)
{
	struct url url, next;
	struct request request = {.method = "GET",
				  .path = path,
				  .accept = "application/vnd.oci.image.index.v1+json",
				  .answer_max = MANIFEST_BYTES_MAX,
				  .stay = true};
	for (int page = 0; page < REFERRALS_PAGES_MAX; page++) {
		if (!ask_page(asking, &request, page == 0, &next, err))
			return false;
		if (!next.text)
			return true;
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
	scoped(asking_finish) struct referrals_asking asking = {
		.repository = repository, .arena = arena, .into = into};
	if (!path)
		return error_memory(err);
	bool ok = ask_pages(&asking, path, err);
	*supported = asking.supported;
	return ok || error_wrap(err, "referrers of %s/%s@%s", registry_host_name(repository),
				repository->name, digest);
}
