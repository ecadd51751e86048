/* Hints about images: what they confirm, and what a file of them may say. */
#include "state/hints.h"

#include "base/secret.h"
#include "doc/json.h"
#include "doc/json_writer.h"

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
#define DC DIGEST("cccc")
#define KEY "r.io/a:1 s.io/b:1 arch=amd64"

enum { NOW = 2000000000, DAY = 86400 };

static const struct hint plain = {"r.io/a:1", "s.io/b:1", "arch=amd64", DA, DB};
static const struct hint nothing = {"r.io/none:1", "s.io/none:1", "arch=amd64", DA, NULL};

#define SEEN "      \"seen\": 2000000000\n"

static const char document[] = "{\n"
			       "  \"hints\": {\n"
			       "    \"" KEY "\": {\n"
			       "      \"source\": \"" DA "\",\n"
			       "      \"destination\": \"" DB "\",\n" SEEN "    },\n"
			       "    \"r.io/none:1 s.io/none:1 arch=amd64\": {\n"
			       "      \"source\": \"" DA "\",\n"
			       "      \"destination\": null,\n" SEEN "    }\n"
			       "  },\n"
			       "  \"manifests\": {\n"
			       "    \"" DA "\": {\n"
			       "      \"parts\": [\n"
			       "        \"" DB "\",\n"
			       "        \"" DC "\"\n"
			       "      ],\n" SEEN "    },\n"
			       "    \"" DB "\": {\n"
			       "      \"parts\": [],\n" SEEN "    }\n"
			       "  }\n"
			       "}\n";

static void print(struct hints *hints, struct buf *out)
{
	struct json_writer json = {.out = out};
	json_writer_open_object(&json);
	hints_write(hints, &json);
	json_writer_close_object(&json);
	buf_add_char(out, '\n');
}

static bool read_text(struct hints *hints, struct str text, int64_t now, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root;
	assert_true(json_read_file(arena, text, &root, err));
	return hints_read(hints, root, now, err);
}

static void written(struct hints *hints, const char *wanted)
{
	scoped(buf_finish) struct buf text = {0};
	print(hints, &text);
	assert_string_equal(buf_string(&text), wanted);
}

/* "+" and the parts of a manifest that are known, else "". */
static void parts(struct hints *hints, const char *digest, const char *wanted)
{
	scoped(buf_finish) struct buf text = {0};
	const char *const *list;
	size_t count;
	bool known = hints_find_parts(hints, digest, NOW, &list, &count);
	buf_add_string(&text, known ? "+" : "");
	for (size_t i = 0; known && i < count; i++)
		buf_printf(&text, " %s", list[i]);
	assert_string_equal(buf_string(&text), wanted);
}

static void test_recorded(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	(void)state;
	assert_false(hints_confirm(hints, &plain));
	hints_record(hints, &plain, NOW);
	hints_record(hints, &nothing, NOW);
	assert_true(hints_confirm(hints, &plain));
	assert_true(hints_confirm(hints, &nothing));
	parts(hints, DA, "");
	hints_record_parts(hints, DA, (const char *const[]){DB, DC}, 2, NOW);
	hints_record_parts(hints, DB, NULL, 0, NOW);
	parts(hints, DA, "+ " DB " " DC);
	parts(hints, DB, "+");
	parts(hints, DC, "");
	written(hints, document);
}

/* A hint is about all that it says: with any part changed it confirms nothing. */
static void test_other_images(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	const struct hint others[] = {
		{"r.io/a:2", plain.destination, plain.terms, DA, DB},
		{plain.source, "s.io/b:2", plain.terms, DA, DB},
		{plain.source, plain.destination, "arch=arm64", DA, DB},
		{plain.source, plain.destination, plain.terms, DB, DB},
		{plain.source, plain.destination, plain.terms, DA, DA},
		{plain.source, plain.destination, plain.terms, DA, NULL},
		{nothing.source, nothing.destination, nothing.terms, DA, DA},
	};
	(void)state;
	hints_record(hints, &plain, NOW);
	hints_record(hints, &nothing, NOW);
	for (size_t i = 0; i < array_count(others); i++)
		assert_false(hints_confirm(hints, &others[i]));
}

static void test_newer_digests(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	struct hint newer = plain;
	(void)state;
	newer.source_digest = DB;
	newer.destination_digest = DA;
	hints_record(hints, &plain, NOW);
	hints_record(hints, &newer, NOW);
	assert_false(hints_confirm(hints, &plain));
	assert_true(hints_confirm(hints, &newer));
	newer.destination_digest = NULL;
	hints_record(hints, &newer, NOW);
	assert_true(hints_confirm(hints, &newer));
}

