/*
 * request.c is for exchanges with a registry: it knows logins, challenges and the state of the
 * host. None of that may be used or learnt here, so this file follows the redirects itself.
 */
#include "registry/elsewhere.h"

#include "registry/answer.h"
#include "registry/headers.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/registry_private.h"

#include <string.h>

enum { REDIRECTS_MAX = 5, TEXT_MAX = 64 * 1024 };

/* A download from elsewhere, and what came of the last request for it. */
struct errand {
	const struct repository *repository;
	const struct blob_part *part;
	struct http_answer *answer;
	struct stream **out; /* its body if it is a success */
};

static bool ask(const struct errand *errand, const struct url *url, struct error *err)
{
	const struct repository *repository = errand->repository;
	const struct blob_part *part = errand->part;
	const struct registry_options *options = &repository->access.registry->options;
	const struct credential *credential = repository->access.credential;
	const struct request request = {.method = "GET",
					.range_from = part->from,
					.range_end = part->end,
					.if_range = part->etag[0] ? part->etag : NULL,
					.fresh = part->fresh};
	scoped(arena_free) struct arena *arena = arena_new();
	const char *headers[HEADERS_MAX];
	struct url origin;
	size_t count = 0;
	if (!arena || !headers_of(&request, arena, headers, &count))
		return error_memory(err);
	if (!host_origin(repository->access.host, &origin, err))
		return false;
	bool same_host = strcmp(url->host, origin.host) == 0;
	const struct http_request http = {
		.method = "GET",
		.url = url,
		.headers = headers,
		.header_count = count,
		.answer_max = TEXT_MAX,
		.expect_size = part->size - part->from,
		.chosen = !location_trusted(&repository->access, &origin, url),
		.insecure = repository->access.host->insecure && same_host,
		.ca = credential && same_host ? credential->ca : NULL,
		.client = credential && same_host ? credential->client : NULL,
		.proxy = credential ? credential->proxy : NULL};
	http_answer_finish(errand->answer);
	bool ok = http_open(options->http, &http, errand->answer, errand->out, err);
	if (ok && options->counted)
		options->counted(options->ctx, repository->access.target);
	return ok;
}

static bool is_redirect(const struct http_answer *answer)
{
	int status = answer->status;
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Resolves text, a Location, against base; without base, for the first request, text is the URL. */
static bool next_url(struct arena *arena, const struct url *base, const char *text, struct url *out,
		     struct error *err)
{
	if (!text)
		return error_memory(err);
	if (!*text)
		return error_set(err, ERROR_CORRUPT, "redirect without a Location");
	if (!(base ? url_resolve(arena, base, text, out, err) : url_parse(arena, text, out, err)))
		return false;
	return strcmp(out->scheme, "https") == 0 ||
	       error_set(err, ERROR_REFUSED, "%s://%s: only https is allowed", out->scheme,
			 out->host);
}

/* Asks at the address in text, and follows redirects from there. */
static bool follow(const struct errand *errand, struct arena *arena, const char *text,
		   struct error *err)
{
	struct url url, here;
	if (!next_url(arena, NULL, text, &url, err))
		return false;
	for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
		if (!ask(errand, &url, err))
			return false;
		if (!is_redirect(errand->answer))
			return true;
		struct str value = http_header(errand->answer, "Location");
		here = url;
		if (!next_url(arena, &here, arena_copy(arena, value.at, value.len), &url, err))
			return false;
		location_hide(&here, &url);
	}
	return error_set(err, ERROR_CORRUPT, "more than %d redirects", REDIRECTS_MAX);
}

/* Names the URL without its query, which can be a signature; not at all if it has a password. */
static bool describe(const char *url, struct error *err)
{
	struct str text = str_of(url);
	text = str_head(text, str_find(text, '?'));
	return str_find(text, '@') < text.len ? false : error_wrap(err, "%.*s", STR_ARGS(text));
}

bool elsewhere_open(const struct repository *repository, const char *url, struct blob_part *part,
		    struct stream **out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	const struct errand errand = {repository, part, &answer, out};
	if (part->whole)
		part->from = 0;
	*out = NULL;
	if (!arena)
		return error_memory(err);
	if (!follow(&errand, arena, url, err))
		return describe(url, err);
	bool known = answer.status == 200 || answer.status == 206 || answer.status == 416;
	if (known && blobs_judge(&answer, part, err))
		return true;
	stream_close(out);
	if (!known)
		answer_error(&answer, err);
	return describe(url, err);
}
