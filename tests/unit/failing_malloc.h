/*
 * malloc, calloc and realloc that fail when the file that includes this says so. For programs
 * linked with --wrap, so that every call comes by here: those of libraries and the C library, too.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

/* Counts the allocation that is about to be made; true when it is to fail. */
static bool fails(void);

void *__wrap_malloc(size_t size)
{
	return fails() ? (errno = ENOMEM, NULL) : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? (errno = ENOMEM, NULL) : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
	return fails() ? (errno = ENOMEM, NULL) : __real_realloc(at, size);
}
