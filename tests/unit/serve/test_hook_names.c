/* Which images a request to the hook names, in JSON and in forms, and what is refused. */
#include "serve/hook_names.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* --- reading ------------------------------------------------------------------------------ */

static void show_part(const char *text, struct buf *out)
{
	buf_add_string(out, text ? text : "-");
}

/* All names as "NAME TAG; NAME TAG; ", or what is wrong. */
static void show(bool read, const struct hook_names *names, const struct error *err,
		 struct buf *out)
{
	if (!read) {
		assert_int_equal(err->kind, ERROR_CONFIG);
		buf_add_string(out, err->text);
		return;
	}
	for (size_t i = 0; i < names->count; i++) {
		show_part(names->items[i].name, out);
		buf_add_char(out, ' ');
		show_part(names->items[i].tag, out);
		buf_add_string(out, "; ");
	}
}

static void check(bool (*read)(struct arena *, struct str, struct hook_names *, struct error *),
		  struct str body, const char *expected)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf shown = {0};
	struct hook_names names = {0};
	struct error err = {0};
	bool good = read(arena, body, &names, &err);
	show(good, &names, &err, &shown);
	if (strcmp(buf_string(&shown), expected) != 0)
		fail_msg("%.*s: \"%s\", expected \"%s\"", STR_ARGS(body), buf_string(&shown),
			 expected);
}

