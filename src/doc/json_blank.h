/*
 * Blanks out the parts of a registry's JSON that are not valid JSON, so that the rest can be read
 * strictly.
 *
 * Tools write Latin-1, lone surrogates and raw tabs into labels and annotations, and registries
 * keep them. The strict reader refuses such a document as a whole. Here each such part is replaced
 * by a stand-in of the same length: all other text keeps its offset and each value its extent, so
 * that the source can still be copied verbatim.
 *
 *	a byte that is no UTF-8, a control character, an unknown escape		DEL
 *	\u0000, half of a surrogate pair					\u007f
 *	a number the reader would find too long					a string of DEL
 *	a list or object nested deeper than the reader goes			the same
 *	a byte order mark							spaces
 *
 * No stand-in is valid where it could matter: no name, digest, type, tag or token contains a DEL.
 * Other errors are left for json_check() to find.
 */
#pragma once

#include "base/buf.h"

/* Appends text with all such parts blanked out. buf_ok(out) is false if memory ran out. */
void json_blank(struct str text, struct buf *out);
