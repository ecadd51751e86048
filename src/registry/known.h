/*
 * What lists say about the tags of repositories, so that nobody asks again: Google's registries
 * list digests with the tags, and other registries have APIs that do (discover/). A whole
 * repository is then compared with one request for a page of tags.
 *
 * Each tag's digest is used for one answer. After that the registry is asked, since the tag may
 * have changed, by our own push for example. Any thread.
 */
#pragma once

#include "registry/registry.h"

struct known;

struct known *known_new(void);
void known_free(struct known **known);

/* One tag in a list. */
struct known_tag {
	struct str tag;
	struct str digest; /* empty: the list does not say */
	int64_t pushed;    /* in seconds since 1970: the image is no younger; 0: not said */
	bool absent;       /* there is no such tag */
};

/* The list of one repository; collected by one thread, then handed over. */
struct known_list;

/* An empty list; NULL without memory. */
struct known_list *known_list_new(void);
/* *list may be NULL. */
void known_list_free(struct known_list **list);
/* Adds a tag, unless the list has it. All is copied. False without memory. */
bool known_list_add(struct known_list *list, const struct known_tag *tag);
size_t known_list_count(const struct known_list *list);
/* True when the list has a digest. */
bool known_list_says(const struct known_list *list);
/* Copies the tags to arena, in the order of the list; NULL without memory. */
const char **known_list_tags(const struct known_list *list, struct arena *arena);

/* How far a list is to be trusted, and what it is good for. */
struct known_trust {
	bool complete; /* nothing is to be gained by another list of this kind */
	bool dated;    /* it may be older than the registry: only the same digest proves anything */
	bool picky;    /* it leaves out tags of some kinds */
	bool ahead;    /* the next known_tags() takes it */
};

/*
 * Keeps the list of repository, instead of an older one; *list becomes NULL. Where so many are kept
 * that memory counts, it is dropped.
 */
void known_keep(const struct repository *repository, struct known_list **list,
		struct known_trust trust);
/*
 * The tags of a list that was kept ahead and is complete, once, copied to arena. False: there is
 * none, or no memory.
 */
bool known_tags(const struct repository *repository, struct arena *arena, const char *const **tags,
		size_t *count);
/* When the tag's image was pushed; 0: not known. */
int64_t known_pushed(const struct repository *repository, const char *tag);
/* The same, of the image with that digest alone; of the list, even if the tag was taken. */
int64_t known_pushed_as(const struct repository *repository, const char *tag, const char *digest);
/* True when all tags of the repository are known. */
bool known_complete(const struct repository *repository);

enum known_answer {
	KNOWN_NOTHING, /* ask the registry */
	KNOWN_ABSENT,  /* the repository has no such tag */
	KNOWN_DIGEST,
};

/*
 * Takes what is known of a tag; *digest is copied into arena. *dated: see struct known_trust. A
 * dated list never answers for a target, and never says that a tag is absent.
 */
enum known_answer known_take(const struct repository *repository, struct arena *arena,
			     const char *tag, const char **digest, bool *dated);
