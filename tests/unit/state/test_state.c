/* The state: what was seen and written, how it expires, and several runs with one document. */
#include "state/state.h"

#include "base/secret.h"
#include "doc/node.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DIGEST(letter)                                                                             \
	"sha256:" letter letter letter letter letter letter letter letter letter letter letter     \
		letter letter letter letter letter
#define DA DIGEST("aaaa")
#define DB DIGEST("bbbb")

enum { NOW = 2000000000, DAY = 86400 };

static const struct reference source = {"r.io", "team/a", "1", NULL};
static const struct written_tag one = {{"s.io", "m/a", "1", NULL}, DA, "r.io/team/a@" DA, NOW, 0};

/* When the digest was first seen. */
static int64_t see(struct sync_state *state, const char *digest, int64_t now)
{
	bool kept;
	int64_t first = state_see(state, &source, digest, now, &kept);
	assert_true(kept);
	return first;
}

static void wrote(struct sync_state *state, const char *repository, const char *tag,
		  const char *digest, int64_t now)
{
	const struct written_tag written = {{"s.io", repository, tag, NULL}, digest, NULL, now, 0};
	state_wrote(state, &written);
}

/* "DIGEST when met", or "" for a tag that is not ours. */
static void tag_is(struct sync_state *state, const char *repository, const char *tag,
		   const char *wanted)
{
	scoped(buf_finish) struct buf text = {0};
	const struct reference name = {"s.io", repository, tag, NULL};
	struct written_tag found;
	if (state_written(state, &name, &found))
		buf_printf(&text, "%.11s %+d %+d", found.digest, (int)(found.when - NOW),
			   (int)(found.met - NOW));
	assert_string_equal(buf_string(&text), wanted);
}

/* What one process stores and the next one reads. */
static void pass_on(struct sync_state *from, struct sync_state *to, int64_t now)
{
	scoped(buf_finish) struct buf text = buf_limit(NODE_BYTES_MAX);
	struct error err;
	state_write(from, &text);
	assert_true(buf_ok(&text));
	if (!state_read(to, buf_str(&text), now, &err))
		fail_msg("%s", err.text);
	state_stored(from);
}

static void test_seen(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new(), *next = state_new();
	const struct reference elsewhere = {"r.io", "team/b", "1", NULL};
	bool kept;
	(void)unused;
	assert_int_equal(see(state, DA, NOW), NOW);
	assert_int_equal(see(state, DA, NOW + 5), NOW);
	assert_int_equal(see(state, DB, NOW + 6), NOW + 6);
	assert_int_equal(state_see(state, &elsewhere, DA, NOW + 7, &kept), NOW + 7);
	pass_on(state, next, NOW + 8);
	assert_int_equal(see(next, DA, NOW + 9), NOW);
	assert_int_equal(see(next, DB, NOW + 9), NOW + 6);
}

static void test_written(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new(), *next = state_new();
	struct written_tag found;
	(void)unused;
	tag_is(state, "m/a", "1", "");
	state_wrote(state, &one);
	wrote(state, "m/a", "2", DB, NOW + 1);
	tag_is(state, "m/a", "1", "sha256:aaaa +0 +0");
	state_met(state, &one.destination, NOW + DAY - 1);
	tag_is(state, "m/a", "1", "sha256:aaaa +0 +0");
	state_met(state, &one.destination, NOW + DAY);
	pass_on(state, next, NOW + DAY);
	tag_is(next, "m/a", "1", "sha256:aaaa +0 +86400");
	tag_is(next, "m/a", "2", "sha256:bbbb +1 +1");
	tag_is(next, "m", "1", "");
	assert_true(state_written(next, &one.destination, &found));
	assert_string_equal(found.source, one.source);
	wrote(next, "m/a", "1", DB, NOW + DAY + 1);
	tag_is(next, "m/a", "1", "sha256:bbbb +86401 +86401");
}

/* A tag that somebody else has written, or none at all, is not met. */
static void test_not_ours(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new();
	const struct reference untagged = {"s.io", "m/a", NULL, DA};
	const struct written_tag by_digest = {untagged, DA, NULL, NOW, 0};
	struct written_tag found;
	(void)unused;
	state_met(state, &one.destination, NOW);
	state_removed(state, &one.destination, NOW);
	state_wrote(state, &by_digest);
	assert_false(state_written(state, &untagged, &found));
	assert_false(state_changed(state));
}

