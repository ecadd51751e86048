/*
 * Reads JSON (RFC 8259); json_writer.h writes it.
 *
 * Text passes a validator before cJSON decodes it, since cJSON accepts much that is not JSON (RFC
 * 8259). Refused are: anything after the value, depth over 32, invalid UTF-8, lone surrogates,
 * \u0000, numbers longer than 63 bytes, more than JSON_VALUES_MAX values, and a name given twice in
 * one object. Numbers keep their text; see node_int64(). Nothing is kept between calls, so any
 * thread may read.
 *
 * The files of users are read strictly. What a registry sends is read by json_read_foreign(): an
 * image is not refused because of a label that this program does not read.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "doc/node.h"

enum { JSON_DEPTH_MAX = 32, JSON_VALUES_MAX = 1 << 18, JSON_NUMBER_MAX = 63 };

/* Parses text; the tree lives in arena. ERROR_CONFIG with "line:column: what is wrong". */
bool json_read(struct arena *arena, struct str text, const struct node **out, struct error *err);
/*
 * The same for a user's file: the limits are those of node.h, and names given twice stay in the
 * tree.
 */
bool json_read_file(struct arena *arena, struct str text, const struct node **out,
		    struct error *err);
/*
 * The same for text from a registry. The deviations that json_blank.h lists are accepted, and the
 * values of a name given twice become NODE_REPEATED, so that nothing can depend on them. Offsets
 * refer to text.
 */
bool json_read_foreign(struct arena *arena, struct str text, const struct node **out,
		       struct error *err);
