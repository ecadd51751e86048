/* Rules that are compared while memory runs out: all warnings, or none and a failure. */
#include "plan/order.h"
#include "plan/overlap.h"

#include "test_scarce_fixture.h"

static const struct placed rc = {"/-rc/", "images.yaml:9:9"};
static const struct selection no_rc = {.exclude = &rc, .exclude_count = 1};

static const struct rule written[] = {
	{.source = "quay.io/a/app", .destination = "r.test/app", .selection = &no_rc},
	{.source = "quay.io/a/app:v1,v2", .destination = "r.test/app"},
	{.source = "quay.io/a/app:v1", .destination = "r.test/app"},
	{.source = "quay.io/b/app:/^v/", .destination = "r.test/app"},
	{.source = "quay.io/b/*", .destination = "r.test"},
};

/* Appends all that is said. False: there was no memory, which was said. */
static bool compare(struct arena *arena, struct buf *shown)
{
	scoped(overlap_finish) struct overlaps found = {.duplicates = {.error_count = 0}};
	scoped(problem_finish) struct problems problems = {0}, unsorted = {0};
	struct config config = {.auth_count = 0};
	struct namespace_rule *namespaces = NULL;
	size_t namespace_count = 0;
	struct rule *items = arena_array(arena, array_count(written), sizeof(*items));
	for (size_t i = 0; items && i < array_count(written); i++) {
		items[i] = written[i];
		items[i].source_place = items[i].destination_place = "images.yaml:1:1";
	}
	config.rules = (struct rules){.items = items, .count = array_count(written)};
	if (!items ||
	    !namespace_parse(arena, &config.rules, &namespaces, &namespace_count, &problems))
		return false;
	const struct overlap_rules rules = {config.rules.items, config.rules.count, namespaces,
					    namespace_count};
	const struct order_entries entries = {&config, namespaces, namespace_count};
	if (!overlap_find(arena, &rules, &found) || !order_check(arena, &entries, &unsorted))
		return false;
	const struct buf *all[] = {&found.duplicates.warnings, &found.shadows.warnings,
				   &found.conflicts.warnings, &unsorted.warnings};
	bool whole = true;
	for (size_t i = 0; i < array_count(all); i++)
		whole = whole && buf_ok(all[i]);
	counting = false;
	for (size_t i = 0; whole && i < array_count(all); i++)
		buf_add_str(shown, buf_str(all[i]));
	return whole;
}

static void test_compare(void **state)
{
	(void)state;
	starve(compare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
