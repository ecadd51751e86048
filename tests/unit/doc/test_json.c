/*
 * JSON in and out: what is accepted becomes the right tree, what is refused is refused at the right
 * place, and what the writer writes the reader reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "doc/json.h"
#include "doc/json_writer.h"
#include "node_dump.h"

static void check_tree(const char *text, const char *tree)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf found = {0};
	struct error err = {0};
	const struct node *node = NULL;
	if (!json_read(arena, str_of(text), &node, &err))
		fail_msg("%s: %s", text, err.text);
	dump(node, &found);
	assert_string_equal(buf_string(&found), tree);
}

static void test_accepted(void **state)
{
	(void)state;
	check_tree("null", "n:null");
	check_tree(" \r\n\t true ", "b:true");
	check_tree("{}", "{}");
	check_tree("[ ]", "[]");
	check_tree("{\"a\":{\"b\":[1,-2.5e+3,\"x\"]},\"c\":false}",
		   "{a={b=[i:1 i:-2.5e+3 s:x ] } c=b:false }");
	check_tree("[9223372036854775807, 1e400, 0, -0, 0.0]",
		   "[i:9223372036854775807 i:1e400 i:0 i:-0 i:0.0 ]");
	check_tree("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
		   "s:\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80");
	check_tree("{\"\":\"\",\"a\":1,\"A\":2}", "{=s: a=i:1 A=i:2 }");
	check_tree("\"\xc3\xa9\xe2\x82\xac\x7f\"", "s:\xc3\xa9\xe2\x82\xac\x7f");
}

struct refused {
	const char *text;
	const char *message; /* the beginning is enough */
};

static const struct refused refused[] = {
	{"", "1:1: the document is empty"},
	{" \n ", "2:2: the document is empty"},
	{"\xef\xbb\xbf{}", "1:1: the document starts with a byte order mark"},
	{"{} x", "1:4: unexpected text after the document"},
	{"1 2", "1:3: unexpected text after the document"},
	{"[1,]", "1:4: trailing comma: remove the comma after the last element"},
	{"{\"a\":1,}", "1:8: trailing comma: remove the comma after the last element"},
	{"[1 2]", "1:4: expected , or ]"},
	{"[1", "1:3: expected , or ]"},
	{"{\"a\" 1}", "1:6: expected : after the name"},
	{"{\"a\":1 \"b\":2}", "1:8: expected , or }"},
	{"{a:1}", "1:2: expected a name in double quotes"},
	{"{'a':1}", "1:2: expected a name in double quotes"},
	{"{\"a\":}", "1:6: expected a value"},
	{"[", "1:2: the document ends where a value is expected"},
	{"{\"a\":", "1:6: the document ends where a value is expected"},
	{"tru", "1:1: expected a value"},
	{"nan", "1:1: expected a value"},
	{"// x\n1", "1:1: expected a value"},
	{"01", "1:2: a number must not begin with 0"},
	{"-", "1:2: a number needs digits"},
	{"+1", "1:1: expected a value"},
	{".5", "1:1: expected a value"},
	{"1.", "1:3: a number needs digits after its point"},
	{"1e", "1:3: a number needs digits in its exponent"},
	{"0x10", "1:2: unexpected text after the document"},
	{"1234567890123456789012345678901234567890123456789012345678901234", "1:65: the number is"},
	{"\"abc", "1:5: the string has no closing quote"},
	{"\"a\nb\"", "1:3: a string must end on its line"},
	{"\"a\tb\"", "1:3: control character"},
	{"\"\\x\"", "1:3: unknown escape"},
	{"\"\\u12g4\"", "1:6: \\u needs four hexadecimal digits"},
	{"\"\\u0000\"", "1:8: \\u0000 is not allowed"},
	{"\"\\ud800\"", "1:8: half of a surrogate pair"},
	{"\"\\ud800\\u0041\"", "1:14: half of a surrogate pair"},
	{"\"\\udc00\\ud800\"", "1:8: half of a surrogate pair"},
	{"\"\xff\"", "1:2: not valid UTF-8"},
	{"\"\xc0\xaf\"", "1:2: not valid UTF-8"},
	{"\"\xed\xa0\x80\"", "1:2: not valid UTF-8"},
	{"\"\xf4\x90\x80\x80\"", "1:2: not valid UTF-8"},
	{"\"\xe2\x82", "1:2: not valid UTF-8"},
	{"{\"\xc3\xa9\xc3\xa9\": x}", "1:8: expected a value"},
	{"{\n \"a\": 1,\n \"b\": 2,\n \"\\u0061\": 3}", "4:2: \"a\" is given here and in line 2"},
	{"[{\"a\":{\"b\":1,\"b\":2}}]", "1:14: \"b\" is given here and in line 1"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(refused); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct error err = {0};
		const struct node *node = NULL;
		if (json_read(arena, str_of(refused[i].text), &node, &err))
			fail_msg("accepted: %s", refused[i].text);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!str_starts(str_of(err.text), refused[i].message))
			fail_msg("%s: got \"%s\", expected \"%s\"", refused[i].text, err.text,
				 refused[i].message);
	}
}

