/*
 * What the run has learnt about where a repository keeps companions: whether it has the referrers
 * API, and which tags made of digests it has. One list of tags spares three requests for each
 * digest. Any thread.
 */
#pragma once

#include "registry/registry.h"

struct sites;
struct site;

/* NULL without memory. */
struct sites *sites_new(void);
void sites_free(struct sites **sites);

/* The record of a repository on its side; lives as long as the table. NULL without memory. */
struct site *sites_of(struct sites *sites, const struct repository *repository);
/* Remembers that the repository's registry has no referrers API, and asks for it. */
void sites_lacks_api(struct site *site);
bool sites_has_api(struct site *site);
/*
 * Reads the repository's tags, unless that was done. Others wait for the one who does it. *known
 * false: the list is too long or cannot be had, so tags must be asked for one by one.
 */
bool sites_read_tags(struct site *site, const struct repository *repository, bool *known,
		     struct error *err);
/* True when the list that was read has the tag. */
bool sites_has_tag(struct site *site, const char *tag);
/* True when it has no tag that is made of a digest. */
bool sites_is_bare(struct site *site);
