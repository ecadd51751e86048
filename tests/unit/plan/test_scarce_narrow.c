/* Memory that runs out while rules are looked for that mean an image. */
#include "test_scarce_fixture.h"

#include "config/serve/server_file.h"
#include "plan/narrow.h"

static const struct server_route route = {
	.source = "quay.io", .namespace = "team", .destination = "dst.test/x"};

static const struct rule written[] = {
	{.source = "quay.io/team/app", .destination = "a.test/app"},
	{.source = "quay.io/team/app:/^v/", .destination = "b.test/app"},
	{.source = "quay.io/team/**", .destination = "dst.test/x/team", .route = &route},
	{.source = "quay.io/*/app", .destination = "a.test/deep"},
	{.source = "quay.io/team/*", .destination = "c.test/team"},
};

static const struct narrow_image image = {"quay.io", "team/app", "v1", ""};

/* Rules as they are while there is memory. */
static void parse(struct arena *arena, struct narrow_rules *out)
{
	scoped(problem_finish) struct problems problems = {0};
	struct rules rules = {
		.items = arena_array(arena, array_count(written), sizeof(*rules.items))};
	struct plan_rule *parsed;
	struct namespace_rule *namespaces;
	for (size_t i = 0; i < array_count(written); i++) {
		struct rule *rule = &rules.items[rules.count++];
		*rule = written[i];
		rule->source_place = rule->destination_place = "images.yaml:1:1";
	}
	assert_true(namespace_parse(arena, &rules, &namespaces, &out->namespace_count, &problems));
	assert_true(plan_parse(arena, &rules, &parsed, &out->rule_count, &problems));
	out->rules = parsed;
	out->namespaces = namespaces;
}

static bool finding(struct arena *arena, struct buf *out)
{
	struct narrow_rules rules;
	struct rules found;
	struct error err = {0};
	counting = false;
	parse(arena, &rules);
	counting = true;
	scoped(narrow_free) struct narrow *narrow = narrow_new(arena, &rules);
	if (!narrow)
		return false;
	if (!narrow_find(narrow, &image, arena, &found, &err))
		return out_of_memory(&err);
	counting = false;
	for (size_t i = 0; i < found.count; i++)
		buf_printf(out, "%s > %s ", found.items[i].source, found.items[i].destination);
	return true;
}

static bool going(struct arena *arena, struct buf *out)
{
	struct narrow_rules rules;
	const char *const *destinations;
	size_t count;
	struct error err = {0};
	counting = false;
	parse(arena, &rules);
	counting = true;
	scoped(narrow_free) struct narrow *narrow = narrow_new(arena, &rules);
	if (!narrow)
		return false;
	if (!narrow_destinations(narrow, &image, arena, &destinations, &count, &err))
		return out_of_memory(&err);
	counting = false;
	buf_add_string(out, "destinations of the image: ");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "\"%s\" ", destinations[i]);
	return true;
}

static bool expanding(struct arena *arena, struct buf *out)
{
	static const char *const names[] = {"v1", "v2", "other"};
	static const struct narrow_tags tags = {names, array_count(names)};
	scoped(problem_finish) struct problems warnings = {0};
	struct narrow_rules rules;
	struct task *tasks;
	size_t count;
	struct error err = {0};
	counting = false;
	parse(arena, &rules);
	counting = true;
	for (size_t i = 0; i < rules.rule_count; i++) {
		const struct expanding one = {&rules.rules[i], NULL, &warnings};
		if (!narrow_expand(arena, &one, &tags, &tasks, &count, &err))
			return out_of_memory(&err);
		spared++;
		for (size_t j = 0; j < count; j++)
			buf_printf(out, "%s > %s ", tasks[j].source.tag, tasks[j].destination.host);
		spared--;
	}
	return true;
}

static void test_narrow(void **state)
{
	(void)state;
	starve(finding);
	starve(going);
	starve(expanding);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_narrow)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
