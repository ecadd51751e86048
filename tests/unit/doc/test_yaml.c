/*
 * The part of YAML that configuration needs: its tree, its kinds, its places, and what is
 * refused.
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
#include "doc/yaml.h"
#include "doc/yaml_scalar.h"
#include "node_dump.h"

struct row {
	const char *text;
	const char *expected; /* the tree, or how the message begins */
};

static const struct row accepted[] = {
	{"{}", "{}"},
	{"~", "n:~"},
	{"# only a word\nword", "s:word"},
	{"a: b\nc:\n  - d\n  - 'e f'\n  - \"g\\tx\"\n", "{a=s:b c=[s:d s:e f s:g\tx ] }"},
	{"a:\nb: null\nc: ''\n", "{a=n: b=n:null c=s: }"},
	{"a: yes\nb: 'yes'\nc: Off\nd: y\ne: tRUE\n", "{a=b:yes b=s:yes c=b:Off d=s:y e=s:tRUE }"},
	{"a: 12\nb: 0x1f\nc: 1.5e3\nd: '12'\ne: 1.2.3\nf: 20:30\ng: 2020-01-02\nh: -.5\n",
	 "{a=i:12 b=i:0x1f c=i:1.5e3 d=s:12 e=s:1.2.3 f=s:20:30 g=s:2020-01-02 h=i:-.5 }"},
	{"yes: 1\ntrue: 2\n12: 3\n'': 4\n'': 5", "{yes=i:1 true=i:2 12=i:3 =i:4 =i:5 }"},
	{"yes: 1\n12: 3\n~: 4\n", "{yes=i:1 12=i:3 ~=i:4 }"},
	{"quay.io/a/b:v1,v2: [x/y, \"z\"]", "{quay.io/a/b:v1,v2=[s:x/y s:z ] }"},
	{"p: |\n  a\n  b\nq: >-\n  c\n  d\n", "{p=s:a\nb\n q=s:c d }"},
	{"---\na: b\n...\n", "{a=s:b }"},
	{"\xef\xbb\xbf"
	 "a: \xc3\xa9\n",
	 "{a=s:\xc3\xa9 }"},
	{"'<<': a", "{<<=s:a }"},
	{"a: '*x'\nb: '&y'\nc: '!z'\n", "{a=s:*x b=s:&y c=s:!z }"},
	{"{a: {b: [c, {d: e}]}}", "{a={b=[s:c {d=s:e } ] } }"},
	{"a: &x b\nc: *x\n", "{a=s:b c=s:b }"},
	{"a: &x 12\nb: *x\nc: &x [1]\nd: *x\n", "{a=i:12 b=i:12 c=[i:1 ] d=[i:1 ] }"},
	{"&x 12: a\nb: *x\n*x : c\n", "{12=s:a b=i:12 12=s:c }"},
	{"&x 12: a\nb: [*x, *x]\n", "{12=s:a b=[i:12 i:12 ] }"},
	{"a: &x k\n*x : v\n", "{a=s:k k=s:v }"},
	{"a: &x {k: v, l: w}\nb: {<<: *x, l: own, m: n}\n",
	 "{a={k=s:v l=s:w } b={k=s:v l=s:own m=s:n } }"},
	{"a: &x {k: v}\nb: {k: own, <<: *x}\n", "{a={k=s:v } b={k=s:own } }"},
	{"a: &x {k: 1, l: 1}\nb: &y {l: 2, m: 2}\nc: {<<: [*x, *y], m: 3}\n",
	 "{a={k=i:1 l=i:1 } b={l=i:2 m=i:2 } c={k=i:1 l=i:1 m=i:3 } }"},
	{"a: &x {k: v}\nb: &y {<<: *x, l: w}\nc: {<<: *y}\n",
	 "{a={k=s:v } b={k=s:v l=s:w } c={k=s:v l=s:w } }"},
	{"<<: {a: b}\nc: d\n", "{a=s:b c=s:d }"},
	{"a: {<<: {}}\nb: {<<: []}\n", "{a={} b={} }"},
	/* Keys given twice stay, also when they are merged, and lose against those written out. */
	{"a: 1\nb: 2\n'a': 3\n", "{a=i:1 b=i:2 a=i:3 }"},
	{"a: {b: 1, <<: {c: 2}, b: 3}\n", "{a={b=i:1 c=i:2 b=i:3 } }"},
	{"a: &x {b: 1, b: 2}\nc: {<<: *x}\n", "{a={b=i:1 b=i:2 } c={b=i:1 b=i:2 } }"},
	{"a: &x {b: 1, b: 2}\nc: {b: 3, <<: *x}\n", "{a={b=i:1 b=i:2 } c={b=i:3 } }"},
	{"a: &x {b: 1}\nc: {<<: [*x, *x]}\n", "{a={b=i:1 } c={b=i:1 } }"},
	{"<<: {a: 1}\n<<: {a: 2, b: 3}\n", "{a=i:1 b=i:3 }"},
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(accepted); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf found = {0};
		struct error err = {0};
		const struct node *node = NULL;
		bool good = yaml_read(arena, str_of(accepted[i].text), &node, &err);
		if (!good)
			fail_msg("%s: %s", accepted[i].text, err.text);
		dump(node, &found);
		assert_string_equal(buf_string(&found), accepted[i].expected);
	}
}