static void below(struct sync_state *state, const char *host, const char *repository,
		  const char *wanted)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct written_tag *list;
	size_t count;
	assert_true(state_written_below(state, host, repository, arena, &list, &count));
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s:%s ", list[i].destination.repository,
			   list[i].destination.tag);
	assert_string_equal(buf_string(&text), wanted);
}

static void test_below(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new();
	(void)unused;
	wrote(state, "m/a", "1", DA, NOW);
	wrote(state, "m/a", "2", DA, NOW);
	wrote(state, "m/ab", "1", DA, NOW);
	wrote(state, "m/a/c", "1", DA, NOW);
	state_removed(state, &(struct reference){"s.io", "m/a", "2", NULL}, NOW);
	below(state, "s.io", "m/a", "m/a:1 m/a/c:1 ");
	below(state, "s.io", "m", "m/a:1 m/ab:1 m/a/c:1 ");
	below(state, "s.io", "", "m/a:1 m/ab:1 m/a/c:1 ");
	below(state, "s.io", "m/a/c", "m/a/c:1 ");
	below(state, "t.io", "m/a", "");
}

/* A digest that is not met expires; a tag that was written does not. */
static void test_expired(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new(), *met = state_new(),
					     *late = state_new();
	(void)unused;
	see(state, DA, NOW);
	see(state, DB, NOW);
	state_wrote(state, &one);
	pass_on(state, met, NOW + 90 * DAY);
	assert_int_equal(see(met, DA, NOW + 90 * DAY), NOW);
	pass_on(met, late, NOW + 91 * DAY);
	assert_int_equal(see(late, DA, NOW + 91 * DAY), NOW);
	assert_int_equal(see(late, DB, NOW + 91 * DAY), NOW + 91 * DAY);
	tag_is(late, "m/a", "1", "sha256:aaaa +0 +0");
}

/* A clock that was ahead makes no image wait longer than one that is first seen now. */
static void test_clock_was_ahead(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new(), *next = state_new();
	(void)unused;
	see(state, DA, NOW + 500 * DAY);
	pass_on(state, next, NOW);
	assert_int_equal(see(next, DA, NOW + 1), NOW);
}

/* Two runs that read the same state, and store it one after the other: both results are there. */
static void test_two_runs(void **unused)
{
	scoped(state_free) struct sync_state *base = state_new(), *a = state_new(),
					     *b = state_new(), *end = state_new();
	(void)unused;
	see(base, DA, NOW);
	state_wrote(base, &one);
	wrote(base, "m/gone", "1", DA, NOW);
	pass_on(base, a, NOW);
	pass_on(base, b, NOW);
	see(b, DB, NOW + 20);
	see(a, DB, NOW + 10);
	wrote(a, "m/a", "1", DB, NOW + 10);
	wrote(a, "m/a", "of-a", DA, NOW + 10);
	state_removed(a, &(struct reference){"s.io", "m/gone", "1", NULL}, NOW + 10);
	wrote(b, "m/a", "of-b", DA, NOW + 20);
	pass_on(a, b, NOW + 30);
	pass_on(b, end, NOW + 30);
	assert_int_equal(see(end, DB, NOW + 40), NOW + 10);
	tag_is(end, "m/a", "1", "sha256:bbbb +10 +10");
	tag_is(end, "m/a", "of-a", "sha256:aaaa +10 +10");
	tag_is(end, "m/a", "of-b", "sha256:aaaa +20 +20");
	tag_is(end, "m/gone", "1", "");
}

/* Of a tag that one run removes and another writes, the later one counts. */
static void test_removed_and_written(void **unused)
{
	scoped(state_free) struct sync_state *base = state_new(), *a = state_new(),
					     *b = state_new();
	(void)unused;
	state_wrote(base, &one);
	pass_on(base, a, NOW);
	pass_on(base, b, NOW);
	state_removed(a, &one.destination, NOW + 10);
	wrote(b, "m/a", "1", DB, NOW + 5);
	pass_on(b, a, NOW + 20);
	tag_is(a, "m/a", "1", "");
	wrote(b, "m/a", "1", DB, NOW + 15);
	pass_on(b, a, NOW + 20);
	tag_is(a, "m/a", "1", "sha256:bbbb +15 +15");
}

