/*
 * Reads the part of YAML 1.1 that configuration needs.
 *
 * Refused with a message that says what to write instead: documents larger than node.h allows,
 * depth over 16, tags, keys that are not plain text, a second document, and an empty one. Plain
 * scalars get YAML 1.1's kinds (null, true and yes and on, numbers) and keep the text as written.
 * Keys given twice stay in the tree. Nothing is kept between calls.
 *
 * An alias (*name) is the node of its anchor (&name) once more, never a copy, so its position is
 * the anchor's. The values of an alias count towards the depth and the number of values; all
 * aliases together may stand for YAML_ALIASED_MAX values, or YAML_ALIASED_EACH times as many as are
 * written in the document. An alias inside its own anchor is refused. A merge key (<<) takes a
 * mapping or a list of mappings; keys of the mapping itself win over merged ones, and earlier
 * merged ones over later.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "doc/node.h"

enum {
	YAML_DEPTH_MAX = 16,
	YAML_STREAM_DEPTH_MAX = 64,
	YAML_ALIASED_MAX = 100000,
	YAML_ALIASED_EACH = 8
};

/* Parses text; the tree lives in arena. ERROR_CONFIG with "line:column: what is wrong". */
bool yaml_read(struct arena *arena, struct str text, const struct node **out, struct error *err);
/*
 * The same for a stream of any number of documents, as Kubernetes has them, nested up to
 * YAML_STREAM_DEPTH_MAX deep. *out is the only document that holds something, or a list of them
 * when there are several; *several tells the two apart.
 */
bool yaml_read_stream(struct arena *arena, struct str text, const struct node **out, bool *several,
		      struct error *err);
