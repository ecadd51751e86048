/*
 * Quay lists the public repositories of a namespace by an API of its own, in pages that a token
 * names, and the tags of a public repository with digests, in pages that have numbers. Its robot
 * accounts, which are the logins for images, are none for the API.
 */
#include "discover/dialect.h"

#include "base/log.h"
#include "base/percent.h"

#include <string.h>

static bool take_one(struct dialect_pages *pages, const struct node *each, struct error *err)
{
	scoped(buf_finish) struct buf path = {0};
	struct str space, name;
	struct str state = node_string(node_get(each, "state"));
	struct str kind = node_string(node_get(each, "kind"));
	if (!dialect_text(each, "namespace", &space, err) ||
	    !dialect_text(each, "name", &name, err))
		return false;
	if (str_is(state, "MARKED_FOR_DELETION") || str_is(kind, "application"))
		return true;
	buf_printf(&path, "%.*s/%.*s", STR_ARGS(space), STR_ARGS(name));
	return buf_ok(&path) ? dialect_add(pages, buf_str(&path), err) : error_memory(err);
}

static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	const struct node *list = node_get(root, "repositories");
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of repositories");
	pages->entries += list->count;
	for (size_t i = 0; i < list->count; i++)
		if (!take_one(pages, list->items[i], err))
			return false;
	return true;
}

/* The path of a page; token empty: the first one. */
static const char *page_path(struct arena *arena, const char *namespace, struct str token)
{
	scoped(buf_finish) struct buf path = {0};
	buf_add_string(&path, "/api/v1/repository?public=true&namespace=");
	percent_encode((struct str){namespace, strcspn(namespace, "/")}, &path);
	if (token.len) {
		buf_add_string(&path, "&next_page=");
		percent_encode(token, &path);
	}
	return buf_ok(&path) ? arena_string(arena, path.at) : NULL;
}

/* The next page is named by a token. */
static bool set_next(const struct dialect_pages *pages, const struct http_answer *answer,
		     const struct node *root, struct arena *arena, struct paging *paging,
		     struct error *err)
{
	(void)answer;
	struct str token = node_string(node_get(root, "next_page"));
	if (!token.len)
		return true;
	paging->next = page_path(arena, pages->discovery->path, token);
	return paging->next || error_memory(err);
}

bool quay_list(const struct discovery *discovery, struct map *found, bool *supported,
	       struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct dialect_pages pages = {
		.discovery = discovery,
		.request = {.method = "GET", .answer_max = DIALECT_PAGE_MAX, .anonymous = true},
		.what = "a list of repositories",
		.take = take,
		.next = set_next,
		.found = found};
	*supported = true;
	pages.request.path = arena ? page_path(arena, discovery->path, (struct str){0}) : NULL;
	if (!pages.request.path)
		return error_memory(why);
	if (!dialect_open(discovery, discovery->host, discovery->path, &pages.repository, why))
		return false;
	if (!dialect_read(&pages, why))
		return error_wrap(why, "the repositories of %s/%s", discovery->host,
				  discovery->path);
	log_info("%s lists the public repositories of %s; private ones have to be named",
		 discovery->host, discovery->path);
	return true;
}

static bool take_tags(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	const struct node *list = node_get(root, "tags");
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of tags");
	pages->entries += list->count;
	for (size_t i = 0; i < list->count; i++) {
		const struct node *each = list->items[i];
		struct known_tag tag = {.digest = node_string(node_get(each, "manifest_digest")),
					.pushed = dialect_number(each, "start_ts")};
		if (!dialect_text(each, "name", &tag.tag, err) ||
		    !dialect_add_tag(pages, &tag, err))
			return false;
	}
	return true;
}

static const char *tags_path(struct arena *arena, const char *repository, int page)
{
	return arena_printf(arena,
			    "/api/v1/repository/%s/tag/?limit=100&page=%d&onlyActiveTags=true",
			    repository, page);
}

/* The next page has the next number. */
static bool set_next_tags(const struct dialect_pages *pages, const struct http_answer *answer,
			  const struct node *root, struct arena *arena, struct paging *paging,
			  struct error *err)
{
	(void)answer;
	const struct node *more = node_get(root, "has_additional");
	paging->more = NULL;
	if (!more || more->kind != NODE_BOOL)
		return error_set(err, ERROR_CORRUPT, "the list does not say whether it goes on");
	if (!more->truth)
		return true;
	paging->next = tags_path(arena, pages->repository.name, pages->count + 1);
	return paging->next || error_memory(err);
}

bool quay_tags(const struct repository *repository, size_t requests, struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct known_trust trust = {.complete = true, .ahead = true};
	struct dialect_pages pages = {
		.request = {.method = "GET", .answer_max = DIALECT_PAGE_MAX, .anonymous = true},
		.repository = *repository,
		.what = "a list of tags",
		.take = take_tags,
		.next = set_next_tags,
		.most = requests};
	pages.request.path = arena ? tags_path(arena, repository->name, 1) : NULL;
	return pages.request.path ? dialect_read_tags(&pages, repository, trust, why)
				  : error_memory(why);
}