static void test_json(void **state)
{
	static const struct {
		const char *body, *names;
	} cases[] = {
		{"{\"name\": \"q.io/a/b\", \"tag\": \"1\"}", "q.io/a/b 1; "},
		{"{\"Name\": \"q.io/a/b\", \"TAG\": \"1\"}", "q.io/a/b 1; "},
		{"{\"tag\": \"1\", \"name\": \"q.io/a/b\", \"more\": [{}]}", "q.io/a/b 1; "},
		{"[{\"name\": \"a\", \"tag\": \"1\"}, {\"name\": \"b\"}]", "a 1; b -; "},
		{"[]", ""},
		{"{}", "- -; "},
		{"{\"name\": \"\", \"tag\": null}", "- -; "},
		{"{\"name\": \"a\", \"NAME\": null, \"tag\": \"\", \"Tag\": \"2\"}", "a 2; "},
		{"{\"name\": 1}", "name is a number, not a string"},
		{"{\"name\": \"a\", \"Tag\": [\"1\"]}", "tag is a list, not a string"},
		{"{\"name\": {}}", "name is a mapping, not a string"},
		{"7",
		 "expected {\"name\": ..., \"tag\": ...} or a list of these, but this is a number"},
		{"null",
		 "expected {\"name\": ..., \"tag\": ...} or a list of these, but this is null"},
		{"[[]]",
		 "expected {\"name\": ..., \"tag\": ...} or a list of these, but this is a list"},
		{"[{}, \"a\"]",
		 "expected {\"name\": ..., \"tag\": ...} or a list of these, but this is a string"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		check(hook_names_json, str_of(cases[i].body), cases[i].names);
}

/* What is no JSON is refused by the reader, which says where; nothing of it is used. */
static void test_malformed_json(void **state)
{
	static const struct str bodies[] = {
		STR("{"),
		STR("{\"name\": \"a\"} x"),
		STR("name=a&tag=b"),
		STR("{\"name\": \"a\", \"name\": \"b\"}"),
		STR("{\"name\": \"a\\u0000b\"}"),
		STR("{\"name\": \"a\0b\"}"),
		STR("{\"name\": \"\xff\"}"),
		STR(""),
	};
	(void)state;
	for (size_t i = 0; i < array_count(bodies); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct hook_names names;
		struct error err = {0};
		assert_false(hook_names_json(arena, bodies[i], &names, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_true(err.text[0]);
	}
}

static void test_forms(void **state)
{
	static const struct {
		struct str body;
		const char *names;
	} cases[] = {
		{STR("name=q.io/a/b&tag=1"), "q.io/a/b 1; "},
		{STR("Name=q.io%2fa%2Fb&TAG=1.0%2b1"), "q.io/a/b 1.0+1; "},
		{STR("tag=1+2&other=%zz&name=a=b&&"), "a=b 1 2; "},
		{STR("name=%c3%A4&tag="), "\xc3\xa4 -; "},
		{STR("name&tag"), "- -; "},
		{STR("name=a&name=&tag=1&tag=2"), "- 2; "},
		{STR("x"), "- -; "},
		{STR("&"), "- -; "},
		{STR("name=%41"), "A -; "},
		{STR("name=a%"), "malformed form: a % that encodes no character of a name"},
		{STR("name=a%4"), "malformed form: a % that encodes no character of a name"},
		{STR("name=a%4g"), "malformed form: a % that encodes no character of a name"},
		{STR("name=a%g4"), "malformed form: a % that encodes no character of a name"},
		{STR("name=a%00b"), "malformed form: a % that encodes no character of a name"},
		{STR("tag=%0A"), "malformed form: a % that encodes no character of a name"},
		{STR("name=a\0b"), "malformed form: a control character"},
		{STR("tag=1\r\n"), "malformed form: a control character"},
		{STR("other=\r\n&tag=1"), "- 1; "},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		check(hook_names_form, cases[i].body, cases[i].names);
}

static void test_most_names(void **state)
{
	(void)state;
	for (size_t count = HOOK_NAMES_MAX; count <= HOOK_NAMES_MAX + 1; count++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf body = {0};
		struct hook_names names;
		struct error err = {0};
		for (size_t i = 0; i < count; i++)
			buf_printf(&body, "%s{\"name\":\"n%zu\"}", i ? "," : "[", i);
		buf_add_char(&body, ']');
		bool read = hook_names_json(arena, buf_str(&body), &names, &err);
		assert_int_equal(read, count == HOOK_NAMES_MAX);
		if (read)
			assert_string_equal(names.items[count - 1].name, "n999");
		else
			assert_string_equal(err.text, "more than 1000 images in one request");
	}
}

/* --- judging ------------------------------------------------------------------------------ */

static void judge(const char *name, const char *tag, bool short_too, enum hook_verdict verdict,
		  const char *expected)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf shown = {0};
	const struct hook_name named = {name, tag};
	enum hook_verdict given;
	struct hook_image image;
	struct error err = {0};
	assert_true(hook_names_judge(arena, &named, short_too, &given, &image, &err));
	if (given == HOOK_GOOD)
		buf_printf(&shown, "%s %s %s", image.host, image.repository, image.tag);
	else
		assert_int_equal(err.kind, ERROR_CONFIG);
	if (given != verdict ||
	    !strstr(given == HOOK_GOOD ? buf_string(&shown) : err.text, expected))
		fail_msg("%s %s: verdict %d, \"%s\", \"%s\"", name, tag, given, buf_string(&shown),
			 err.text);
}

static void test_good(void **state)
{
	(void)state;
	judge("quay.io/ns/img", "1.0", false, HOOK_GOOD, "quay.io ns/img 1.0");
	judge("Quay.IO/ns/img", "1.0", false, HOOK_GOOD, "quay.io ns/img 1.0");
	judge("quay.io/ns/a/b/c", "v", false, HOOK_GOOD, "quay.io ns/a/b/c v");
	judge("localhost:5000/ns/img", "v", false, HOOK_GOOD, "localhost:5000 ns/img v");
	judge("docker.io/library/nginx", "v", false, HOOK_GOOD, "docker.io library/nginx v");
	judge("index.docker.io/library/nginx", "v", false, HOOK_GOOD, "docker.io library/nginx v");
	judge("quay.io/img", "v", true, HOOK_GOOD, "quay.io img v");
	judge("quay.io/ns/img", "snap", false, HOOK_GOOD, "snap");
	judge("quay.io/ns/img", "a-snapshot-b", false, HOOK_GOOD, "a-snapshot-b");
}

static void test_verdicts(void **state)
{
	(void)state;
	judge(NULL, "1", false, HOOK_NAMELESS, "there is no name");
	judge(NULL, NULL, false, HOOK_NAMELESS, "there is no name");
	judge("quay.io/ns/img", NULL, false, HOOK_TAGLESS, "there is no tag");
	/* In the fork's order: without a tag its length does not matter. */
	judge("img", NULL, false, HOOK_TAGLESS, "there is no tag");
	judge("img", "1", false, HOOK_SHORT, "\"img\" is too short");
	judge("quay.io/img", "1", false, HOOK_SHORT, "\"quay.io/img\" is too short");
	judge("img", "1", true, HOOK_SHORT, "\"img\" is too short");
	judge("quay.io/ns/img", "1.0-SNAPSHOT", false, HOOK_SNAPSHOT, "tag 1.0-SNAPSHOT");
	judge("quay.io/ns/img", "Snapshot-1", false, HOOK_SNAPSHOT, "tag Snapshot-1");
	judge("quay.io/ns/img", "snapshot", false, HOOK_SNAPSHOT, "tag snapshot");
	/* What is no name is none, whatever its tag. */
	judge("quay.io/ns/IMG", "snapshot", false, HOOK_BAD, "");
}

/* Names that would mean something else than they say, or nothing at all. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"quay.io/../etc",
		"quay.io/ns/..",
		"quay.io/./img",
		"quay.io//img",
		"quay.io/ns/",
		"/ns/img",
		"//",
		"quay.io/ns/img&other",
		"quay.io/ns/img other",
		"quay.io/ns/Img",
		"quay.io/ns/img:1",
		"quay.io/ns/img?x=y",
		"quay.io/ns/im%",
		"https://quay.io/ns/im",
		"user@quay.io/ns/img",
		"ns/img/more",
		"quay.io/ns/im\x01g",
		"quay.io/ns/im\x7fg",
		"quay.io:/ns/a",
		"quay.io:99999/ns/img",
		"quay.io/ns/\xc3\xa4",
		"q_uay/ns/img",
		"quay.io\\x/ns/img",
		"quay.io/ns/img\n",
		" quay.io/ns/a",
		"quay.io/ns/img#x",
		"169.254.169.254:80:80/ns/img",
		"quay.io/ns/img@sha256:"
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	};
	static const char *const tags[] = {"..",  ".a",  "-a",  "a/b",   "a&b",      "a b",
					   "a:b", "a\n", "a@b", "a\x7f", "\xc3\xa4", "a%20"};
	(void)state;
	for (size_t i = 0; i < array_count(names); i++)
		judge(names[i], "1", false, HOOK_BAD, "");
	for (size_t i = 0; i < array_count(tags); i++)
		judge("quay.io/ns/img", tags[i], false, HOOK_BAD, "is no tag");
	judge("quay.io/ns/img:1", "1", false, HOOK_BAD, "the tag goes into the field tag");
	judge("ns/img/more", "1", false, HOOK_BAD, "a name begins with its registry");
}

/* A text is long enough for any name, and cut in what is said about it. */
static void test_long_names(void **state)
{
	static char long_name[60000], long_tag[60000];
	(void)state;
	memset(long_name, 'a', sizeof(long_name) - 1);
	memcpy(long_name, "quay.io/ns/", 11);
	memset(long_tag, 'b', sizeof(long_tag) - 1);
	judge(long_name, "1", false, HOOK_BAD, "");
	judge("quay.io/ns/img", long_tag, false, HOOK_BAD, "is no tag");
	long_tag[129] = '\0';
	judge("quay.io/ns/img", long_tag, false, HOOK_BAD, "is no tag");
	long_tag[128] = '\0';
	judge("quay.io/ns/img", long_tag, false, HOOK_GOOD, "bbb");
	memcpy(long_tag + 120, "Snapshot", 8);
	judge("quay.io/ns/img", long_tag, false, HOOK_SNAPSHOT, "snapshots are not");
	memset(long_name, '/', 60);
	judge(long_name, "1", false, HOOK_BAD, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),          cmocka_unit_test(test_malformed_json),
		cmocka_unit_test(test_forms),         cmocka_unit_test(test_most_names),
		cmocka_unit_test(test_good),          cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_long_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