static void test_read(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	struct error err;
	(void)state;
	assert_true(read_text(hints, str_of(document), NOW, &err));
	assert_true(hints_confirm(hints, &plain));
	assert_true(hints_confirm(hints, &nothing));
	parts(hints, DA, "+ " DB " " DC);
	parts(hints, DB, "+");
	written(hints, document);
}

/* What was met lives on, what was not is dropped; a clock that was wrong gives no longer life. */
static void test_expired(void **state)
{
	static const struct {
		int64_t now, met, later;
		bool first, second;
	} cases[] = {
		{NOW + 90 * DAY, 0, NOW + 91 * DAY, true, false},
		{NOW + 90 * DAY + 1, 0, NOW + 91 * DAY, false, false},
		{NOW + 60 * DAY, NOW + 60 * DAY, NOW + 150 * DAY, true, true},
		{NOW + 60 * DAY, NOW + 60 * DAY, NOW + 151 * DAY, true, false},
		{NOW - 300 * DAY, 0, NOW - 209 * DAY, true, false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(hints_free) struct hints *hints = hints_new(), *next = hints_new();
		scoped(buf_finish) struct buf text = {0};
		const char *const *list;
		size_t count;
		struct error err;
		assert_true(read_text(hints, str_of(document), cases[i].now, &err));
		assert_int_equal(hints_confirm(hints, &plain), cases[i].first);
		if (cases[i].met) {
			hints_record(hints, &plain, cases[i].met);
			hints_find_parts(hints, DA, cases[i].met, &list, &count);
			hints_record_parts(hints, DB, NULL, 0, cases[i].met);
		}
		print(hints, &text);
		assert_true(read_text(next, buf_str(&text), cases[i].later, &err));
		assert_int_equal(hints_confirm(next, &plain), cases[i].second);
		parts(next, DA, cases[i].second ? "+ " DB " " DC : "");
		parts(next, DB, cases[i].second ? "+" : "");
	}
}

#define START "{\"version\": 1, \"manifests\": {}, \"hints\": {"
#define PAIR START "\"" KEY "\": {\"source\": \"" DA "\", \"destination\": "
#define PARTS                                                                                      \
	"{\"version\": 1, \"hints\": {\"" KEY "\": {\"source\": \"" DA                             \
	"\", \"destination\": \"" DB "\", \"seen\": 2000000000}}, \"manifests\": {\"" DC           \
	"\": {\"seen\": 2000000000, \"parts\": []}, "

/* One mistake, and nothing of the file counts. */
static void test_damaged(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"[]", "1:1: expected a mapping of hints"},
		{"{\"version\": 1}", "1:1: expected a mapping of hints"},
		{"{\"version\": 1, \"hints\": {}}", "1:1: expected a mapping of hints"},
		{"{\"version\": 1, \"hints\": [], \"manifests\": {}}",
		 "1:1: expected a mapping of"},
		{START "\"a\": 7}}", "1:48: expected the digests of"},
		{PAIR "\"sha256:12\", \"seen\": 2000000000}}}", "expected the digests of"},
		{PAIR "7, \"seen\": 2000000000}}}", "expected the digests of"},
		{PAIR "\"" DB "\", \"seen\": \"x\"}}}", "expected the time when"},
		{PAIR "\"" DB "\", \"seen\": 2000000000}, \"b\": {}}}", "expected the digests of"},
		{PARTS "\"a\": {\"parts\": [], \"seen\": 2000000000}}}", "expected the parts of"},
		{PARTS "\"" DA "\": {\"parts\": {}, \"seen\": 2000000000}}}", "expected the parts"},
		{PARTS "\"" DA "\": {\"parts\": [\"x\"], \"seen\": 2000000000}}}",
		 "expected the digest"},
		{PARTS "\"" DA "\": {\"parts\": []}}}", "expected the time when"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(hints_free) struct hints *hints = hints_new();
		struct error err;
		assert_false(read_text(hints, str_of(cases[i].text), NOW, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!strstr(err.text, cases[i].why))
			fail_msg("%zu: %s", i, err.text);
		assert_false(hints_confirm(hints, &plain));
		parts(hints, DC, "");
		hints_record(hints, &plain, NOW);
		assert_true(hints_confirm(hints, &plain));
	}
}

/* What another run has stored is added; the pair that was met later counts. Neither is a change. */
static void test_absorbed(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new(), *from = hints_new();
	struct hint other = plain;
	(void)state;
	other.destination_digest = DC;
	hints_record(hints, &plain, NOW);
	hints_record_parts(hints, DA, NULL, 0, NOW);
	hints_record(from, &other, NOW - 1);
	hints_record(from, &nothing, NOW);
	hints_record_parts(from, DA, NULL, 0, NOW + 1);
	hints_record_parts(from, DB, (const char *const[]){DA, DC}, 2, NOW);
	uint64_t changes = hints_changes(hints);
	assert_int_equal(changes, 2);
	assert_true(hints_absorb(hints, from));
	assert_int_equal(hints_changes(hints), changes);
	assert_true(hints_confirm(hints, &plain));
	assert_true(hints_confirm(hints, &nothing));
	parts(hints, DA, "+");
	parts(hints, DB, "+ " DA " " DC);
	hints_record(from, &other, NOW + DAY);
	assert_true(hints_absorb(hints, from));
	assert_true(hints_confirm(hints, &other));
}

/* That something was met is a change once a day. */
static void test_changes(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	const char *const *list;
	size_t count;
	(void)state;
	hints_record(hints, &plain, NOW);
	hints_record_parts(hints, DA, NULL, 0, NOW);
	hints_record(hints, &plain, NOW + DAY - 1);
	hints_find_parts(hints, DA, NOW + DAY - 1, &list, &count);
	assert_int_equal(hints_changes(hints), 2);
	hints_record(hints, &plain, NOW + DAY);
	assert_int_equal(hints_changes(hints), 3);
	hints_find_parts(hints, DA, NOW + DAY, &list, &count);
	assert_int_equal(hints_changes(hints), 4);
}

static void test_secrets(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	scoped(buf_finish) struct buf text = {0};
	struct hint secret = plain;
	(void)state;
	secret.source = "r.io/word-of-a-user:1";
	hints_record(hints, &plain, NOW);
	hints_record(hints, &secret, NOW);
	secret_register(STR("word-of-a-user"));
	print(hints, &text);
	secret_forget();
	assert_non_null(strstr(buf_string(&text), KEY));
	assert_null(strstr(buf_string(&text), "word"));
}

/* A file has a limit. What it already has may still change. */
static void test_too_many(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	struct hint newer = plain;
	char name[32];
	(void)state;
	hints_record(hints, &plain, NOW);
	for (int i = 1; i <= HINTS_MAX; i++) {
		const struct hint each = {name, "s.io/b:1", "", DA, DB};
		snprintf(name, sizeof(name), "r.io/a:%d", i);
		hints_record(hints, &each, NOW);
		assert_int_equal(hints_confirm(hints, &each), i < HINTS_MAX);
	}
	newer.source_digest = DB;
	hints_record(hints, &newer, NOW);
	assert_true(hints_confirm(hints, &newer));
}

static void test_too_many_parts(void **state)
{
	enum { ONCE = HINTS_PARTS_MAX / 4 };
	static const char *all[ONCE + 1];
	scoped(hints_free) struct hints *hints = hints_new();
	(void)state;
	for (size_t i = 0; i < array_count(all); i++)
		all[i] = DA;
	for (char c = '1'; c <= '4'; c++)
		hints_record_parts(hints, (const char[]){c, 0}, all, c == '4' ? ONCE + 1 : ONCE,
				   NOW);
	parts(hints, "4", "");
	hints_record_parts(hints, "5", all, ONCE, NOW);
	hints_record_parts(hints, "6", all, 1, NOW);
	parts(hints, "6", "");
	hints_record_parts(hints, "7", NULL, 0, NOW);
	parts(hints, "7", "+");
}

enum { THREADS = 4, EACH = 300 };

/* Some hints are of one thread alone, some of all. */
static void *work(void *ctx)
{
	struct hints *hints = ctx;
	const char *const inside[] = {DA, DB};
	const char *const *list;
	size_t count;
	char own[32], shared[32];
	for (int i = 0; i < EACH; i++) {
		const struct hint mine = {own, "s.io/b:1", "", DA, DB};
		const struct hint ours = {shared, "s.io/b:1", "", DA, i % 2 ? DB : NULL};
		snprintf(own, sizeof(own), "%lx/a:%d", (unsigned long)pthread_self(), i);
		snprintf(shared, sizeof(shared), "r.io/a:%d", i);
		hints_record(hints, &mine, NOW);
		hints_record(hints, &ours, NOW + i);
		hints_record_parts(hints, shared, inside, 2, NOW);
		if (!hints_confirm(hints, &mine) || !hints_confirm(hints, &ours) ||
		    !hints_find_parts(hints, shared, NOW, &list, &count) || count != 2 ||
		    strcmp(list[1], DB) != 0)
			return NULL;
	}
	return hints;
}

static void test_threads(void **state)
{
	scoped(hints_free) struct hints *hints = hints_new();
	pthread_t threads[THREADS];
	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, hints), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result;
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, hints);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),       cmocka_unit_test(test_other_images),
		cmocka_unit_test(test_newer_digests),  cmocka_unit_test(test_read),
		cmocka_unit_test(test_expired),        cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_secrets),        cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_many_parts), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_absorbed),       cmocka_unit_test(test_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
