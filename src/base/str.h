/*
 * A slice of text that somebody else owns: what parsers work on.
 *
 * A struct str is passed by value, is not NUL-terminated and never allocates. The zeroed slice is
 * the empty one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *at;
	size_t len;
};

/* printf arguments for "%.*s"; text longer than INT_MAX is cut. */
#define STR_ARGS(s) (int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len), (s).at ? (s).at : ""
/* A slice of a string literal. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})

/* The slice of a NUL-terminated string; NULL gives the empty slice. */
struct str str_of(const char *text);
bool str_equal(struct str a, struct str b);
/* Equal but for the case of ASCII letters. */
bool str_equal_nocase(struct str a, struct str b);
bool str_is(struct str a, const char *text);
bool str_starts(struct str text, const char *prefix);
bool str_ends(struct str text, const char *suffix);
/* Offset of the first c, or text.len when there is none. */
size_t str_find(struct str text, char c);
/* Everything from offset on; the empty slice when offset is past the end. */
struct str str_from(struct str text, size_t offset);
/* The first len bytes, or all when there are fewer. */
struct str str_head(struct str text, size_t len);
/* Without spaces and tabs at both ends. */
struct str str_trim(struct str text);
/*
 * Cuts text at the first separator: the part before goes to *head, text keeps the part behind.
 * Without a separator *head gets everything and text becomes empty. False when text was NULL-empty
 * already, so that it drives a loop: after the last part text->at is NULL.
 */
bool str_cut(struct str *text, char separator, struct str *head);
/* Reads an unsigned decimal number that fills the whole slice and fits into int64_t. */
bool str_to_int64(struct str text, int64_t *out);
/* Edit distance of two short texts, capped at 64 characters each: for "did you mean". */
unsigned str_distance(struct str a, struct str b);
