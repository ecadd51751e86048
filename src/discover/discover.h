/*
 * The repositories of a namespace, by whichever list its registry has. One file for each kind of
 * list; discover.c chooses among them.
 */
#pragma once

#include "base/map.h"
#include "registry/registry.h"

enum { DISCOVER_MAX = 1000000 };

/* What is to be listed. */
struct discovery {
	struct registry *registry;
	const char *host;
	const char *path; /* the namespace, "coreos"; "": the whole registry */
	bool deep;        /* at any depth below it, else one level */
	const char *via;  /* the kind of list to ask for; NULL: by the host, and by what works */
};

/* The name of a kind of list, for numbers from 0; NULL: there are no more. */
const char *discover_name(size_t number);
/* The kind of list that host is known to have; NULL: that has to be found out. */
const char *discover_kind(const char *host);
/*
 * True when the lists of tags of host have the dates of pushes, as far as its name says, or the
 * kind of list that is asked for; via may be NULL.
 */
bool discover_dates(const char *host, const char *via);
/*
 * The host of an API that lists the repositories of host, or removes from them, and needs its own
 * login; or NULL.
 */
const char *discover_api(const char *host);
/* The names of all kinds, for messages: "catalog, google". */
const char *discover_kinds(void);
/*
 * Adds the whole paths of the repositories to found, perhaps with others that are not in the
 * namespace. A list that is not complete is an error, and so is a registry that has none.
 */
bool discover_run(const struct discovery *discovery, struct map *found, struct error *err);
/*
 * Asks the registry of repository for the tags with their digests and dates, where it has an API
 * for that, and keeps the list (registry/known.h): the next list of tags costs no request, and what
 * it says of a tag none either. It takes no more than that many requests, and may fail: then
 * nothing is kept. At a target only where the list is as new as the registry.
 */
void discover_tags(const struct repository *repository, size_t requests);