static void test_changed(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new(), *next = state_new();
	scoped(buf_finish) struct buf text = {0};
	const struct hint hint = {"r.io/a:1", "s.io/b:1", "x", DA, DB};
	(void)unused;
	assert_false(state_changed(state));
	see(state, DA, NOW);
	assert_true(state_changed(state));
	state_write(state, &text);
	assert_true(state_changed(state));
	see(state, DB, NOW);
	state_stored(state);
	assert_true(state_changed(state));
	pass_on(state, next, NOW);
	assert_false(state_changed(state));
	assert_false(state_changed(next));
	see(next, DA, NOW + DAY - 1);
	assert_false(state_changed(next));
	see(next, DA, NOW + DAY);
	assert_true(state_changed(next));
	hints_record(state_hints(state), &hint, NOW);
	assert_true(state_changed(state));
	pass_on(state, next, NOW);
	assert_false(state_changed(state));
	assert_true(hints_confirm(state_hints(next), &hint));
}

#define START "{\"version\": 1, \"hints\": {}, \"manifests\": {}"

/* What an earlier release wrote, and what makes no sense: then nothing of it counts. */
static void test_documents(void **unused)
{
	static const struct {
		const char *text, *why; /* why: NULL: it is right */
	} cases[] = {
		{START "}", NULL},
		{START ", \"seen\": {}, \"written\": {}, \"later\": 7}", NULL},
		{"", "1:1: "},
		{" \n{\"version\": 1", "2:"},
		{"{}", "1:1: expected a state of version 1"},
		{"{\"version\": 0}", "1:13: expected version 1"},
		{"{\"version\": 2}", "1:13: this is a state of version 2, "},
		{"{\"version\": \"1\"}", "1:1: this is no state"},
		{"{\"name\": \"x\"}", "1:1: this is no state"},
		{"[]", "1:1: this is no state"},
		{"r.io/a: r.io/b\n", "1:1: this is no state"},
		{"{\"version\": 1}", "1:1: expected a mapping of hints"},
		{START ", \"seen\": []}", "1:54: expected a mapping"},
		{START ", \"seen\": {\"a\": 7}}", "1:55: expected HOST/PATH@DIGEST"},
		{START ", \"seen\": {\"@" DA "\": 7}}", "1:55: expected HOST/PATH@DIGEST"},
		{START ", \"seen\": {\"r.io/a@" DA "\": {\"first\": 7}}}", "expected times in"},
		{START ", \"seen\": {\"r.io/a@" DA "\": {\"first\": -7, \"last\": 7}}}",
		 "expected times in"},
		{START ", \"written\": {\"r.io/a\": 7}}", "1:58: expected HOST/PATH:TAG"},
		{START ", \"written\": {\"r.io/a@" DA "\": 7}}", "1:58: expected HOST/PATH:TAG"},
		{START ", \"written\": {\"r.io/a:1@" DA "\": 7}}", "1:58: expected HOST/PATH:TAG"},
		{START ", \"written\": {\"r.io/a:1\": 7}}", "1:70: expected the digest that was"},
		{START ", \"written\": {\"r.io/a:1\": {\"digest\": \"" DA "\"}}}",
		 "1:70: expected times"},
	};
	(void)unused;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(state_free) struct sync_state *state = state_new();
		struct error err = {0};
		see(state, DA, NOW);
		bool right = state_read(state, str_of(cases[i].text), NOW, &err);
		if (right != !cases[i].why || (!right && !strstr(err.text, cases[i].why)))
			fail_msg("%zu: %s", i, err.text);
		enum error_kind kind = cases[i].why && strstr(cases[i].why, "this is")
					       ? ERROR_UNSUPPORTED
					       : ERROR_CONFIG;
		assert_true(right || err.kind == kind);
		assert_int_equal(see(state, DA, NOW + 1), NOW);
	}
}

static void test_secrets(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new();
	scoped(buf_finish) struct buf text = {0};
	const struct reference secret = {"r.io", "word-of-a-user", "1", NULL};
	const struct written_tag from = {
		{"s.io", "m/a", "2", NULL}, DA, "r.io/word-of-a-user@" DA, NOW, 0};
	bool kept;
	(void)unused;
	state_see(state, &secret, DA, NOW, &kept);
	wrote(state, "word-of-a-user", "1", DA, NOW);
	wrote(state, "m/a", "1", DA, NOW);
	state_wrote(state, &from);
	secret_register(STR("word-of-a-user"));
	state_write(state, &text);
	secret_forget();
	assert_non_null(strstr(buf_string(&text), "s.io/m/a:1"));
	assert_non_null(strstr(buf_string(&text), "s.io/m/a:2"));
	assert_null(strstr(buf_string(&text), "word"));
}

