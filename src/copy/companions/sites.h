/*
 * Remembers how each repository keeps companions: whether it has the referrers API, and which tags
 * with names made of digests. One list of tags saves three requests for each digest. Any thread.
 */
#pragma once

#include "store/store.h"

struct sites;
struct site;

/* NULL without memory. */
struct sites *sites_new(void);
void sites_free(struct sites **sites);

/* The record of a repository; lives as long as the table. NULL without memory. */
struct site *sites_of(struct sites *sites, const struct store *store);
/*
 * True when the repository's registry may have the referrers API. *first: that is not known yet;
 * the caller finds out and calls sites_tell_api(), while other threads wait.
 */
bool sites_ask_api(struct site *site, bool *first);
/* Records the answer. known false: it could not be found out, and the next thread tries. */
void sites_tell_api(struct site *site, bool known, bool has);
/*
 * Reads the repository's tags, unless that was done; other threads wait for the one that does.
 * *known false: the list is too long or cannot be read, so each tag takes a request.
 */
bool sites_read_tags(struct site *site, const struct store *store, bool *known, struct error *err);
/* True when the list that was read has the tag. */
bool sites_has_tag(struct site *site, const char *tag);
/* True when the repository has neither the API nor any tag with a name made of a digest. */
bool sites_is_bare(struct site *site);
