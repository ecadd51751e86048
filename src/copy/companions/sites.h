/*
 * What the run has learnt about where a repository keeps companions: whether it has the referrers
 * API, and which tags made of digests it has. One list of tags spares three requests for each
 * digest. Any thread.
 */
#pragma once

#include "store/store.h"

struct sites;
struct site;

/* NULL without memory. */
struct sites *sites_new(void);
void sites_free(struct sites **sites);

/* The record of a repository on its side; lives as long as the table. NULL without memory. */
struct site *sites_of(struct sites *sites, const struct store *store);
/*
 * True when the repository's registry may have the referrers API. *first: nobody knows yet and the
 * caller is to find out, while others wait; sites_tell_api() must follow.
 */
bool sites_ask_api(struct site *site, bool *first);
/* Ends that. known false: it could not be found out, the next one is to try. */
void sites_tell_api(struct site *site, bool known, bool has);
/*
 * Reads the repository's tags, unless that was done. Others wait for the one who does it. *known
 * false: the list is too long or cannot be had, so tags must be asked for one by one.
 */
bool sites_read_tags(struct site *site, const struct store *store, bool *known, struct error *err);
/* True when the list that was read has the tag. */
bool sites_has_tag(struct site *site, const char *tag);
/* True when it has neither the API nor any tag that is made of a digest. */
bool sites_is_bare(struct site *site);
