/* What two rules have in common, and in which order they are said to. */
#include "plan/overlap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct placed rc = {"/-rc/", "images.yaml:9:9"};
static const struct placed some = {"v1,/^v2/", "images.yaml:9:9"};
static const struct selection no_rc = {.exclude = &rc, .exclude_count = 1};
static const struct selection newest = {.latest = 3};
static const struct selection tagged = {.tags = &some, .tag_count = 1};
static const struct selection versions = {.semver = {">=1 <2", "images.yaml:9:9"}};

#define APP "quay.io/a/app"
#define OTHER "quay.io/b/app"
#define TO "reg.test/app"

/* Two rules, and what is said: D(uplicate), S(hadowed), C(onflict), each with the row it is at. */
static const struct pair {
	struct rule rules[2];
	const char *expected;
} pairs[] = {
	{{{.source = APP ":v1", .destination = TO}, {.source = APP ":v1", .destination = TO}},
	 "D2"},
	{{{.source = APP ":v1", .destination = TO}, {.source = APP ":v2", .destination = TO}}, ""},
	{{{.source = APP ":v1", .destination = TO}, {.source = APP, .destination = TO}}, "S1"},
	{{{.source = APP, .destination = TO}, {.source = APP ":v1", .destination = TO}}, "S2"},
	{{{.source = APP, .destination = TO}, {.source = APP, .destination = TO}}, "S2"},
	{{{.source = APP ":/v1/", .destination = TO}, {.source = APP ":/v1/", .destination = TO}},
	 "S2"},
	{{{.source = APP ":/v1/", .destination = TO}, {.source = APP ":/v2/", .destination = TO}},
	 ""},
	{{{.source = APP ":/v1/", .destination = TO},
	  {.source = APP ":/v2/,/v1/", .destination = TO}},
	 "S1"},
	{{{.source = APP ":/^v1/", .destination = TO},
	  {.source = APP ":v1.0,v2.0", .destination = TO}},
	 ""},
	{{{.source = APP, .destination = "reg.test/one"}, {.source = APP, .destination = TO}}, ""},
	{{{.source = APP, .destination = TO, .selection = &no_rc},
	  {.source = APP ":v1-rc1", .destination = TO}},
	 ""},
	{{{.source = APP, .destination = TO, .selection = &no_rc},
	  {.source = APP ":v1", .destination = TO}},
	 "S2"},
	{{{.source = APP, .destination = TO, .selection = &versions},
	  {.source = APP ":v2.0.0", .destination = TO}},
	 ""},
	{{{.source = APP, .destination = TO, .selection = &newest},
	  {.source = APP ":v1", .destination = TO}},
	 ""},
	{{{.source = APP, .destination = TO},
	  {.source = APP, .destination = TO, .selection = &newest}},
	 "S2"},
	{{{.source = APP, .destination = TO, .selection = &tagged},
	  {.source = APP ":v2.1", .destination = TO}},
	 "S2"},
	{{{.source = APP, .destination = TO}, {.source = OTHER, .destination = TO}}, "C2"},
	{{{.source = APP ":v1", .destination = TO}, {.source = OTHER, .destination = TO}}, "C2"},
	{{{.source = APP, .destination = TO}, {.source = OTHER ":v1", .destination = TO}}, "C2"},
	{{{.source = APP ":/^v1/", .destination = TO},
	  {.source = OTHER ":/^v1/", .destination = TO}},
	 "C2"},
	{{{.source = APP ":/^v1/", .destination = TO}, {.source = OTHER ":v2", .destination = TO}},
	 ""},
	{{{.source = APP, .destination = TO, .selection = &newest},
	  {.source = OTHER ":v1", .destination = TO}},
	 ""},
	{{{.source = "nginx", .destination = TO},
	  {.source = "docker.io/library/nginx:1", .destination = TO}},
	 "S2"},
	{{{.source = APP, .destination = TO},
	  {.source = APP ":v1",
	   .destination = TO,
	   .terms = &(const struct terms){.on_change = CHANGE_FAIL}}},
	 "C2"},
	{{{.source = "quay.io/a/*", .destination = "reg.test"}, {.source = APP, .destination = TO}},
	 "S2"},
	{{{.source = "quay.io/a/*:/^v1/", .destination = "reg.test"},
	  {.source = APP ":v2", .destination = TO}},
	 ""},
	{{{.source = "quay.io/*", .destination = "reg.test"}, {.source = APP, .destination = TO}},
	 ""},
	{{{.source = APP ":v1:v2", .destination = TO}, {.source = APP, .destination = TO}}, ""},
};

static void add(char *out, const char *kind, const struct problems *found)
{
	struct str lines = buf_str(&found->warnings), line;
	while (str_cut(&lines, '\n', &line)) {
		if (!line.len)
			continue;
		strncat(out, kind, 1);
		strncat(out, line.at + strlen("images.yaml:"), 1);
	}
}

static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(pairs); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(overlap_finish) struct overlaps found = {.duplicates = {.error_count = 0}};
		scoped(problem_finish) struct problems problems = {0};
		struct rule items[2] = {pairs[i].rules[0], pairs[i].rules[1]};
		struct namespace_rule *namespaces;
		char got[64] = "";
		items[0].source_place = items[0].destination_place = "images.yaml:1:1";
		items[1].source_place = items[1].destination_place = "images.yaml:2:1";
		struct rules rules = {.items = items, .count = array_count(items)};
		struct overlap_rules given = {.count = 0};
		assert_true(namespace_parse(arena, &rules, &namespaces, &given.namespace_count,
					    &problems));
		given.items = rules.items;
		given.count = rules.count;
		given.namespaces = namespaces;
		assert_true(overlap_find(arena, &given, &found));
		add(got, "D", &found.duplicates);
		add(got, "S", &found.shadows);
		add(got, "C", &found.conflicts);
		if (strcmp(got, pairs[i].expected) != 0)
			print_error("row %zu: %s and %s\n", i, pairs[i].rules[0].source,
				    pairs[i].rules[1].source);
		assert_string_equal(got, pairs[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