#define DEL5 "\x7f\x7f\x7f\x7f\x7f"
#define DEL60 DEL5 DEL5 DEL5 DEL5 DEL5 DEL5 DEL5 DEL5 DEL5 DEL5 DEL5 DEL5

/* What the reader of foreign text makes of it, in the notation of dump(); R: given twice. */
static const struct {
	struct str text;
	const char *tree;
} foreign[] = {
	/* bytes that are no text, one DEL each */
	{STR("[\"caf\xe9\",1]"), "[s:caf\x7f i:1 ]"},
	{STR("{\"\xff\":\"\xc0\xaf\",\"b\":2}"), "{\x7f=s:\x7f\x7f b=i:2 }"},
	{STR("\"\xe2\x82\""), "s:\x7f\x7f"},
	{STR("\"g\th\ni\rj\x01k\0l\""), "s:g\x7fh\x7fi\x7fj\x7fk\x7fl"},
	/* escapes that mean nothing */
	{STR("\"\\ud800\""), "s:\x7f"},
	{STR("\"\\ud800\\u0047\\uDC00\\ud83d\\ude00\""), "s:\x7fG\x7f\xf0\x9f\x98\x80"},
	{STR("\"\\ud800\\ud800\\udc00\""), "s:\x7f\xf0\x90\x80\x80"},
	{STR("\"\\u0000\\x41\\'\\\xe9\""), "s:\x7f\x7fx41\x7f'\x7f\x7f"},
	{STR("\"\\\\\\\"\\ud800\""), "s:\\\"\x7f"},
	/* numbers and depth beyond reason; nothing can be decided by them */
	{STR("[1234567890123456789012345678901234567890123456789012345678901234, 5]"),
	 "[s:" DEL60 "\x7f\x7f i:5 ]"},
	{STR("[-0.000000000000000000000000000000000000000000000000000000000000000e+1]"),
	 "[s:" DEL60 DEL5 "\x7f\x7f ]"},
	{STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	     "1,\"]\"],{\"a\":[]}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
	 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[s:" DEL5 " s:" DEL5 "\x7f ]"
	 " ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ]"},
	/* names given twice have no value */
	{STR("{\"a\":1,\"b\":2,\"\\u0061\":{\"c\":3},\"a\":[4]}"), "{a=R b=i:2 a=R a=R }"},
	{STR("{\"a\":{\"b\":1,\"b\":2},\"c\":3}"), "{a={b=R b=R } c=i:3 }"},
	{STR("\xef\xbb\xbf {}"), "{}"},
	/* and what the strict reader accepts anyway */
	{STR("{\"a\":[true,null,\"\xc3\xa9\\u00e9\x7f\"]}"),
	 "{a=[b:true n:null s:\xc3\xa9\xc3\xa9\x7f ] }"},
};

static void test_foreign(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(foreign); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf found = {0};
		struct error err = {0};
		const struct node *node = NULL;
		if (!json_read_foreign(arena, foreign[i].text, &node, &err))
			fail_msg("%s: %s", foreign[i].text.at, err.text);
		dump(node, &found);
		assert_string_equal(buf_string(&found), foreign[i].tree);
		assert_true(node->source_at + node->source_len == foreign[i].text.len);
	}
}

