/*
 * Two sets of terms that differ in one member are never taken for the same, wherever rules meet: by
 * themselves, and in each form in which two rules can have one destination.
 */
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DG "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct platform amd64[] = {{.os = {"linux", 5}, .architecture = {"amd64", 5}}};
static const struct platform both[] = {{.os = {"linux", 5}, .architecture = {"amd64", 5}},
				       {.os = {"linux", 5}, .architecture = {"arm64", 5}}};
static const struct platform turned[] = {{.os = {"linux", 5}, .architecture = {"arm64", 5}},
					 {.os = {"linux", 5}, .architecture = {"amd64", 5}}};
static const struct platform_pattern arm[] = {{.value = {"arm", 3}}};
static const struct platform_pattern arm_v7[] = {{.value = {"arm", 3}, .extra = {"v7", 2}}};
static const struct platform_filter filters[] = {
	{.platforms = amd64, .platform_count = 1},
	{.platforms = both, .platform_count = 2},
	{.os = arm, .os_count = 1},
	{.arch = arm, .arch_count = 1},
	{.arch = arm_v7, .arch_count = 1},
};
static const struct companion_filter wanted[] = {
	{.all = true},
	{.signatures = true},
	{.attestations = true},
	{.sboms = true},
	{.types = {{"application/a", 13}}, .type_count = 1},
	{.types = {{"application/b", 13}}, .type_count = 1},
};
static const struct signer keys[] = {
	{.key = {.point = {4, 1}, .place = "a.pub"}},
	{.key = {.point = {4, 2}, .place = "a.pub"}},
	{.key = {.point = {4, 1}, .place = "a.pub"}, .source = true},
	{.key = {.point = {4, 1}, .place = "a.pub"}, .repository = "r.io/a"},
	{.key = {.point = {4, 1}, .place = "a.pub"}, .repository = "r.io/b"},
};

static const struct creation_tag aws_tags[] = {{"a", "b"}, {"c", ""}};
static const struct creation_settings ways[] = {
	{.wanted = false},
	{.wanted = true, .scan = true},
	{.wanted = true, .immutable = true},
	{.wanted = true, .tags = aws_tags, .tag_count = 1},
	{.wanted = true, .tags = aws_tags, .tag_count = 2},
	{.wanted = true},
};

static const struct placed named[] = {{.text = "v1"}, {.text = "v2"}};
static struct picks lists[] = {{.items = named, .count = 1}, {.items = named, .count = 2}};

/* Terms of which each pair differs, and the member in which each differs from the first. */
static const struct {
	const char *member;
	struct terms terms;
} rows[] = {
	{NULL, {.on_change = CHANGE_OVERWRITE}},
	{"platforms", {.on_change = CHANGE_OVERWRITE, .platforms = &filters[0]}},
	{"platforms", {.on_change = CHANGE_OVERWRITE, .platforms = &filters[1]}},
	{"platforms", {.on_change = CHANGE_OVERWRITE, .platforms = &filters[2]}},
	{"platforms", {.on_change = CHANGE_OVERWRITE, .platforms = &filters[3]}},
	{"platforms", {.on_change = CHANGE_OVERWRITE, .platforms = &filters[4]}},
	{"require-platforms", {.on_change = CHANGE_OVERWRITE, .required = &filters[0]}},
	{"require-platforms", {.on_change = CHANGE_OVERWRITE, .required = &filters[1]}},
	{"on-change", {.on_change = CHANGE_FAIL}},
	{"on-change", {.on_change = CHANGE_SKIP}},
	{"on-change", {.on_change = CHANGE_RETAG}},
	{"referrers", {.on_change = CHANGE_OVERWRITE, .companions = &wanted[0]}},
	{"referrers", {.on_change = CHANGE_OVERWRITE, .companions = &wanted[1]}},
	{"referrers", {.on_change = CHANGE_OVERWRITE, .companions = &wanted[2]}},
	{"referrers", {.on_change = CHANGE_OVERWRITE, .companions = &wanted[3]}},
	{"referrers", {.on_change = CHANGE_OVERWRITE, .companions = &wanted[4]}},
	{"referrers", {.on_change = CHANGE_OVERWRITE, .companions = &wanted[5]}},
	{"require-referrers", {.on_change = CHANGE_OVERWRITE, .demanded = &wanted[0]}},
	{"require-referrers", {.on_change = CHANGE_OVERWRITE, .demanded = &wanted[1]}},
	{"referrers-from", {.on_change = CHANGE_OVERWRITE, .referrers_from = "a.io/{path}"}},
	{"referrers-from", {.on_change = CHANGE_OVERWRITE, .referrers_from = "a.io/{name}"}},
	{"require-signed", {.on_change = CHANGE_OVERWRITE, .signer = &keys[0]}},
	{"require-signed", {.on_change = CHANGE_OVERWRITE, .signer = &keys[1]}},
	{"require-signed", {.on_change = CHANGE_OVERWRITE, .signer = &keys[2]}},
	{"require-signed", {.on_change = CHANGE_OVERWRITE, .signer = &keys[3]}},
	{"require-signed", {.on_change = CHANGE_OVERWRITE, .signer = &keys[4]}},
	{"foreign", {.on_change = CHANGE_OVERWRITE, .foreign = FOREIGN_SKIP}},
	{"foreign", {.on_change = CHANGE_OVERWRITE, .foreign = FOREIGN_COPY}},
	{"foreign", {.on_change = CHANGE_OVERWRITE, .foreign = FOREIGN_FAIL}},
	{"create-repository", {.on_change = CHANGE_OVERWRITE, .creation.repository = &ways[0]}},
	{"create-repository", {.on_change = CHANGE_OVERWRITE, .creation.repository = &ways[1]}},
	{"create-repository", {.on_change = CHANGE_OVERWRITE, .creation.repository = &ways[2]}},
	{"create-repository", {.on_change = CHANGE_OVERWRITE, .creation.repository = &ways[3]}},
	{"create-repository", {.on_change = CHANGE_OVERWRITE, .creation.repository = &ways[4]}},
	{"create-project", {.on_change = CHANGE_OVERWRITE, .creation.project = CREATION_YES}},
	{"max-bytes", {.on_change = CHANGE_OVERWRITE, .max_bytes = 1000}},
	{"max-bytes", {.on_change = CHANGE_OVERWRITE, .max_bytes = 1001}},
	{"min-age", {.on_change = CHANGE_OVERWRITE, .min_age = 3600}},
	{"min-age", {.on_change = CHANGE_OVERWRITE, .min_age = 7200}},
	{"hold", {.on_change = CHANGE_OVERWRITE, .hold = &lists[0]}},
	{"hold", {.on_change = CHANGE_OVERWRITE, .hold = &lists[1]}},
	{"release", {.on_change = CHANGE_OVERWRITE, .release = &lists[0]}},
	{"release", {.on_change = CHANGE_OVERWRITE, .release = &lists[1]}},
	{"tag beside the digest", {.on_change = CHANGE_OVERWRITE, .pinned_tag = "v1"}},
	{"tag beside the digest", {.on_change = CHANGE_OVERWRITE, .pinned_tag = "v2"}},
};

