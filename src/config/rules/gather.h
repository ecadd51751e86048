/*
 * What a rule says about a source that is a namespace: which of its repositories are meant, and
 * where each of them goes.
 *
 * Plain records in the configuration's arena. plan/namespace.h decides what the texts mean.
 */
#pragma once

#include "config/fields.h"
#include "doc/writer.h"

struct gather {
	const struct placed *repositories; /* only these: names, globs or /patterns/; none: all */
	size_t repository_count;
	const struct placed *excluded; /* not these */
	size_t excluded_count;
	struct placed names; /* what the copies are called; text NULL: as at the source */
	struct placed via;   /* how repositories are listed; text NULL: as the host suggests */
	bool allow_empty;    /* no repository at all is no mistake */
	const char *place;   /* the place of the rule's mapping */
};

/* Writes gather as fields of a rule's mapping. */
void gather_write(const struct gather *gather, struct writer *out);
