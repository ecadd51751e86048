/*
 * Hints, kept from run to run: which digest belongs at a destination where the source has another
 * one, because the rule asks for a part of an image; and which manifests are inside of one.
 *
 * A hint decides nothing. Both registries are asked for their digests first; a hint only says what
 * follows from these and from the terms, and so can never change. What can is not kept: which
 * signatures there are, since one may be added at any time, and that a registry still has what it
 * had.
 *
 * Hints are a part of the state (state.h) and have no secrets. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"

#include <stddef.h>
#include <stdint.h>

struct hints;
struct json_writer;
struct node;

/*
 * Hints that no run has met for so many days are dropped. More than HINTS_MAX of a kind, or
 * HINTS_PARTS_MAX digests of parts, are not kept.
 */
enum { HINTS_DAYS = 90, HINTS_MAX = 50000, HINTS_PARTS_MAX = 4 * HINTS_MAX };

/* A pair of digests that an earlier run found to be right. */
struct hint {
	const char *source, *destination; /* references */
	const char *terms;                /* all of the rule that the result depends on, as text */
	const char *source_digest;
	const char *destination_digest; /* NULL: there is nothing, and nothing is to be copied */
};

/* Without hints; NULL without memory. */
struct hints *hints_new(void);
void hints_free(struct hints **hints);
/*
 * Takes the hints of a document's root (state_document.c), now is in seconds since 1970. Called
 * once, before all others. ERROR_CONFIG: it is damaged, and says where; then there are no hints.
 */
bool hints_read(struct hints *hints, const struct node *root, int64_t now, struct error *err);
/*
 * Takes what from has and hints lack, or met earlier; nobody else uses from. False without memory.
 */
bool hints_absorb(struct hints *hints, const struct hints *from);
/* True when an earlier run, or an image of this one, found exactly this. */
bool hints_confirm(struct hints *hints, const struct hint *hint);
/* Keeps a hint, in place of an older one; it was met now. Without memory it is not kept. */
void hints_record(struct hints *hints, const struct hint *hint, int64_t now);
/*
 * The digests of all manifests inside the one with that digest, at any depth, which was met now.
 * False: they are not known. *parts is valid as long as hints.
 */
bool hints_find_parts(struct hints *hints, const char *digest, int64_t now,
		      const char *const **parts, size_t *count);
/* Keeps these; the manifest was met now. Without memory they are not kept. */
void hints_record_parts(struct hints *hints, const char *digest, const char *const *parts,
			size_t count, int64_t now);
/*
 * Writes a map as a member of the open object, in the order of its keys: runs that know the same
 * write the same, or each would replace what the other has stored, again and again.
 */
void hints_write_map(struct json_writer *json, const char *name, const struct map *map,
		     void (*write)(struct json_writer *json, const struct map_entry *entry));
/* Writes all hints as members of the open object, without those whose names contain a secret. */
void hints_write(struct hints *hints, struct json_writer *json);
/*
 * True when a name contains a secret and has no place in out, a document that is read again: masked
 * it would never be met. Without memory out is marked as failed.
 */
bool hints_name_secret(struct str name, struct buf *out);
/* How many times hints were recorded or met on another day, so far. */
uint64_t hints_changes(struct hints *hints);