/* Where readers could disagree about what belongs to what, there is no leniency. */
static void test_foreign_refused(void **state)
{
	static const struct refused cases[] = {
		{"", "1:1: the document is empty"},
		{"\xef\xbb\xbf", "1:4: the document is empty"},
		{"{\"a\":\"\xff\"} x", "1:11: unexpected text after the document"},
		{"[\"\xff\",]", "1:6: trailing comma"},
		{"[\"\xff]", "1:5: the string has no closing quote"},
		{"[\"\\", "1:4: unknown escape"},
		{"[\"\\u12\"]", "1:7: \\u needs four hexadecimal digits"},
		{"[\"\\u00g0\"]", "1:7: \\u needs four hexadecimal digits"},
		{"{'a':\"\xff\"}", "1:2: expected a name in double quotes"},
		{"[\xff]", "1:2: expected a value"},
		{"[NaN]", "1:2: expected a value"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "1:33: the document is nested too deeply"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct error err = {0};
		const struct node *node = NULL;
		if (json_read_foreign(arena, str_of(cases[i].text), &node, &err))
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!str_starts(str_of(err.text), cases[i].message))
			fail_msg("%s: got \"%s\", expected \"%s\"", cases[i].text, err.text,
				 cases[i].message);
	}
}

/* Everything keeps its place, so that it can be copied from the source. */
static void test_foreign_places(void **state)
{
	static const char text[] = "{\"\xe9\\ud800\": \"\t\",\n \"b\": {\"c\": \"\xe9\\u0000\"}}";
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err = {0};
	const struct node *root = NULL;
	(void)state;
	assert_true(json_read_foreign(arena, str_of(text), &root, &err));
	const struct node *map = node_get(root, "b");
	assert_int_equal(map->line, 2);
	assert_int_equal(map->column, 7);
	struct str span = {text + map->source_at, map->source_len};
	assert_true(str_is(span, "{\"c\": \"\xe9\\u0000\"}"));
	span = (struct str){text + root->items[0]->source_at, root->items[0]->source_len};
	assert_true(str_is(span, "\"\t\""));
}

/* A NUL byte is no end of the document: it must not hide what follows it. */
static void test_nul_byte(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err = {0};
	const struct node *node = NULL;
	assert_false(json_read(arena, STR("{}\0 x"), &node, &err));
	assert_false(json_read(arena, STR("\"a\0b\""), &node, &err));
	assert_false(json_read(arena, STR("{\"a\0\":1}"), &node, &err));
}

static bool nested(int depth, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	const struct node *node = NULL;
	for (int i = 0; i < depth; i++)
		buf_add_char(&text, '[');
	for (int i = 0; i < depth; i++)
		buf_add_char(&text, ']');
	return json_read(arena, buf_str(&text), &node, err);
}

static void test_depth(void **state)
{
	(void)state;
	struct error err = {0};
	assert_true(nested(JSON_DEPTH_MAX, &err));
	assert_false(nested(JSON_DEPTH_MAX + 1, &err));
	assert_string_equal(err.text, "1:33: the document is nested too deeply");
	assert_false(nested(100000, &err));
}

static bool many(size_t count, bool distinct, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	const struct node *node = NULL;
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s\"k%zu\":1", i ? "," : "{", distinct || i + 1 < count ? i : 0);
	buf_add_char(&text, '}');
	return json_read(arena, buf_str(&text), &node, err) && node->count == count;
}

/* Large objects take another road than small ones to find a repeated name, and a quick one. */
static void test_many_values(void **state)
{
	(void)state;
	struct error err = {0};
	assert_true(many(100000, true, &err));
	assert_false(many(100000, false, &err));
	assert_non_null(strstr(err.text, "\"k0\" is given here and in line 1"));
	assert_false(many(JSON_VALUES_MAX, true, &err));
	assert_non_null(strstr(err.text, "too many values"));
}

