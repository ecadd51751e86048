/*
 * Globs over names of images: a star stands for anything but a slash, a question mark for one such
 * sign, two stars for anything. Pure.
 */
#pragma once

#include "plan/pattern.h"

/* True for a text with a star or a question mark. */
bool glob_is(struct str text);
/* True when text has signs that mean something in a /pattern/ and nothing in a glob. */
bool glob_has_others(struct str text);
/* The glob as a pattern that finds whole names only. ERROR_MEMORY, or that it is too large. */
bool glob_parse(struct arena *arena, struct str glob, const struct pattern **out,
		struct error *err);
