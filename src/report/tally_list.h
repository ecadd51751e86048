/*
 * The images that the report lists one by one, in little memory.
 *
 * An image is added and read as a struct tally_image and stored in a smaller form. Records live in
 * the arena they were added with; tasks, rules and static words are kept by reference. One thread
 * at a time.
 */
#pragma once

#include "base/arena.h"
#include "plan/plan.h"

/* The usual digest, which is stored in binary. */
#define TALLY_DIGEST "sha256:"
enum { TALLY_HASH_SIZE = 32, TALLY_DIGEST_SIZE = sizeof(TALLY_DIGEST) + 2 * TALLY_HASH_SIZE };

struct tally_image {
	const struct task *task; /* NULL for a rule that failed as a whole */
	const struct rule *rule; /* the rule that failed; else NULL */
	struct outcome outcome;
	bool unfinished; /* a stop is all that failed it */
};

struct tally_record;

struct tally_list {
	struct tally_record *first, *last; /* in the order they were added, until sorted */
	size_t count;
};

/* An iterator; private except for image, which is valid until the next step, and its record. */
struct tally_walk {
	struct tally_image image;
	const struct tally_record *record; /* of image: see tally_list_from() */
	const struct tally_record *next;
	char digest[TALLY_DIGEST_SIZE];
};

/* Appends a copy of *image and of its texts; false without memory. */
bool tally_list_add(struct tally_list *list, struct arena *arena, const struct tally_image *image);
/* Puts the list into the order of the rules, and of the tags within each. Takes no memory. */
void tally_list_sort(struct tally_list *list);
/* An iterator before the first image. */
struct tally_walk tally_list_walk(const struct tally_list *list);
/* An iterator before the image of a record. */
struct tally_walk tally_list_from(const struct tally_record *record);
/* Steps to the next image, walk->image; false after the last one. */
bool tally_list_next(struct tally_walk *walk);
