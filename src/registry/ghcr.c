/*
 * A version of a package is a manifest. The API removes it by a number, which only the list of all
 * versions tells; so the list is kept, and read again for a digest that it does not have. Numbers
 * never change. Whether an owner is an organization or a user is not known beforehand; the API says
 * 404 for the wrong one.
 */
#include "registry/ghcr.h"

#include "base/percent.h"
#include "registry/answer.h"
#include "registry/login.h"
#include "registry/paging.h"
#include "registry/registry_private.h"
#include "registry/remove.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024, PAGE_MAX = 32 * 1024 * 1024, PAGES_MAX = 10000 };

#define MEDIA_TYPE "application/vnd.github+json"

/* The versions of a package that are being listed. */
struct version_list {
	const struct repository *repository;
	struct repository api;
	struct arena *arena;
	struct paging paging;
	const char *path; /* of the package at the API, with "/versions" */
	int status;       /* of the last answer */
};

static void list_finish(struct version_list *list)
{
	paging_finish(&list->paging);
	arena_free(&list->arena);
}

static bool key_of(const struct repository *repository, struct str digest, struct buf *out)
{
	buf_printf(out, "%s@%.*s", repository->name, STR_ARGS(digest));
	return buf_ok(out);
}

/* Keeps where the API has a version. */
static bool keep(const struct version_list *list, struct str digest, struct str number,
		 struct error *err)
{
	struct registry *registry = list->repository->access.registry;
	scoped(buf_finish) struct buf key = {0};
	if (!key_of(list->repository, digest, &key))
		return error_memory(err);
	pthread_mutex_lock(&registry->lock);
	bool ok = map_get(&registry->ghcr_versions, buf_str(&key)) != NULL;
	if (!ok) {
		char *path = arena_printf(registry->arena, "%s/%.*s", list->path, STR_ARGS(number));
		ok = path && map_put(&registry->ghcr_versions, buf_str(&key), path);
	}
	pthread_mutex_unlock(&registry->lock);
	return ok || error_memory(err);
}

static bool keep_all(const struct version_list *list, const struct node *root, struct error *err)
{
	if (root->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer is not a list of versions");
	for (size_t i = 0; i < root->count; i++) {
		struct str digest = node_string(node_get(root->items[i], "name"));
		const struct node *id = node_get(root->items[i], "id");
		int64_t number;
		if (!digest.len || !id || id->kind != NODE_NUMBER ||
		    !str_to_int64(id->text, &number))
			return error_set(err, ERROR_CORRUPT,
					 "an entry of the list has no name or no id");
		if (!keep(list, digest, id->text, err))
			return false;
	}
	return true;
}

/* Reads one page; next->text is NULL after the last one. */
static bool read_page(struct version_list *list, const struct request *request, struct url *next,
		      struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!request_send(&list->api, request, &answer, err))
		return false;
	list->status = answer.status;
	if (answer.status != 200)
		return answer_error(&answer, err);
	if (!answer_json(arena, &answer, "a list of versions", &root, err) ||
	    !keep_all(list, root, err))
		return false;
	const struct paging_page page = {.repository = &list->api,
					 .request = request,
					 .answer = &answer,
					 .news = root->count > 0};
	return paging_next(&list->paging, list->arena, &page, next, err);
}

static struct request make_request(const char *method, size_t answer_max)
{
	return (struct request){.method = method,
				.accept = MEDIA_TYPE,
				.answer_max = answer_max,
				.basic = true,
				.stay = true};
}

/* Lists the versions of a package of an owner of that kind, "orgs" or "users". */
static bool read_versions(struct version_list *list, const char *kind, struct error *err)
{
	scoped(buf_finish) struct buf path = {0};
	struct str rest = str_of(list->repository->name), owner;
	struct request request = make_request("GET", PAGE_MAX);
	struct url url, next;
	str_cut(&rest, '/', &owner);
	buf_printf(&path, "/%s/", kind);
	percent_encode(owner, &path);
	buf_add_string(&path, "/packages/container/");
	percent_encode(rest, &path);
	buf_add_string(&path, "/versions");
	list->path = buf_ok(&path) ? arena_string(list->arena, path.at) : NULL;
	if (list->path)
		request.path = arena_printf(list->arena, "%s?per_page=100", list->path);
	if (!request.path)
		return error_memory(err);
	if (!read_page(list, &request, &next, err))
		return false;
	for (size_t page = 1; next.text; page++) {
		if (page >= PAGES_MAX)
			return error_set(err, ERROR_CORRUPT, "more than %d pages", PAGES_MAX);
		url = next;
		request.path = NULL;
		request.url = &url;
		request.purpose = URL_API;
		if (!read_page(list, &request, &next, err))
			return false;
	}
	return true;
}

/* The path of a version at the API, as far as is known; NULL: it is not. */
static const char *known_path(const struct repository *repository, struct str key)
{
	struct registry *registry = repository->access.registry;
	pthread_mutex_lock(&registry->lock);
	const char *path = map_get(&registry->ghcr_versions, key);
	pthread_mutex_unlock(&registry->lock);
	return path;
}

/* Sets *path to that of the version; NULL: there is none. */
static bool find(const struct repository *repository, const struct repository *api,
		 const char *digest, const char **path, struct error *err)
{
	scoped(list_finish) struct version_list list = {
		.repository = repository, .api = *api, .arena = arena_new()};
	scoped(buf_finish) struct buf key = {0};
	if (!list.arena || !key_of(repository, str_of(digest), &key))
		return error_memory(err);
	*path = known_path(repository, buf_str(&key));
	if (*path)
		return true;
	bool ok = read_versions(&list, "orgs", err) ||
		  (list.status == 404 && read_versions(&list, "users", err));
	*path = known_path(repository, buf_str(&key));
	return ok || error_wrap(err, "the versions of the package at " GHCR_API);
}

bool ghcr_remove(const struct repository *repository, const char *reference,
		 enum store_removal *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct reference name = {.host = GHCR_API, .repository = repository->name};
	struct request request = make_request("DELETE", ANSWER_MAX);
	struct repository api;
	*out = STORE_NOT_SO;
	if (!strchr(reference, ':'))
		return true;
	if (!registry_open(repository->access.registry, &name, true, &api, err))
		return false;
	if (!login_exists(&api.access))
		return error_set(err, ERROR_DENIED,
				 "GitHub removes versions of packages by its API, which needs its "
				 "own login: in the auth file, " GHCR_API ": {username: USER, "
				 "password: '${NAME}'}, with a token that may delete packages");
	if (!find(repository, &api, reference, &request.path, err))
		return false;
	*out = STORE_GONE;
	if (!request.path)
		return true;
	if (!request_send(&api, &request, &answer, err))
		return false;
	if (remove_answered(&answer, out))
		return true;
	answer_error(&answer, err);
	return error_wrap(err, GHCR_API "%s",
			  err->kind == ERROR_DENIED ? " needs a token with delete:packages" : "");
}