/* What does not fit is not kept, and the state says so. */
static void test_too_many(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new(), *next = state_new();
	char tag[32];
	bool kept = true;
	(void)unused;
	for (int i = 0; i < STATE_MAX; i++) {
		const struct reference name = {"r.io", tag, NULL, NULL};
		snprintf(tag, sizeof(tag), "a%d", i);
		state_see(state, &name, DA, NOW, &kept);
		wrote(state, "m/a", tag, DA, NOW);
	}
	assert_true(kept);
	assert_false(state_full(state));
	pass_on(state, next, NOW);
	state_see(state, &source, DA, NOW, &kept);
	assert_false(kept);
	assert_true(state_full(state));
	wrote(next, "m/a", "more", DA, NOW);
	assert_true(state_full(next));
	tag_is(next, "m/a", "more", "");
	tag_is(next, "m/a", "a7", "sha256:aaaa +0 +0");
}

/* Runs that have read what the other one stored write the same, so neither replaces it again. */
static void test_two_runs_agree(void **unused)
{
	scoped(state_free) struct sync_state *left = state_new(), *right = state_new();
	scoped(buf_finish) struct buf first = {0}, second = {0};
	struct error err;
	bool kept;
	(void)unused;
	for (int i = 0; i < 9; i++) {
		struct sync_state *state = i % 2 ? left : right;
		char name[8];
		snprintf(name, sizeof(name), "a%d", 8 - i);
		const struct reference at = {"r.io", name, NULL, NULL};
		state_see(state, &at, DA, NOW + i, &kept);
		wrote(state, "m", name, DA, NOW + i);
		hints_record_parts(state_hints(state), i % 2 ? DA : DB, NULL, 0, NOW);
	}
	state_write(left, &first);
	assert_true(state_read(right, buf_str(&first), NOW + 9, &err));
	state_write(right, &second);
	assert_true(state_read(left, buf_str(&second), NOW + 9, &err));
	buf_reset(&first);
	state_write(left, &first);
	assert_string_equal(buf_string(&first), buf_string(&second));
}

enum { THREADS = 4, EACH = 300 };

/* Some digests and tags are of one thread alone, some of all, while all of it is stored. */
static void *work(void *ctx)
{
	struct sync_state *state = ctx;
	char own[32], shared[32];
	for (int i = 0; i < EACH; i++) {
		const struct reference mine = {"r.io", own, NULL, NULL},
				       ours = {"r.io", shared, NULL, NULL};
		bool kept, both;
		snprintf(own, sizeof(own), "%lx", (unsigned long)pthread_self());
		snprintf(shared, sizeof(shared), "a%d", i);
		state_see(state, &mine, DA, NOW + i, &kept);
		state_see(state, &ours, DA, NOW + i, &both);
		wrote(state, shared, own, DA, NOW);
		wrote(state, shared, "1", DA, NOW);
		state_met(state, &(struct reference){"s.io", shared, "1", NULL}, NOW + DAY + i);
		if (!kept || !both)
			return NULL;
	}
	return state;
}

static void test_threads(void **unused)
{
	scoped(state_free) struct sync_state *state = state_new(), *next = state_new();
	pthread_t threads[THREADS];
	(void)unused;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, state), 0);
	for (size_t i = 0; i < 20; i++)
		pass_on(state, next, NOW);
	for (size_t i = 0; i < THREADS; i++) {
		void *result;
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, state);
	}
	pass_on(state, next, NOW + 2 * DAY);
	assert_false(state_changed(state));
	tag_is(next, "a7", "1", "sha256:aaaa +0 +86407");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seen),           cmocka_unit_test(test_written),
		cmocka_unit_test(test_not_ours),       cmocka_unit_test(test_below),
		cmocka_unit_test(test_expired),        cmocka_unit_test(test_clock_was_ahead),
		cmocka_unit_test(test_two_runs),       cmocka_unit_test(test_removed_and_written),
		cmocka_unit_test(test_changed),        cmocka_unit_test(test_documents),
		cmocka_unit_test(test_secrets),        cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_two_runs_agree), cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
