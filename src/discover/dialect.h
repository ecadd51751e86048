/* What the kinds of lists share. Private to discover/. */
#pragma once

#include "discover/discover.h"
#include "doc/node.h"
#include "registry/request.h"

enum { DIALECT_PAGE_MAX = 32 * 1024 * 1024, DIALECT_PAGES_MAX = 100000 };

/*
 * Lists by one kind of list. *supported false: the registry has no such list, or not for us, as why
 * says; then another kind may be tried.
 */
typedef bool dialect_list(const struct discovery *discovery, struct map *found, bool *supported,
			  struct error *why);

dialect_list catalog_list, ghcr_list, google_list, harbor_list, hub_list, quay_list;

/* A list in pages that is being read. */
struct dialect_pages {
	struct repository repository; /* by which requests are sent */
	struct request request;       /* the first one; the path is set */
	const char *what;             /* what a page is, for messages: "a catalog" */
	/* Adds what a page has. */
	bool (*take)(const struct node *root, struct map *found, struct error *err);
	struct map *found;
	bool refused; /* the first page: there is no such list, or not for us */
	int status;   /* of the answer that was not a page */
};

/* Adds the path of a repository. False without memory, or when there are too many. */
bool dialect_add(struct map *found, struct str path, struct error *err);
/* Opens the namespace, or what is below it, at host as if it were a repository. */
bool dialect_open(const struct discovery *discovery, const char *host, const char *path,
		  struct repository *out, struct error *err);
/* One request and its page as JSON, in arena. *status is 200, or what came instead. */
bool dialect_page(const struct dialect_pages *pages, const struct request *request,
		  struct http_answer *answer, struct arena *arena, const struct node **root,
		  struct error *err);
/*
 * Reads all pages: each names the next one by a Link header, or by a URL in its JSON. A page that
 * is missing is an error.
 */
bool dialect_read(struct dialect_pages *pages, struct error *err);
