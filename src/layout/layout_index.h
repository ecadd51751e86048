/*
 * index.json of an OCI image layout: which names there are, and what they stand for (image-spec
 * "OCI Image Layout").
 *
 * An entry's name is its annotation org.opencontainers.image.ref.name. Most programs put a tag
 * there, some the whole name of an image, of which the tag counts. Pure; everything lives in the
 * caller's arena.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"

enum { LAYOUT_INDEX_MAX = 64 * 1024 * 1024 };

struct layout_entry {
	const char *name; /* as written; NULL: it has none */
	const char *tag;  /* of the name; NULL: it has none that can be one */
	const char
		*whole; /* the whole name that containerd and docker write beside a tag; or NULL */
	const char *digest;     /* NULL: none that can be verified here, and then no tag */
	const char *media_type; /* "" when absent */
	int64_t size;           /* < 0: not stated */
	struct str text;        /* its descriptor */
	unsigned since, until;  /* the first version that has it, and the first that has not */
	size_t same_tag, same_digest; /* number + 1 of the next entry that shares it; 0: none */
	bool read;                    /* its manifest was, for subject */
	const char *subject;          /* NULL: it has none; set by layout_manifests.c */
};

/*
 * Several versions of an index: the one that is in force, and the next one while it is being made.
 * Entries are never moved, so a change costs no more than what it changes.
 */
struct layout_index {
	struct str before, after;     /* the document around its list of entries */
	struct layout_entry *entries; /* of all versions, in their order */
	size_t count, room;           /* entries, and how many fit into the array */
	unsigned version;  /* the one that is in force; a change makes the one after it */
	bool changed;      /* the next version differs from it */
	struct map chains; /* of entries with the same tag or digest */
};

/* An index without entries, as it is written into a layout at first. */
struct str layout_index_empty(void);
/* The content of the file oci-layout. */
struct str layout_index_marker(void);
/* Reads an index.json. ERROR_CORRUPT: it is none. Its texts and entries are in arena. */
bool layout_index_read(struct arena *arena, struct str text, struct layout_index *out,
		       struct error *err);
/* An annotation of the whole document, in arena; empty: it has none, or cannot be read. */
struct str layout_index_annotation(struct arena *arena, struct str text, const char *name);
/*
 * Sorts the entries of an index that was read: what looks for one of them, or changes them, needs
 * that. False without memory.
 */
bool layout_index_sort(struct arena *arena, struct layout_index *index);
/* Releases what is not in the arena. */
void layout_index_finish(struct layout_index *index);
/* The entries in force from number *next on, which is moved behind it; NULL: there are no more. */
const struct layout_entry *layout_index_each(const struct layout_index *index, size_t *next);
/* The repository that the name of an entry is in, as an archive has it; NULL: none. */
const char *layout_index_path(struct arena *arena, const struct layout_entry *entry);
/*
 * Finds what tag stands for in a version: the entry of that name, else the one with a whole name
 * that ends with it. NULL: there is none. ERROR_UNSUPPORTED in err, and NULL: there are several.
 */
const struct layout_entry *layout_index_find(const struct layout_index *index, unsigned version,
					     const char *tag, struct error *err);
/* The first entry for the digest in a version; NULL: there is none. */
const struct layout_entry *layout_index_digest(const struct layout_index *index, unsigned version,
					       const char *digest);
/*
 * The only image of an index in which nothing has a name, as some programs write it; else NULL.
 */
const struct layout_entry *layout_index_only(const struct layout_index *index);
/*
 * Adds another entry to the next version, at the end, which is copied, and removes those whose name
 * is the tag name; NULL: nothing goes. After a failure the next version is as it was.
 */
bool layout_index_add(struct arena *arena, struct layout_index *index, const char *name,
		      struct str entry, struct error *err);
/*
 * Removes the entries of a tag from the next version; with a digest as reference, those that have
 * it and no name. False: there are none.
 */
bool layout_index_drop(struct layout_index *index, const char *reference);
/* Puts the next version in force. */
void layout_index_commit(struct layout_index *index);
/* Forgets all changes since: the next version is the one in force once more. */
void layout_index_undo(struct layout_index *index);
/* Appends the document of the next version. Entries that were not touched keep their text. */
void layout_index_write(const struct layout_index *index, struct buf *out);
/* Appends the descriptor of an entry; name, and whole, NULL: it gets none. */
void layout_index_describe(const char *media_type, const char *digest, int64_t size,
			   const char *name, const char *whole, struct buf *out);
