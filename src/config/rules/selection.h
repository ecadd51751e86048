/*
 * Which tags of its source a rule takes: the part of a rule's mapping that selects.
 *
 * Plain records in the configuration's arena. plan/select.h decides what the texts mean.
 */
#pragma once

#include "config/fields.h"
#include "doc/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a rule takes tags such as 1.2.0-rc.1. */
enum selection_prereleases {
	SELECTION_PRERELEASES_USUAL, /* where the newest versions are wanted only if semver does */
	SELECTION_PRERELEASES_YES,   /* everywhere, also in ranges that do not name one */
	SELECTION_PRERELEASES_NO,    /* nowhere */
};

/*
 * All zero: no restriction. Each text of tags and exclude is a list as after the ':' of a source:
 * "v1", "/^v2/", "v1,/^v2/".
 */
struct selection {
	const struct placed *tags; /* any of them */
	size_t tag_count;
	const struct placed *exclude; /* none of them */
	size_t exclude_count;
	struct placed semver; /* a range: ">=1.2 <2", "^1.4", "~1.4.2"; text NULL: any */
	int64_t latest;       /* only this many, the newest; 0: all */
	bool latest_by_date;  /* the newest by the image's creation, else by semantic version */
	int64_t since;        /* created at this time or later, seconds since 1970; 0: any time */
	enum selection_prereleases prereleases;
	bool required; /* what finds nothing makes the rule fail */
};

/* Writes selection as fields of a rule's mapping. */
void selection_write(const struct selection *selection, struct writer *out);
