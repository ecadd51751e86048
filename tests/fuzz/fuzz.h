/*
 * What all fuzz targets share. A target is one file with one LLVMFuzzerTestOneInput(); libFuzzer
 * drives it in build/fuzz, replay.c feeds it the files of its corpus in build/asan.
 *
 * A target checks what must hold for every input with require(), which ends the process: that is
 * how libFuzzer learns of a finding.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(truth)                                                                             \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #truth); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static inline struct str input_text(const uint8_t *data, size_t size)
{
	return (struct str){(const char *)data, size};
}

/* Takes the part before the next separator off *rest; the empty slice at the end. */
static inline struct str input_part(struct str *rest, char separator)
{
	struct str part = {0};
	str_cut(rest, separator, &part);
	return part;
}

/* The first byte off *rest, for a choice; 0 at the end. */
static inline unsigned input_byte(struct str *rest)
{
	unsigned byte = rest->len ? (unsigned char)rest->at[0] : 0;
	*rest = str_from(*rest, 1);
	return byte;
}

/* A copy that ends where a NUL is, for what takes strings. */
static inline char *input_string(struct arena *arena, struct str text)
{
	char *copy = arena_copy(arena, text.at ? text.at : "", text.len);
	require(copy);
	return copy;
}

/* True when text has no byte that a header, a URL or a terminal would take for a command. */
static inline bool input_printable(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return true;
}
