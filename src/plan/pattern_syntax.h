/*
 * The syntax of Go's regular expressions (RE2), spelled so that PCRE2 reads the same.
 *
 * Pure text to text. Groups come out without numbers, literals escaped, and what Go does not know
 * (look-around, back-references, atomic groups, possessive repetition, recursion, conditions,
 * callouts, verbs) never comes out: it is refused with the place in the text. Tags are ASCII, so
 * Unicode classes and characters beyond ASCII are refused as well.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

enum {
	PATTERN_SYNTAX_MAX = 16384,
	PATTERN_SYNTAX_DEPTH_MAX = 200,
	PATTERN_SYNTAX_REPEAT_MAX = 1000
};

/* Appends the translation of text to out. ERROR_CONFIG: what is wrong, and at which character. */
bool pattern_syntax_translate(struct str text, struct buf *out, struct error *err);
