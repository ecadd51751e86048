/*
 * The specification has only the Link header. Other announcements of a next page are recognised but
 * not guessed at: a URL is followed, and a list that only says that there is more is an error.
 */
#include "registry/paging.h"

#include "registry/link.h"
#include "registry/location.h"

/* The number of pages in a row that may bring nothing new, because of invalid names for example. */
enum { BARREN_MAX = 16 };

void paging_finish(struct paging *paging)
{
	map_finish(&paging->visited);
}

/* True when the member announces a page: a flag that is set, or a key for the next page. */
static bool is_announcement(const struct node *member)
{
	if (!member || member->kind == NODE_NULL)
		return false;
	if (member->kind == NODE_BOOL)
		return member->truth;
	return member->kind == NODE_NUMBER || node_string(member).len > 0;
}

bool paging_read(struct paging *paging, struct arena *arena, const struct node *root)
{
	static const char *const flags[] = {
		"has_more",          "hasMore",
		"has_additional",    "truncated",
		"isTruncated",       "next_page",
		"next_token",        "nextToken",
		"nextCursor",        "next_cursor",
		"nextPage",          "next_marker",
		"nextPageToken",     "continuation_token",
		"continuationToken",
	};
	struct str next = node_string(node_get(root, "next"));
	paging->next = next.len ? arena_copy(arena, next.at, next.len) : NULL;
	paging->more = NULL;
	if (!next.len && is_announcement(node_get(root, "next")))
		paging->more = "next";
	for (size_t i = 0; i < array_count(flags) && !paging->more; i++)
		if (is_announcement(node_get(root, flags[i])))
			paging->more = flags[i];
	return paging->next || !next.len;
}

/* Reads the headers: *target is the next page, or empty. */
static bool find_link(const struct http_answer *answer, struct str *target, struct error *err)
{
	struct str value, unread = {0};
	size_t at = 0;
	while (http_header_next(answer, "Link", &at, &value)) {
		enum link_found found = link_next(value, target);
		if (found == LINK_NEXT)
			return true;
		if (found == LINK_UNREADABLE)
			unread = value;
	}
	*target = (struct str){0};
	return !unread.len || error_set(err, ERROR_CORRUPT,
					"there are more pages, but this Link header does not say "
					"where: %.*s",
					STR_ARGS(str_head(unread, 200)));
}

static bool resolve(struct arena *arena, const struct paging_page *page, struct str text,
		    struct url *out, struct error *err)
{
	struct url here;
	const char *copy = arena_copy(arena, text.at, text.len);
	if (!copy)
		return error_memory(err);
	return location_asked(&page->repository->access, arena, page->request, &here, err) &&
	       (url_resolve(arena, &here, copy, out, err) ||
		error_wrap(err, "the next page of the list"));
}

/* True when the chain of pages still leads somewhere. */
static bool goes_on(struct paging *paging, const struct url *next, bool news, struct error *err)
{
	struct str url = str_of(next->text);
	paging->barren = news ? 0 : paging->barren + 1;
	if (paging->barren > BARREN_MAX || (!news && map_get(&paging->visited, url)))
		return error_set(err, ERROR_CORRUPT, "a page of the list brings nothing new");
	return map_put(&paging->visited, url, paging) || error_memory(err);
}

bool paging_next(struct paging *paging, struct arena *arena, const struct paging_page *page,
		 struct url *out, struct error *err)
{
	struct str target = {0};
	*out = (struct url){0};
	if (!find_link(page->answer, &target, err))
		return false;
	if (!target.len)
		target = str_of(paging->next);
	if (!target.len && paging->more)
		return error_set(err, ERROR_CORRUPT,
				 "there are more pages (\"%s\"), but the answer does not say where",
				 paging->more);
	return !target.len ||
	       (resolve(arena, page, target, out, err) && goes_on(paging, out, page->news, err));
}
