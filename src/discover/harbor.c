/*
 * Harbor shows its catalog to administrators only, but lists the repositories of a project to all
 * that may read it, by an API that wants the login itself and not a token.
 */
#include "discover/dialect.h"

#include "base/percent.h"
#include "registry/answer.h"

#include <string.h>

static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	if (root->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer is no list of repositories");
	pages->entries += root->count;
	for (size_t i = 0; i < root->count; i++) {
		struct str name;
		if (!dialect_text(root->items[i], "name", &name, err) ||
		    !dialect_add(pages, name, err))
			return false;
	}
	return true;
}

/* True when the server says that it is Harbor. *found is left alone when it cannot be asked. */
static bool is_harbor(const struct repository *repository, bool *found, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct request request = {
		.method = "GET", .path = "/api/v2.0/ping", .answer_max = 4096, .otherwise = true};
	if (!request_send_once(repository, &request, &answer, err))
		return err->kind == ERROR_DENIED || err->http_status >= 400;
	*found = answer.status == 200 && str_is(str_trim(buf_str(&answer.body)), "Pong");
	return true;
}

/* The project is the first part of the path; without one all repositories are listed. */
static const char *list_path(struct arena *arena, const char *namespace)
{
	scoped(buf_finish) struct buf path = {0};
	size_t project = strcspn(namespace, "/");
	buf_add_string(&path, "/api/v2.0/");
	if (project) {
		buf_add_string(&path, "projects/");
		percent_encode((struct str){namespace, project}, &path);
		buf_add_char(&path, '/');
	}
	buf_add_string(&path, "repositories?page=1&page_size=100");
	return buf_ok(&path) ? arena_string(arena, path.at) : NULL;
}

bool harbor_list(const struct discovery *discovery, struct map *found, bool *supported,
		 struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct dialect_pages pages = {.discovery = discovery,
				      .request = {.method = "GET",
						  .answer_max = DIALECT_PAGE_MAX,
						  .basic = true,
						  .stay = true},
				      .what = "a list of repositories",
				      .take = take,
				      .totals = true,
				      .found = found};
	*supported = discovery->via != NULL;
	pages.request.path = arena ? list_path(arena, discovery->path) : NULL;
	if (!pages.request.path)
		return error_memory(why);
	if (!dialect_open(discovery, discovery->host, discovery->path, &pages.repository, why))
		return false;
	if (!discovery->via && !is_harbor(&pages.repository, supported, why)) {
		*supported = true;
		return false;
	}
	if (!*supported)
		return error_set(why, ERROR_UNSUPPORTED, "%s is not Harbor", discovery->host);
	return dialect_read(&pages, why) ||
	       error_wrap(why, "the repositories of %s/%s", discovery->host, discovery->path);
}