static const struct row refused[] = {
	{"", "1:1: the document is empty"},
	{"# nothing\n", "2:1: the document is empty"},
	{"a: b\n---\nc: d\n", "2:1: a second document"},
	{"a: b\n...\n---\nc: d\n", "3:1: a second document"},
	{"a: *x\n",
	 "1:4: there is no anchor of this name above: put text that begins with * in quotes"},
	{"*x : b\n", "1:1: there is no anchor"},
	{"a: *x\nb: &x c\n", "1:4: there is no anchor"},
	{"a: &x [b, *x]\n", "1:11: this alias is inside its own anchor"},
	{"a: &x\n  b: {c: *x}\n", "2:10: this alias is inside its own anchor"},
	{"&x {<<: *x}\n", "1:9: this alias is inside its own anchor"},
	{"a: &x [b]\n*x : c\n", "2:1: a key must be plain text"},
	{"a: &x !y b\n", "1:4: tags (!name) are not supported"},
	{"a: {<<: b}\n", "1:5: << takes a mapping or a list of mappings"},
	{"<<: [{a: b}, c]\n", "1:1: << takes a mapping or a list of mappings"},
	{"<<:\n", "1:1: << takes a mapping or a list of mappings"},
	{"a: !secret b\n", "1:4: tags (!name) are not supported"},
	{"a: !!str 12\n", "1:4: tags (!name) are not supported"},
	{"a: !x {b: c}\n", "1:4: tags (!name) are not supported"},
	{"? [a]\n: b\n", "1:3: a key must be plain text"},
	{"{a}: b\n", "1:1: a key must be plain text"},
	{"a:\n\t- b\n", "2:1: this line is indented by a tab"},
	{"a: b\n\tc: d\n", "2:"},
	{"a: [b\nc: d\n",
	 "2:2: did not find expected ',' or ']' while parsing a flow sequence that "
	 "began in line 1"},
	{"a: 'b\n", "2:1: found unexpected end of stream while scanning a quoted scalar that began "
		    "in line 1"},
	{"a: b: c\n", "1:5: mapping values are not allowed in this context: put a text that "
		      "contains a colon and a space in quotes"},
	{"a: @b\n",
	 "1:4: found character that cannot start any token: put a text that begins with %, @"},
	{"\xc3\xa9: \xc3\xa9\n\xc3\xa9: %b\n",
	 "2:4: found character that cannot start any token: put a text"},
	{"a:\n   - b\n  - c\n", "3:3: did not find expected key while parsing a block mapping that "
				"began in line 1: keys and items that belong together"},
	{"a: b\nc:d\n", "3:1: could not find expected ':'"},
	{"a: b\nb: \xc3\xa9\xff\n", "2:5: not valid UTF-8"},
	{"a: b\x01\n", "1:5: not valid UTF-8, or a control character"},
	{"a: \"\\0\"\n", "1:4: the text contains a NUL"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(refused); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct error err = {0};
		const struct node *node = NULL;
		if (yaml_read(arena, str_of(refused[i].text), &node, &err))
			fail_msg("accepted: %s", refused[i].text);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!str_starts(str_of(err.text), refused[i].expected))
			fail_msg("%s: got \"%s\", expected \"%s\"", refused[i].text, err.text,
				 refused[i].expected);
	}
}

static bool nested(int depth, const char *open, const char *close, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	const struct node *node = NULL;
	for (int i = 0; i < depth; i++)
		buf_add_string(&text, open);
	for (int i = 0; i < depth; i++)
		buf_add_string(&text, close);
	return yaml_read(arena, buf_str(&text), &node, err);
}

static void test_limits(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct error err = {0};
	const struct node *node = NULL;
	assert_true(nested(YAML_DEPTH_MAX, "[", "]", &err));
	assert_false(nested(YAML_DEPTH_MAX + 1, "[", "]", &err));
	assert_string_equal(err.text, "1:17: the document is nested too deeply");
	assert_false(nested(YAML_DEPTH_MAX + 1, "{a: ", "}", &err));
	assert_false(nested(50000, "[", "]", &err));
	struct str large = {"", (size_t)NODE_BYTES_MAX + 1};
	assert_false(yaml_read(arena, large, &node, &err));
	assert_string_equal(err.text, "1:1: the document is larger than 512 MiB");
	buf_add_char(&text, '[');
	for (int i = 0; i < 1000000; i++)
		buf_add_string(&text, "x,");
	buf_add_char(&text, ']');
	assert_true(yaml_read(arena, buf_str(&text), &node, &err));
	assert_int_equal(node->count, 1000000);
}

