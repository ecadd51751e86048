/*
 * The strict JSON validator: RFC 8259 and I-JSON's rules for text, with a position for each value.
 *
 * json.h lists what is refused, except for repeated names, which show only in the decoded names.
 * Uses no memory but the marks.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* One value or one name of an object, in document order. */
struct json_mark {
	uint32_t at, len;      /* its bytes in the text, quotes and brackets included */
	uint32_t line, column; /* from 1; columns count characters */
	uint32_t count;        /* elements of a list, pairs of an object */
};

/*
 * Checks text, which may hold up to values_max values, and appends a struct json_mark for each of
 * them to marks. ERROR_CONFIG, _MEMORY.
 */
bool json_check(struct str text, size_t values_max, struct buf *marks, struct error *err);