static void test_places(void **state)
{
	(void)state;
	static const char text[] =
		"{\n  \"\xc3\xa9\": [10, \"b\\n\"],\n\t\"c\" : { \"d\": null } }";
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err = {0};
	const struct node *root = NULL;
	assert_true(json_read(arena, str_of(text), &root, &err));
	const struct node *list = node_get(root, "\xc3\xa9");
	const struct node *map = node_get(root, "c");
	assert_int_equal(list->line, 2);
	assert_int_equal(list->column, 8);
	assert_int_equal(list->items[1]->column, 13);
	assert_int_equal(root->keys[1]->line, 3);
	assert_int_equal(root->keys[1]->column, 2);
	struct str span = {text + map->source_at, map->source_len};
	assert_true(str_is(span, "{ \"d\": null }"));
	span = (struct str){text + list->items[1]->source_at, list->items[1]->source_len};
	assert_true(str_is(span, "\"b\\n\""));
	assert_int_equal(root->source_at, 0);
	assert_int_equal(root->source_len, sizeof(text) - 1);
	assert_true(list->items[1]->quoted);
	assert_false(list->items[0]->quoted);
	assert_false(map->items[0]->truth);
}

static void test_node(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err = {0};
	const struct node *root = NULL;
	int64_t number = 7;
	assert_true(json_read(arena,
			      STR("{\"a\":9223372036854775807,\"b\":9223372036854775808,\"c\":-1,"
				  "\"d\":1.0,\"e\":1e3,\"f\":\"5\",\"g\":\"\",\"h\":true}"),
			      &root, &err));
	assert_true(node_int64(node_get(root, "a"), &number));
	assert_true(number == INT64_MAX);
	for (const char *name = "bcdefgz"; *name; name++) {
		char key[] = {*name, '\0'};
		assert_false(node_int64(node_get(root, key), &number));
	}
	assert_null(node_get(root, "A"));
	assert_null(node_get(NULL, "a"));
	assert_null(node_get(node_get(root, "a"), "a"));
	assert_true(str_is(node_string(node_get(root, "f")), "5"));
	assert_non_null(node_string(node_get(root, "g")).at);
	assert_null(node_string(node_get(root, "a")).at);
	assert_null(node_string(NULL).at);
	assert_true(node_get(root, "h")->truth);
}

static void write_sample(struct json_writer *writer)
{
	json_writer_open_object(writer);
	json_writer_name(writer, "text");
	json_writer_string(writer, "a\"\\\n\t\x01\x7f\xc3\xa9 \xff\xe2\x82!");
	json_writer_name(writer, "none");
	json_writer_string(writer, NULL);
	json_writer_name(writer, "list");
	json_writer_open_list(writer);
	json_writer_int(writer, INT64_MIN);
	json_writer_bool(writer, true);
	json_writer_open_object(writer);
	json_writer_close_object(writer);
	json_writer_seconds(writer, 61007);
	json_writer_close_list(writer);
	json_writer_name(writer, "empty");
	json_writer_open_list(writer);
	json_writer_close_list(writer);
	json_writer_name(writer, "last");
	json_writer_seconds(writer, -5);
	json_writer_close_object(writer);
}

static void test_writer(void **state)
{
	(void)state;
	scoped(buf_finish) struct buf out = {0};
	struct json_writer writer = {.out = &out};
	write_sample(&writer);
	assert_string_equal(buf_string(&out), "{\n"
					      "  \"text\": \"a\\\"\\\\\\n\\t\\u0001\\u007f\xc3\xa9 "
					      "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\",\n"
					      "  \"none\": null,\n"
					      "  \"list\": [\n"
					      "    -9223372036854775808,\n"
					      "    true,\n"
					      "    {},\n"
					      "    61.007\n"
					      "  ],\n"
					      "  \"empty\": [],\n"
					      "  \"last\": 0.000\n"
					      "}");
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err = {0};
	const struct node *root = NULL;
	assert_true(json_read(arena, buf_str(&out), &root, &err));
	assert_int_equal(root->count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul_byte),       cmocka_unit_test(test_depth),
		cmocka_unit_test(test_many_values),    cmocka_unit_test(test_places),
		cmocka_unit_test(test_node),           cmocka_unit_test(test_writer),
		cmocka_unit_test(test_foreign),        cmocka_unit_test(test_foreign_refused),
		cmocka_unit_test(test_foreign_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