/* Aliases are nodes met again, not copies; what they stand for is counted. */
static void test_aliases(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct error err = {0};
	const struct node *root = NULL;
	assert_true(yaml_read(arena, STR("a: &x [b, c]\nd: *x\ne: {<<: {f: *x}}\n"), &root, &err));
	assert_ptr_equal(root->items[0], root->items[1]);
	assert_ptr_equal(root->items[0], node_get(root->items[2], "f"));
	assert_int_equal(root->items[1]->line, 1);
	assert_int_equal(root->keys[1]->line, 2);

	/* The billion laughs, and the same with merges. */
	buf_add_string(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		buf_printf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			buf_printf(&text, "%s*a%d", j ? ", " : "", i - 1);
		buf_add_string(&text, "]\n");
	}
	assert_false(yaml_read(arena, buf_str(&text), &root, &err));
	assert_string_equal(err.text, "5:45: the aliases so far stand for too many values");
	buf_reset(&text);
	buf_add_string(&text, "- &a [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 0; i < YAML_ALIASED_MAX / 10; i++)
		buf_add_string(&text, "- *a\n");
	assert_true(yaml_read(arena, buf_str(&text), &root, &err));
	assert_int_equal(root->count, YAML_ALIASED_MAX / 10 + 1);
	buf_add_string(&text, "- *a\n");
	assert_false(yaml_read(arena, buf_str(&text), &root, &err));
	assert_string_equal(err.text, "10002:3: the aliases so far stand for too many values");
}

/* A large document may use an anchor everywhere: up to eight values for each that is written. */
static void test_many_aliases(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct error err = {0};
	const struct node *root = NULL;
	buf_add_string(&text, "- &a [x, x, x]\n");
	for (int i = 0; i < 100000; i++)
		buf_add_string(&text, "- {to: y, os: *a}\n");
	assert_true(yaml_read(arena, buf_str(&text), &root, &err));
	assert_int_equal(root->count, 100001);
}

/* Depth is that of what a walk would meet. */
static void test_aliased_depth(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err = {0};
	const struct node *root = NULL;
	assert_true(
		yaml_read(arena, STR("- &a [[[[[[[x]]]]]]]\n- [[[[[[[[*a]]]]]]]]\n"), &root, &err));
	assert_false(yaml_read(arena, STR("- &a [[[[[[[x]]]]]]]\n- [[[[[[[[[*a]]]]]]]]]\n"), &root,
			       &err));
	assert_string_equal(err.text, "2:12: this alias makes the document nested too deeply");
}

static void test_places(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err = {0};
	const struct node *root = NULL;
	assert_true(
		yaml_read(arena, STR("# x\n\xc3\xa9: b\nc:\n  - d\n  - {e: 'f'}\n"), &root, &err));
	const struct node *list = node_get(root, "c");
	assert_int_equal(root->items[0]->line, 2);
	assert_int_equal(root->items[0]->column, 4);
	assert_int_equal(root->keys[1]->line, 3);
	assert_int_equal(root->keys[1]->column, 1);
	assert_int_equal(list->items[0]->line, 4);
	assert_int_equal(list->items[0]->column, 5);
	assert_int_equal(node_get(list->items[1], "e")->column, 9);
	assert_true(node_get(list->items[1], "e")->quoted);
	assert_false(list->items[0]->quoted);
}

static void test_scalars(void **state)
{
	(void)state;
	static const char *const numbers[] = {"0",    "-1",    "+1",  "1_000", "017",
					      "0o17", "0b1",   "1.",  "1e5",   "1.5E-3",
					      ".inf", "-.inf", ".nan"};
	static const char *const texts[] = {"-",      "+",    ".",  "_1",  "0x",   "1e",
					    "1.2.3",  "v1",   "e5", "0xg", "1 2",  "-_",
					    "+.inf5", "none", "n",  "NO!", "-.nan"};
	bool truth = true;
	for (size_t i = 0; i < array_count(numbers); i++)
		if (yaml_scalar_kind(str_of(numbers[i]), &truth) != NODE_NUMBER)
			fail_msg("%s is a number", numbers[i]);
	for (size_t i = 0; i < array_count(texts); i++)
		if (yaml_scalar_kind(str_of(texts[i]), &truth) != NODE_STRING)
			fail_msg("%s is text", texts[i]);
	assert_int_equal(yaml_scalar_kind(STR("OFF"), &truth), NODE_BOOL);
	assert_false(truth);
	assert_int_equal(yaml_scalar_kind(STR("On"), &truth), NODE_BOOL);
	assert_true(truth);
	assert_int_equal(yaml_scalar_kind(STR(""), &truth), NODE_NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),        cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_aliased_depth), cmocka_unit_test(test_places),
		cmocka_unit_test(test_scalars),       cmocka_unit_test(test_many_aliases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
