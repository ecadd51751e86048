/* What lists say of tags: each digest for one answer, nothing that they do not say. */
#include "registry/known.h"

#include "registry/registry_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char digest_a[] =
	"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01";
static const char digest_b[] =
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char digest_long[] =
	"sha512:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

struct bench {
	struct registry *registry;
	struct arena *arena;
	struct repository source, target;
};

static int set_up(void **state)
{
	static struct bench bench;
	static const struct credentials none;
	static const struct registry_options options = {.credentials = &none};
	static const struct reference name = {.host = "a.test", .repository = "team/app"};
	struct error err;
	bench.arena = arena_new();
	bench.registry = registry_new(&options);
	*state = &bench;
	return bench.registry && registry_open(bench.registry, &name, false, &bench.source, &err) &&
			       registry_open(bench.registry, &name, true, &bench.target, &err)
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	registry_free(&bench->registry);
	arena_free(&bench->arena);
	return 0;
}

static void keep(const struct repository *repository, const struct known_tag *tags, size_t count,
		 struct known_trust trust)
{
	struct known_list *list = known_list_new();
	assert_non_null(list);
	for (size_t i = 0; i < count; i++)
		assert_true(known_list_add(list, &tags[i]));
	known_keep(repository, &list, trust);
	assert_null(list);
}

static void expect(const struct bench *bench, const struct repository *repository, const char *tag,
		   enum known_answer wanted, const char *digest)
{
	const char *found = NULL;
	bool dated;
	enum known_answer answer = known_take(repository, bench->arena, tag, &found, &dated);
	if (answer != wanted)
		fail_msg("%s: %d, not %d", tag, (int)answer, (int)wanted);
	if (digest)
		assert_string_equal(found, digest);
}

static const struct known_tag few[] = {
	{.tag = {"v2", 2}, .digest = {digest_b, 71}, .pushed = 1700000000},
	{.tag = {"v1", 2}, .digest = {digest_a, 71}},
	{.tag = {"bare", 4}},
	{.tag = {"long", 4}, .digest = {digest_long, 135}},
	{.tag = {"v1", 2}, .digest = {digest_b, 71}},
	{.tag = {"gone", 4}, .absent = true},
};

static void test_each_digest_is_for_one_answer(void **state)
{
	struct bench *bench = *state;
	keep(&bench->target, few, array_count(few), (struct known_trust){.complete = true});
	expect(bench, &bench->target, "v1", KNOWN_DIGEST, digest_a);
	expect(bench, &bench->target, "v1", KNOWN_NOTHING, NULL);
	expect(bench, &bench->target, "v2", KNOWN_DIGEST, digest_b);
	expect(bench, &bench->target, "v2", KNOWN_NOTHING, NULL);
	expect(bench, &bench->target, "gone", KNOWN_ABSENT, NULL);
	expect(bench, &bench->target, "gone", KNOWN_NOTHING, NULL);
}

/* A date is that of one digest, and stays when the digest was taken. */
static void test_dates_of_digests(void **state)
{
	struct bench *bench = *state;
	keep(&bench->target, few, array_count(few), (struct known_trust){.complete = true});
	assert_int_equal(known_pushed_as(&bench->target, "v2", digest_b), 1700000000);
	expect(bench, &bench->target, "v2", KNOWN_DIGEST, digest_b);
	assert_int_equal(known_pushed_as(&bench->target, "v2", digest_b), 1700000000);
	assert_int_equal(known_pushed_as(&bench->target, "v2", digest_a), 0);
	assert_int_equal(known_pushed_as(&bench->target, "v1", digest_a), 0);
	assert_int_equal(known_pushed_as(&bench->target, "bare", digest_a), 0);
	assert_int_equal(known_pushed_as(&bench->target, "none", digest_a), 0);
	assert_int_equal(known_pushed_as(&bench->target, "long", digest_long), 0);
}

