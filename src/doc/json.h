/*
 * JSON in (RFC 8259); what goes out is written by json_writer.h.
 *
 * Text passes a validator before cJSON decodes it, since cJSON accepts much that is not JSON (RFC
 * 8259). Refused are: anything after the value, depth over 32, invalid UTF-8, lone
 * surrogates, \u0000, numbers longer than 63 bytes, more than JSON_VALUES_MAX values, and a name
 * given twice in one object. Numbers keep their text; see node_int64(). Nothing is kept
 * between calls, so any thread may read.
 *
 * The files of users are read strictly. What a registry sends is read by json_read_foreign(): an
 * image is not refused for a label that nobody here reads.
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
 * The same for text that somebody else wrote. What json_blank.h lists does not count as a mistake,
 * and a name given twice makes its values NODE_REPEATED: nothing can be decided by them. Offsets
 * are those of text.
 */
bool json_read_foreign(struct arena *arena, struct str text, const struct node **out,
		       struct error *err);
