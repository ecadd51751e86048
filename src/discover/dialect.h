/* What the kinds of lists share. Private to discover/. */
#pragma once

#include "discover/discover.h"
#include "doc/node.h"
#include "registry/known.h"
#include "registry/paging.h"
#include "registry/request.h"

enum { DIALECT_PAGE_MAX = 32 * 1024 * 1024, DIALECT_PAGES_MAX = 100000 };

/*
 * Lists by one kind of list. *supported false: the registry has no such list, or not for us, as why
 * says; then another kind may be tried.
 */
typedef bool dialect_list(const struct discovery *discovery, struct map *found, bool *supported,
			  struct error *why);

/*
 * Reads the tags of a repository from an API that has their digests, and keeps them (known.h), in
 * at most that many requests. False: it keeps nothing, as why says.
 */
typedef bool dialect_tags(const struct repository *repository, size_t requests, struct error *why);

dialect_list catalog_list, ecr_list, ghcr_list, gitlab_list, google_list, harbor_list, hub_list,
	quay_list;
dialect_tags harbor_tags, hub_tags, quay_tags;
/* True for a private registry of Amazon ECR. */
bool ecr_list_has(const char *host);

/* A list in pages that is being read. */
struct dialect_pages {
	const struct discovery *discovery;
	struct repository repository; /* by which requests are sent */
	struct request request;       /* the first one; the path is set */
	const char *what;             /* what a page is, for messages: "a catalog" */
	/* Adds what a page has. */
	bool (*take)(struct dialect_pages *pages, const struct node *root, struct error *err);
	/* Or NULL: sets what names the page after answer, where it is no URL and no Link. */
	bool (*next)(const struct dialect_pages *pages, const struct http_answer *answer,
		     const struct node *root, struct arena *arena, struct paging *paging,
		     struct error *err);
	void *ctx;               /* for take */
	struct map *found;       /* for repositories */
	struct known_list *tags; /* for tags */
	size_t most;             /* pages; more are an error. 0: DIALECT_PAGES_MAX */
	size_t news;             /* what was added so far, counted by take */
	size_t entries;          /* that the pages had, counted by take */
	size_t total;            /* that they should have; 0: not known */
	bool totals;     /* the registry says the total: by X-Total-Count, X-Total or count */
	size_t misnamed; /* names that are none */
	int count;       /* of the pages */
	bool refused;    /* the first page: there is no such list, or not for us */
	bool changed;    /* between two pages, so that entries may be missing */
	int status;      /* of the answer that was not a page */
};

/*
 * Sets *valid: path can be that of a repository. What cannot is left out with a warning, as no rule
 * could be made of it; *misnamed counts such names, so that not all of many fill the log. False
 * without memory.
 */
bool dialect_valid(const struct discovery *discovery, struct str path, size_t *misnamed,
		   bool *valid, struct error *err);
/* Adds the path of a repository if it is valid. False without memory, or if there are too many. */
bool dialect_add(struct dialect_pages *pages, struct str path, struct error *err);
/*
 * Adds a tag, unless it is none. False without memory, if there are too many, or if the list had it
 * before: then it has changed, and others may be missing.
 */
bool dialect_add_tag(struct dialect_pages *pages, const struct known_tag *tag, struct error *err);
/*
 * Reads all pages of tags, and keeps the list for the repository; trust says how. False: it is not
 * kept.
 */
bool dialect_read_tags(struct dialect_pages *pages, const struct repository *repository,
		       struct known_trust trust, struct error *err);
/* Sets *out to a member that each entry has. False: it is missing, or no text. */
bool dialect_text(const struct node *entry, const char *member, struct str *out, struct error *err);
/* A member that is a whole number; 0: it is none, or missing. */
int64_t dialect_number(const struct node *entry, const char *member);
/* Opens the namespace, or what is below it, at host as if it were a repository. */
bool dialect_open(const struct discovery *discovery, const char *host, const char *path,
		  struct repository *out, struct error *err);
/*
 * Reads all pages: each names the next one by a Link header, or by a URL in its JSON. A page or an
 * entry that is missing is an error. A list of repositories that changes meanwhile is read again.
 */
bool dialect_read(struct dialect_pages *pages, struct error *err);
