/*
 * Where the translation of a pattern stands, and the pieces that both of its halves read:
 * characters written with a backslash, the classes \d \s \w, and how a mistake is reported.
 */
#pragma once

#include "plan/pattern_syntax.h"

struct pattern_scan {
	struct str text;
	size_t at;                               /* the next byte of text */
	struct buf *out;                         /* the translation so far */
	bool repeatable;                         /* the part before at can be repeated */
	bool repeated;                           /* and was */
	unsigned depth;                          /* open groups */
	size_t opened[PATTERN_SYNTAX_DEPTH_MAX]; /* where each of them was opened */
	struct error *err;
};

/* Is text the next thing? */
bool pattern_scan_sees(const struct pattern_scan *scan, const char *text);
/* Adds one character of the pattern, escaped where need be. */
void pattern_scan_add(struct pattern_scan *scan, unsigned code);
/* Reads a character written with a backslash and steps over it. */
bool pattern_scan_escape(struct pattern_scan *scan, unsigned *code);
/* Steps over \d, \D, \s, \S, \w or \W and adds it. False: something else is next. */
bool pattern_scan_perl_class(struct pattern_scan *scan);
/* Says why the text from start to before end is refused, and where it stands. Returns false. */
bool pattern_scan_refuse(struct pattern_scan *scan, size_t start, size_t end, const char *why);