static void test_what_is_not_said_is_not_known(void **state)
{
	struct bench *bench = *state;
	keep(&bench->target, few, array_count(few), (struct known_trust){.complete = true});
	expect(bench, &bench->target, "bare", KNOWN_NOTHING, NULL);
	expect(bench, &bench->target, "long", KNOWN_NOTHING, NULL);
	assert_true(known_complete(&bench->target));
	expect(bench, &bench->target, "other", KNOWN_ABSENT, NULL);
	expect(bench, &bench->target, "other", KNOWN_NOTHING, NULL);
	/* Some lists leave signatures out. */
	expect(bench, &bench->target,
	       "sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01.sig",
	       KNOWN_NOTHING, NULL);
	keep(&bench->target, few, array_count(few), (struct known_trust){0});
	expect(bench, &bench->target, "another", KNOWN_NOTHING, NULL);
	assert_false(known_complete(&bench->target));
}

static void test_a_source_forgets_what_was_used(void **state)
{
	struct bench *bench = *state;
	keep(&bench->source, few, 2, (struct known_trust){.complete = true});
	expect(bench, &bench->source, "v1", KNOWN_DIGEST, digest_a);
	assert_true(known_complete(&bench->source));
	expect(bench, &bench->source, "v2", KNOWN_DIGEST, digest_b);
	assert_false(known_complete(&bench->source));
	expect(bench, &bench->source, "v2", KNOWN_NOTHING, NULL);
}

/* Docker Hub's API is not its registry, and one rule's source may be another's destination. */
static void test_an_old_list_proves_little(void **state)
{
	struct bench *bench = *state;
	const struct known_trust old = {.complete = true, .dated = true};
	keep(&bench->source, few, array_count(few), old);
	expect(bench, &bench->source, "other", KNOWN_NOTHING, NULL);
	expect(bench, &bench->target, "v1", KNOWN_NOTHING, NULL);
	expect(bench, &bench->source, "v1", KNOWN_DIGEST, digest_a);
}

static void test_tags_come_once_and_in_order(void **state)
{
	struct bench *bench = *state;
	const char *const *tags;
	size_t count;
	keep(&bench->target, few, array_count(few),
	     (struct known_trust){.complete = true, .ahead = true});
	assert_true(known_tags(&bench->target, bench->arena, &tags, &count));
	assert_int_equal(count, 5);
	assert_string_equal(tags[0], "v2");
	assert_string_equal(tags[3], "long");
	assert_false(known_tags(&bench->target, bench->arena, &tags, &count));
	keep(&bench->target, few, 1, (struct known_trust){.ahead = true});
	assert_false(known_tags(&bench->target, bench->arena, &tags, &count));
}

static void test_dates(void **state)
{
	struct bench *bench = *state;
	keep(&bench->source, few, array_count(few), (struct known_trust){.complete = true});
	assert_int_equal(known_pushed(&bench->source, "v2"), 1700000000);
	assert_int_equal(known_pushed(&bench->source, "v1"), 0);
	assert_int_equal(known_pushed(&bench->source, "none"), 0);
}

/* Lists that are too much for memory are dropped, and those that are there stay. */
static void test_memory_is_bounded(void **state)
{
	struct bench *bench = *state;
	static char names[64][32];
	size_t kept = 0;
	for (size_t i = 0; i < array_count(names); i++) {
		struct repository repository;
		struct error err;
		const struct reference name = {.host = "a.test", .repository = names[i]};
		struct known_list *list = known_list_new();
		snprintf(names[i], sizeof(names[i]), "team/app%zu", i);
		assert_true(registry_open(bench->registry, &name, false, &repository, &err));
		for (unsigned j = 0; j < 20000; j++) {
			char tag[32];
			snprintf(tag, sizeof(tag), "tag-%u", j);
			const struct known_tag each = {.tag = str_of(tag),
						       .digest = {digest_a, 71}};
			assert_true(list && known_list_add(list, &each));
		}
		known_keep(&repository, &list, (struct known_trust){.complete = true});
		kept += known_complete(&repository);
	}
	assert_in_range(kept, 8, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_digest_is_for_one_answer, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_not_said_is_not_known, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_source_forgets_what_was_used, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_an_old_list_proves_little, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tags_come_once_and_in_order, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_dates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dates_of_digests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memory_is_bounded, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
