/*
 * Blocks double from 4 KiB, or half a KiB, up to 256 KiB; a request larger than the next block gets
 * one of its own.
 * Memory comes zeroed from calloc, so a record's unset fields read as "none" everywhere. Records
 * fill a block from its start and texts from its end, since a text may begin at any address.
 */
#include "base/arena.h"

#include "base/format.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SMALL = 512, BLOCK_FIRST = 4096, BLOCK_LAST = 256 * 1024 };

struct block {
	struct block *next;
	size_t used; /* by records */
	size_t size; /* without the texts */
	_Alignas(uint64_t) char bytes[];
};

struct arena {
	struct block *blocks;
	size_t next_size;
};

static struct arena *arena_from(size_t first)
{
	struct arena *arena = calloc(1, sizeof(*arena));
	if (arena)
		arena->next_size = first;
	return arena;
}

struct arena *arena_new(void)
{
	return arena_from(BLOCK_FIRST);
}

struct arena *arena_new_small(void)
{
	return arena_from(BLOCK_SMALL);
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	struct block *block = (*arena)->blocks;
	while (block) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
	free(*arena);
	*arena = NULL;
}

void arena_join(struct arena *arena, struct arena **other)
{
	struct block **last = &arena->blocks;
	if (!*other)
		return;
	while (*last)
		last = &(*last)->next;
	*last = (*other)->blocks;
	free(*other);
	*other = NULL;
}

static struct block *block_add(struct arena *arena, size_t size)
{
	size_t want = size > arena->next_size ? size : arena->next_size;
	struct block *block = calloc(1, sizeof(*block) + want);
	if (!block)
		return NULL;
	block->size = want;
	block->next = arena->blocks;
	arena->blocks = block;
	if (arena->next_size < BLOCK_LAST)
		arena->next_size *= 2;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(uint64_t);
	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) / align * align;
	struct block *block = arena->blocks;
	if (!block || block->size - block->used < size)
		block = block_add(arena, size);
	if (!block)
		return NULL;
	void *at = block->bytes + block->used;
	block->used += size;
	return at;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(arena, bytes);
}

/* size zeroed bytes at any address. */
static char *text_alloc(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	if (size > SIZE_MAX / 2)
		return NULL;
	if (!block || block->size - block->used < size)
		block = block_add(arena, size);
	if (!block)
		return NULL;
	block->size -= size;
	return block->bytes + block->size;
}

void *arena_records(struct arena *arena, const void *from, size_t len)
{
	void *copy = arena_alloc(arena, len);
	if (copy && len)
		memcpy(copy, from, len);
	return copy;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? text_alloc(arena, len + 1) : NULL;
	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = format_args(NULL, 0, format, args);
	va_end(args);
	char *text = len < 0 ? NULL : text_alloc(arena, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	format_args(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}
