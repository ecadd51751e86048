/*
 * A file of another program, said in our own words: a mapping as in the images file and one as in
 * the auth file, made of nodes that have the places of what they were made of.
 *
 * So the readers of our own forms check every value and name its place in the user's file, and
 * `convert` prints the same two mappings. What cannot be said is reported with its place, as one
 * of three: a refusal, where a run without it would copy more than was asked for, or elsewhere;
 * a loss; a remark, of what makes no difference. A failure of memory sticks. One thread.
 */
#pragma once

#include "base/map.h"
#include "config/document.h"
#include "config/expand.h"
#include "config/fields.h"

struct translation {
	struct arena *arena;
	const struct document *document;
	const struct expand_lookup *lookup; /* for sources, which have no variables here */
	struct problems *problems;          /* refusals, mistakes and losses */
	struct problems *remarks;
	const char *to;       /* the prefix for images without a destination; NULL: none */
	const char *names;    /* what they are called below it (naming.h); NULL: as the form does */
	bool converting;      /* the result is printed: variables stay, files are not read */
	bool backup_settled;  /* the options say what becomes of images that are replaced */
	struct node *images;  /* source to destination */
	struct map sources;   /* the keys of images, to their numbers from 1 */
	struct node *auth;    /* registry to login */
	struct node *options; /* options of a run that belong to it, as in {keep-pulls: 100} */
	int auth_first, auth_last; /* the lines of the logins, 0: there are none */
	bool misplaced;            /* --to or --names is wrong, as was said */
	bool failed;               /* no memory */
};

/* --- what is built: the place of a new node is that of at; NULL without memory --------------- */

struct node *translation_text(struct translation *translation, const struct node *at,
			      struct str text);
struct node *translation_printf(struct translation *translation, const struct node *at,
				const char *format, ...) printf_like(3, 4);
struct node *translation_switch(struct translation *translation, const struct node *at, bool truth);
struct node *translation_map(struct translation *translation, const struct node *at);
struct node *translation_list(struct translation *translation, const struct node *at);
/* Appends a value to a list. Nothing happens when either is NULL. */
void translation_add(struct translation *translation, struct node *list, const struct node *value);
/* Appends a pair to a mapping. */
void translation_set(struct translation *translation, struct node *map, const char *key,
		     const struct node *value);
/* The same for a key that is a node. */
void translation_put(struct translation *translation, struct node *map, const struct node *key,
		     const struct node *value);
/*
 * Appends a rule, a destination or a mapping with `to`, for a source. A source that has one gets a
 * list of them.
 */
void translation_rule(struct translation *translation, const struct node *source,
		      const struct node *value);

/*
 * Appends an entry of the auth file. One that says the same as an earlier entry of its registry is
 * left out.
 */
void translation_login(struct translation *translation, const struct node *registry,
		       const struct node *entry);

/* --- what is reported ------------------------------------------------------------------------ */

void translation_refuse(struct translation *translation, const struct node *at, const char *format,
			...) printf_like(3, 4);
void translation_lose(struct translation *translation, const struct node *at, const char *format,
		      ...) printf_like(3, 4);
void translation_remark(struct translation *translation, const struct node *at, const char *format,
			...) printf_like(3, 4);

/* --- what is read ---------------------------------------------------------------------------- */

/* The arguments of fields_*(). */
struct fields_reading translation_reading(const struct translation *translation);
/* True for a mapping; for anything else, and NULL, a refusal that says what it should be. */
bool translation_expect_map(struct translation *translation, const struct node *node,
			    const char *what);
bool translation_expect_list(struct translation *translation, const struct node *node,
			     const char *what);
/* Adds "/" + text + "/", a pattern of tags, to list. */
void translation_pattern(struct translation *translation, struct node *list, const struct node *at,
			 const char *before, struct str text, const char *behind);
