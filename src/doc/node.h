/*
 * One read-only document tree for YAML and JSON.
 *
 * Every node knows where it stands, for messages, and in JSON its bytes in the source, for copying
 * it verbatim. A tree lives in the arena it was read into and never changes.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum node_kind {
	NODE_NULL,
	NODE_BOOL,
	NODE_NUMBER,
	NODE_STRING,
	NODE_LIST,
	NODE_MAP,
	NODE_REPEATED, /* one of several values of the same name, in JSON of others: it has none */
};

struct node {
	enum node_kind kind;
	struct str text;  /* scalars: the decoded string, or the literal as written (true, 12) */
	bool truth;       /* NODE_BOOL */
	bool quoted;      /* YAML: was in quotes or a block, JSON: a string */
	int line, column; /* from 1; columns count characters */
	size_t source_at, source_len;    /* JSON: the bytes of this value in the source; YAML: 0 */
	size_t count;                    /* NODE_LIST: items, NODE_MAP: pairs */
	const struct node *const *items; /* NODE_LIST and the values of NODE_MAP, in source order */
	const struct node *const *keys;  /* NODE_MAP: string nodes, one for each item; else NULL */
};

/* The value of key in a map; NULL when it is absent or node is not a map (or NULL). */
const struct node *node_get(const struct node *node, const char *key);
/* The text of a NODE_STRING; the empty slice with at == NULL for anything else, NULL included. */
struct str node_string(const struct node *node);
/* A non-negative integer without sign, fraction or exponent, read exactly. */
bool node_int64(const struct node *node, int64_t *out);
/* "a string", "a list", ...: for messages. */
const char *node_kind_name(enum node_kind kind);
/* False when a key stands twice in map: ERROR_CONFIG with "line:column:" and the other line. */
bool node_keys_unique(const struct node *map, struct error *err);
