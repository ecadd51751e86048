/*
 * Where a list goes on: by the Link header (RFC 8288), or by what its JSON says. Private to
 * registry/.
 *
 * What is announced is followed or is an error, never left out; a chain of pages that leads nowhere
 * ends with an error, too.
 */
#pragma once

#include "base/map.h"
#include "doc/node.h"
#include "registry/request.h"

/* The pages of one list. Zeroed: none yet. Ended by paging_finish(). */
struct paging {
	struct map visited; /* URLs of pages */
	unsigned barren;    /* pages in a row that brought nothing new */
	const char *next;   /* where the last page's JSON says that it goes on, or NULL */
	const char *more;   /* a member of it that says only that it does, or NULL */
};

/* One page, as it was asked for and answered. */
struct paging_page {
	const struct repository *repository;
	const struct request *request;
	const struct http_answer *answer;
	bool news; /* it brought something new */
};

void paging_finish(struct paging *paging);
/* Reads what the document of a page says about the next one, into arena. False without memory. */
bool paging_read(struct paging *paging, struct arena *arena, const struct node *root);
/* The URL of the page behind page, in arena; text NULL when that was the last one. */
bool paging_next(struct paging *paging, struct arena *arena, const struct paging_page *page,
		 struct url *out, struct error *err);
