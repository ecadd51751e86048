/*
 * Finds the next page of a list, by the Link header (RFC 8288) or by its JSON. Private to
 * registry/.
 *
 * An announced page is followed or is an error, but never skipped; a chain of pages that leads
 * nowhere ends with an error, too.
 */
#pragma once

#include "base/map.h"
#include "doc/node.h"
#include "registry/request.h"

/* The pages of one list. Zeroed: none yet. Ended by paging_finish(). */
struct paging {
	struct map visited; /* URLs of pages */
	unsigned barren;    /* pages in a row that brought nothing new */
	const char *next;   /* the next page's URL in the JSON of the last one, or NULL */
	const char *more;   /* a member that announces a page without a URL, or NULL */
};

/* One page: its request and answer. */
struct paging_page {
	const struct repository *repository;
	const struct request *request;
	const struct http_answer *answer;
	bool news; /* it brought something new */
};

void paging_finish(struct paging *paging);
/* Reads what the document of a page says about the next one, into arena. False without memory. */
bool paging_read(struct paging *paging, struct arena *arena, const struct node *root);
/* The URL of the page after page, in arena; its text is NULL when page was the last one. */
bool paging_next(struct paging *paging, struct arena *arena, const struct paging_page *page,
		 struct url *out, struct error *err);
