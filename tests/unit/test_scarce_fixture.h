/*
 * Memory that runs out, in what needs no network: allocations that fail on purpose, those of an
 * arena as well as malloc's. Tests named test_scarce_* are linked for it.
 *
 * Each allocation of a scenario fails in turn: once, twice or from there on. Whatever fails, the
 * scenario tells so, or what it has is all there is; and nothing leaks, which the address sanitizer
 * sees.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "failing_malloc.h"
#include "spared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Whether allocations count, and fail: not while a scenario shows what it has. */
static atomic_bool counting;
static atomic_uint made; /* by any thread */
static atomic_uint fail_at, fail_for;

static bool fails(void)
{
	if (!counting || spared)
		return false;
	unsigned number = atomic_fetch_add(&made, 1) + 1;
	return fail_at && number >= fail_at && number - fail_at < fail_for;
}

void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_array(struct arena *arena, size_t count, size_t size);
char *__real_arena_copy(struct arena *arena, const char *text, size_t len);
char *__real_arena_string(struct arena *arena, const char *text);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t count, size_t size);
char *__wrap_arena_copy(struct arena *arena, const char *text, size_t len);
char *__wrap_arena_string(struct arena *arena, const char *text);
char *__wrap_arena_printf(struct arena *arena, const char *format, ...) printf_like(2, 3);

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
	return fails() ? NULL : __real_arena_alloc(arena, size);
}

void *__wrap_arena_array(struct arena *arena, size_t count, size_t size)
{
	return fails() ? NULL : __real_arena_array(arena, count, size);
}

char *__wrap_arena_copy(struct arena *arena, const char *text, size_t len)
{
	return fails() ? NULL : __real_arena_copy(arena, text, len);
}

char *__wrap_arena_string(struct arena *arena, const char *text)
{
	return fails() ? NULL : __real_arena_string(arena, text);
}

char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
{
	char text[4096];
	va_list args;
	if (fails())
		return NULL;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert_in_range(len, 0, sizeof(text) - 1);
	return __real_arena_copy(arena, text, (size_t)len);
}

/* What a scenario has, as text; false when it told that memory was short. */
typedef bool scarce(struct arena *arena, struct buf *out);

static inline bool attempt(scarce *body, unsigned at, unsigned count, struct buf *out)
{
	scoped(arena_free) struct arena *arena = arena_new();
	made = 0;
	fail_at = at;
	fail_for = count;
	counting = true;
	bool complete = body(arena, out);
	counting = false;
	secret_forget();
	return complete;
}

static inline void starve(scarce *body)
{
	static const unsigned lasting[] = {1, 2, UINT32_MAX};
	scoped(buf_finish) struct buf all = {0};
	assert_true(attempt(body, 0, 0, &all));
	unsigned allocations = made, told = 0, wrong = 0;
	assert_true(allocations > 2 && all.len > 20);
	for (size_t i = 0; i < array_count(lasting); i++)
		for (unsigned at = 1; at <= allocations; at++) {
			scoped(buf_finish) struct buf out = {0};
			if (!attempt(body, at, lasting[i], &out)) {
				told++;
			} else if (strcmp(buf_string(&out), buf_string(&all)) != 0) {
				size_t same = 0;
				while (out.at && out.at[same] && out.at[same] == all.at[same])
					same++;
				print_error("allocation %u of %u: not \"%.60s\" but \"%.60s\"\n",
					    at, allocations, all.at + same,
					    out.at ? out.at + same : "");
				wrong++;
			}
		}
	assert_int_equal(wrong, 0);
	assert_true(told > 0);
}

/* What failed told the reason. */
static inline bool out_of_memory(const struct error *err)
{
	if (err->kind != ERROR_MEMORY && !strstr(err->text, "memory"))
		fail_msg("told is \"%s\"", err->text);
	return false;
}
