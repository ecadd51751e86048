/*
 * One read-only document tree for YAML and JSON.
 *
 * Every node has its line and column, for messages, and in JSON its bytes in the source, for
 * copying it verbatim. A tree lives in the arena it was read into and never changes.
 *
 * In users' files a map may hold a key more than once: only the code that reads the map knows
 * whether that is a mistake (config/fields.h); in maps that are not read it is none.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/*
 * Limits of a user's file: large enough for the files that one run writes for another. The limit on
 * values bounds memory, since each takes about 200 bytes.
 */
enum { NODE_BYTES_MAX = 512 * 1024 * 1024, NODE_VALUES_MAX = 8 * 1024 * 1024 };

enum node_kind {
	NODE_NULL,
	NODE_BOOL,
	NODE_NUMBER,
	NODE_STRING,
	NODE_LIST,
	NODE_MAP,
	/* in a registry's JSON, one of several values of the same name; none counts */
	NODE_REPEATED,
};

struct node {
	enum node_kind kind : 8; /* of a byte, since a file may have millions of nodes */
	bool truth;              /* NODE_BOOL */
	bool quoted;             /* YAML: it was in quotes or a block; JSON: it is a string */
	uint32_t count;          /* NODE_LIST: items, NODE_MAP: pairs */
	int line, column;        /* from 1; columns count characters */
	uint32_t source_at, source_len; /* JSON: the bytes of this value in the source; YAML: 0 */
	struct str text; /* scalars: the decoded string, or the literal as written (true, 12) */
	const struct node *const *items; /* NODE_LIST and the values of NODE_MAP, in source order */
	const struct node *const *keys;  /* NODE_MAP: string nodes, one for each item; else NULL */
};

/* The first value of key in a map; NULL when it is absent or node is not a map (or NULL). */
const struct node *node_get(const struct node *node, const char *key);
/* The text of a NODE_STRING; the empty slice with at == NULL for anything else, NULL included. */
struct str node_string(const struct node *node);
/* A non-negative integer without sign, fraction or exponent, read exactly. */
bool node_int64(const struct node *node, int64_t *out);
/* "a string", "a list", ...: for messages. */
const char *node_kind_name(enum node_kind kind);
/* False when map has a key twice: ERROR_CONFIG with "line:column:" and the other line. */
bool node_keys_unique(const struct node *map, struct error *err);
