/*
 * Digests of tags that are known without asking: Google's registries list them with the tags, so a
 * whole repository is compared with one request. Private to registry/.
 *
 * Each tag's digest is used for one answer. After that the registry is asked, since the tag may
 * have changed, by our own push for example. Any thread.
 */
#pragma once

#include "registry/registry.h"

struct known;

struct known *known_new(void);
void known_free(struct known **known);

/* What a list says; collected by one thread, then handed over. */
struct known_list;

/* An empty list; NULL without memory. */
struct known_list *known_list_new(void);
void known_list_free(struct known_list **list);
/* Adds a tag with its digest; both are copied. False without memory. */
bool known_list_add(struct known_list *list, struct str tag, struct str digest);
/* True when the list has the tag. */
bool known_list_has(const struct known_list *list, struct str tag);
/* Keeps the complete list of repository, instead of an older one; *list becomes NULL. */
void known_keep(const struct repository *repository, struct known_list **list);

enum known_answer {
	KNOWN_NOTHING, /* ask the registry */
	KNOWN_ABSENT,  /* the repository has no such tag */
	KNOWN_DIGEST,
};

/* Takes what is known of a tag; *digest is copied into arena. */
enum known_answer known_take(const struct repository *repository, struct arena *arena,
			     const char *tag, const char **digest);
