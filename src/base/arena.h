/*
 * Memory with one lifetime: everything allocated from an arena is released together.
 *
 * Allocation is a pointer bump; nothing is freed singly. An arena belongs to one thread at a time.
 * Functions that allocate for their caller take the arena first.
 */
#pragma once

#include "base/scoped.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new, empty arena; NULL without memory. The caller ends it with arena_free(). */
struct arena *arena_new(void);
/* The same, where there are many and most hold little: it begins with half a KiB. */
struct arena *arena_new_small(void);
/* Releases all memory of *arena and sets it to NULL; *arena may be NULL. */
void arena_free(struct arena **arena);
/* Gives the memory of *other, which may be NULL, to arena, and sets *other to NULL. */
void arena_join(struct arena *arena, struct arena **other);

/* size zeroed bytes aligned for pointers and numbers of 64 bits, or NULL without memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* count * size zeroed bytes, or NULL without memory or when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of the len bytes at from, aligned as arena_alloc() does it; NULL without memory. */
void *arena_records(struct arena *arena, const void *from, size_t len);
/* A copy of the len bytes at text, with a final NUL, not aligned; NULL without memory. */
char *arena_copy(struct arena *arena, const char *text, size_t len);
/* A copy of the string; NULL without memory. */
char *arena_string(struct arena *arena, const char *text);
/* Formatted text; NULL without memory. */
char *arena_printf(struct arena *arena, const char *format, ...) printf_like(2, 3);

#define arena_new_of(arena, type) ((type *)arena_alloc(arena, sizeof(type)))
