/*
 * What `check` has found, sorted by place, in the form that is wanted: for people, for programs
 * (JSON), for code scanning (SARIF 2.1.0), for the log of a GitHub Action (annotations).
 *
 * Lines are those of struct problems, already made harmless, and are kept by reference.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum findings_kind {
	FINDINGS_MISTAKE,   /* a run would refuse to begin */
	FINDINGS_DOUBTFUL,  /* a run would warn */
	FINDINGS_DUPLICATE, /* one image, one destination, two rules */
	FINDINGS_SHADOWED,  /* another rule copies all of it */
	FINDINGS_CONFLICT,  /* two rules may turn out to disagree */
	FINDINGS_UNSORTED,
	FINDINGS_KINDS
};

enum findings_format { FINDINGS_TEXT, FINDINGS_JSON, FINDINGS_SARIF, FINDINGS_ANNOTATIONS };

struct findings_item;

/* Zeroed memory with an arena is empty. */
struct findings {
	struct arena *arena;
	struct findings_item *items;
	size_t count;
	size_t errors, warnings;
};

/* What else is said about them. */
struct findings_about {
	const char *version;   /* of the program */
	const char *file;      /* that was read first: the place of what has none; NULL: none was */
	const char *workspace; /* files below it are named relative to it; NULL: no file is */
	size_t rules;
};

/* Adds each line of lines. False without memory. */
bool findings_add(struct findings *findings, enum findings_kind kind, struct str lines);
/* Reads "text", "json", "sarif" or "annotations"; false for anything else. */
bool findings_format_named(const char *name, enum findings_format *out);
/* Appends all findings; no memory makes out fail. */
void findings_write(struct findings *findings, enum findings_format format,
		    const struct findings_about *about, struct buf *out);