/* The table above has a row for each member: a new one changes the size, and must get its rows. */
_Static_assert(sizeof(struct terms) == 11 * sizeof(void *) + 32, "test_terms.c lacks a member");

static void test_each_pair_differs(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		for (size_t j = 0; j < array_count(rows); j++) {
			const char *found = terms_difference(&rows[i].terms, &rows[j].terms);
			if ((i == j) != !found)
				fail_msg("rows %zu and %zu: %s", i, j, found ? found : "equal");
			if (!i && found)
				assert_string_equal(found, rows[j].member);
		}
}

static void test_what_does_not_count(void **state)
{
	static const struct platform_filter other_order = {.platforms = turned,
							   .platform_count = 2};
	static const struct platform_filter no_filter = {0};
	static const struct companion_filter nothing = {0};
	static const struct signer same_key = {.key = {.point = {4, 1}, .place = "copy/of/a.pub"}};
	const struct terms a[] = {{.platforms = &filters[1]},
				  {.required = &filters[1]},
				  {.platforms = NULL},
				  {.companions = NULL},
				  {.signer = &keys[0]},
				  {.signer_said = true},
				  {.required_said = true},
				  {.min_age_said = true},
				  {.creation.repository = &ways[5]},
				  {.creation.project = CREATION_NO}};
	const struct terms b[] = {
		{.platforms = &other_order},   {.required = &other_order},
		{.platforms = &no_filter},     {.companions = &nothing},
		{.signer = &same_key},         {.signer_said = false},
		{.required_said = false},      {.min_age_said = false},
		{.creation.repository = NULL}, {.creation.project = CREATION_UNSAID}};
	(void)state;
	for (size_t i = 0; i < array_count(a); i++)
		assert_null(terms_difference(&a[i], &b[i]));
}

