/* Which platform patterns of a run hit nothing. */
#include "copy/judge/hits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct platform_pattern systems[] = {{STR("linux"), {0}}, {STR("darwin"), {0}}};
static const struct platform_pattern arm[] = {{STR("arm"), STR("v7")}};
static const struct platform_filter both = {
	.os = systems, .os_count = 2, .arch = arm, .arch_count = 1};
/* Names one of the patterns once more. */
static const struct platform_filter other = {.os = &systems[1], .os_count = 1};

static const struct platform arm_v7 = {
	.os = STR("linux"), .architecture = STR("arm"), .variant = STR("v7")};
static const struct platform silent = {0};

static void missed(struct hits *hits, const char *wanted)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	const char *const *patterns;
	size_t count;
	assert_true(hits_missed(hits, arena, &patterns, &count));
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%s", i ? " " : "", patterns[i]);
	assert_string_equal(buf_string(&text), wanted);
}

static void test_hits(void **state)
{
	scoped(hits_free) struct hits *hits = hits_new();
	(void)state;
	missed(hits, "");
	hits_add(hits, &both);
	missed(hits, "os=linux os=darwin arch=arm:v7");
	hits_mark(hits, &both, &silent);
	missed(hits, "os=linux os=darwin arch=arm:v7");
	hits_mark(hits, &both, &arm_v7);
	missed(hits, "os=darwin");
	hits_add(hits, &both);
	hits_add(hits, &other);
	missed(hits, "os=darwin");
	hits_mark_all(hits, &other);
	missed(hits, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hits)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