/* What a list of images says beside the options, in the words of a rule. */
static void test_written(void **state)
{
	static const struct terms general = {
		.on_change = CHANGE_OVERWRITE, .foreign = FOREIGN_SKIP, .signer = &keys[0]};
	static const struct {
		struct terms own;
		const char *text;
	} cases[] = {
		{{.on_change = CHANGE_OVERWRITE, .foreign = FOREIGN_SKIP, .signer = &keys[0]}, ""},
		{{.foreign = FOREIGN_COPY, .signer = &keys[0]}, "foreign: \"copy\"\n"},
		{{.foreign = FOREIGN_FAIL, .signer = &keys[0]}, "foreign: \"fail\"\n"},
		{{.signer = NULL}, "require-signed: false\n"},
		{{.signer = &keys[1]}, "require-signed: \"a.pub\"\n"},
		{{.signer = &keys[2]},
		 "require-signed:\n  key: \"a.pub\"\n  reference: \"source\"\n"},
		{{.signer = &keys[0], .creation.repository = &ways[0]},
		 "create-repository: false\n"},
		{{.signer = &keys[0], .creation.repository = &ways[4]},
		 "create-repository:\n  tags:\n    \"a\": \"b\"\n    \"c\": \"\"\n"},
		{{.signer = &keys[0], .creation.project = CREATION_YES}, "create-project: true\n"},
		{{.signer = &keys[0], .creation.project = CREATION_NO}, ""},
		{{.signer = &keys[3]}, "require-signed:\n  key: \"a.pub\"\n  reference: r.io/a\n"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(buf_finish) struct buf out = {0};
		struct terms beside = terms_beside(&cases[i].own, &general);
		terms_write(&beside, &(struct writer){.out = &out});
		assert_string_equal(buf_string(&out), cases[i].text);
	}
}

/* Forms in which two rules, or one twice, write to the same place. */
static const struct form {
	const char *source[2], *destination[2];
} forms[] = {
	{{"r.io/a:v1", "r.io/a:v1"}, {"r.io/b:v1", "r.io/b:v1"}},
	{{"r.io/a:v1", "r.io/a:v1,v1"}, {"r.io/b", "r.io/b"}},
	{{"r.io/a:v1,v2", "r.io/a:v2"}, {"r.io/b", "r.io/b"}},
	{{"r.io/a@" DG, "r.io/a@" DG}, {"r.io/b:v1", "r.io/b:v1"}},
	{{"r.io/a@" DG, "r.io/a@" DG}, {"r.io/b@" DG, "r.io/b@" DG}},
	{{"r.io/a@" DG, "r.io/other@" DG}, {"r.io/b@" DG, "r.io/b@" DG}},
	{{"r.io/a", "r.io/a"}, {"r.io/b", "r.io/b"}},
	{{"r.io/a", "r.io/a"}, {"docker.io/a/b", "index.docker.io/a/b"}},
	{{"r.io/a:/v.*/", "r.io/a:v1"}, {"r.io/b", "r.io/b"}},
	{{"r.io/a:/v.*/", "r.io/a:/v1/"}, {"r.io/b", "r.io/b"}},
	{{"r.io/a:/v.*/", "r.io/a:/v1/"}, {"r.io/b:/v.*/", "r.io/b"}},
	{{"r.io/a", "r.io/a:v1"}, {"r.io/b", "r.io/b:v1"}},
};

static bool list_tags(void *ctx, struct arena *arena, const struct reference *source,
		      const char *const **tags, size_t *count, struct error *err)
{
	static const char *const list[] = {"v1", "v2"};
	(void)ctx;
	(void)arena;
	(void)source;
	(void)err;
	*tags = list;
	*count = array_count(list);
	return true;
}

static const struct catalog catalog = {.tags = list_tags};

static size_t expand(struct arena *arena, const struct plan_rule *rule, struct task **tasks)
{
	scoped(problem_finish) struct problems warnings = {0};
	struct error err = {0};
	size_t count;
	if (!plan_expand(arena, &(struct expanding){rule, &catalog, &warnings, false}, tasks,
			 &count, &err))
		fail_msg("%s", err.text);
	return count;
}

/* True when the rules have tasks for one destination whose terms are told apart. */
static bool told_apart(struct arena *arena, const struct plan_rule *planned, size_t count)
{
	struct task *tasks[2];
	size_t numbers[2];
	bool apart = false, met = false;
	for (size_t i = 0; i < count; i++)
		numbers[i] = expand(arena, &planned[i], &tasks[i]);
	for (size_t i = 0; count == 2 && i < numbers[0]; i++)
		for (size_t j = 0; j < numbers[1]; j++) {
			const struct task *a = &tasks[0][i], *b = &tasks[1][j];
			if (strcmp(reference_target(&a->destination),
				   reference_target(&b->destination)) != 0)
				continue;
			met = true;
			apart = terms_difference(rule_terms(a->rule), rule_terms(b->rule)) != NULL;
		}
	return met && apart;
}

/* A rule whose terms differ in one member is refused, or its images are when they are known. */
static void check_form(const struct form *form, const struct terms *left, const struct terms *right)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct rule rules[2] = {{.source_place = "i:1:1", .destination_place = "i:1:9"},
				{.source_place = "i:2:1", .destination_place = "i:2:9"}};
	struct plan_rule *planned;
	size_t count;
	for (size_t i = 0; i < 2; i++) {
		rules[i].source = form->source[i];
		rules[i].destination = form->destination[i];
		rules[i].terms = i ? right : left;
	}
	assert_true(plan_parse(arena, &(struct rules){.items = rules, .count = 2}, &planned, &count,
			       &problems));
	bool refused = problems.error_count &&
		       strstr(buf_string(&problems.errors), "i:2:9: two different values of ");
	if (!refused && !told_apart(arena, planned, count))
		fail_msg("%s, %s: %s is lost without a word", form->source[0], form->source[1],
			 terms_difference(left, right));
}

static void test_no_pair_passes(void **state)
{
	(void)state;
	for (size_t f = 0; f < array_count(forms); f++)
		for (size_t i = 0; i < array_count(rows); i++)
			for (size_t j = 0; j < array_count(rows); j++)
				if (i != j)
					check_form(&forms[f], &rows[i].terms, &rows[j].terms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_each_pair_differs),
		cmocka_unit_test(test_what_does_not_count),
		cmocka_unit_test(test_no_pair_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
