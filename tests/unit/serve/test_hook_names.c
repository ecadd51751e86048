/* What a hook may say, in each form, and what becomes of a name. */
#include "serve/hook_names.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The names as text, "name tag" and a newline each, "-" where one is missing; "!" is an error. */
static const char *read_body(struct arena *arena, const char *body, bool form)
{
	scoped(buf_finish) struct buf out = {0};
	struct hook_names names;
	struct error err = {0};
	bool read = form ? hook_names_form(arena, str_of(body), &names, &err)
			 : hook_names_json(arena, str_of(body), &names, &err);
	assert_true(read || (err.kind == ERROR_CONFIG && *err.text));
	for (size_t i = 0; read && i < names.count; i++) {
		const struct hook_name *name = &names.items[i];
		buf_printf(&out, "%s %s\n", name->name ? name->name : "-",
			   name->tag ? name->tag : "-");
	}
	return read ? arena_string(arena, buf_string(&out)) : "!";
}

static void test_bodies(void **state)
{
	static const struct {
		const char *body, *names;
		bool form;
	} cases[] = {
		{"{\"name\": \"a/b/c\", \"tag\": \"1\"}", "a/b/c 1\n", false},
		{"{\"NAME\": \"a\", \"Tag\": null, \"x\": [1]}", "a -\n", false},
		{"[{\"name\": \"\"}, {\"tag\": \"1\"}]", "- -\n- 1\n", false},
		{"[]", "", false},
		{"{}", "- -\n", false},
		{"[[]]", "!", false},
		{"\"a\"", "!", false},
		{"{\"name\": 7}", "!", false},
		{"{\"name\": \"a\"", "!", false},
		{"", "!", false},
		{"name=a%2Fb&tag=1", "a/b 1\n", true},
		{"TAG=1+2&Name=%61&more=%zz", "a 1 2\n", true},
		{"name=&tag", "- -\n", true},
		{"", "- -\n", true},
		{"name=a&name=b", "b -\n", true},
		{"name=%", "!", true},
		{"name=%4", "!", true},
		{"name=%00", "!", true},
		{"tag=%0a", "!", true},
	};
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	for (size_t i = 0; i < array_count(cases); i++)
		assert_string_equal(read_body(arena, cases[i].body, cases[i].form), cases[i].names);
}

static void test_many(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	for (size_t count = HOOK_NAMES_MAX; count <= HOOK_NAMES_MAX + 1; count++) {
		scoped(buf_finish) struct buf body = {0};
		for (size_t i = 0; i < count; i++)
			buf_printf(&body, "%s{}", i ? "," : "[");
		buf_add_char(&body, ']');
		bool good = strcmp(read_body(arena, buf_string(&body), false), "!") != 0;
		assert_int_equal(good, count == HOOK_NAMES_MAX);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *tag;
		enum hook_verdict verdict;
		bool short_too;
		const char *image; /* of a good one, and of a snapshot */
	} cases[] = {
		{"quay.io/ns/img", "1", HOOK_GOOD, false, "quay.io/ns/img:1"},
		{"QUAY.io:443/ns/img/more", "V1", HOOK_GOOD, false, "quay.io:443/ns/img/more:V1"},
		{"[::1]:5000/ns/img", "1", HOOK_GOOD, false, "[::1]:5000/ns/img:1"},
		{"docker.io/library/nginx", "1", HOOK_GOOD, false, "docker.io/library/nginx:1"},
		{"docker.io/nginx", "1", HOOK_GOOD, true, "docker.io/library/nginx:1"},
		{"Index.Docker.IO/ns/img", "1", HOOK_GOOD, false, "docker.io/ns/img:1"},
		{"registry-1.docker.io/ns/img", "1", HOOK_GOOD, false, "docker.io/ns/img:1"},
		{"quay.io/ns/img", "a-SNAPSHOT", HOOK_SNAPSHOT, false, "quay.io/ns/img:a-SNAPSHOT"},
		{"quay.io/ns/img", "snapshot", HOOK_SNAPSHOT, false, "quay.io/ns/img:snapshot"},
		{"quay.io/ns/img", "a-snapshot-b", HOOK_GOOD, false, "quay.io/ns/img:a-snapshot-b"},
		{NULL, NULL, HOOK_NAMELESS, false, NULL},
		{"quay.io", NULL, HOOK_TAGLESS, false, NULL},
		{"quay.io/img", "1", HOOK_SHORT, false, NULL},
		{"quay.io", "1", HOOK_SHORT, true, NULL},
		{"ns/img/more", "1", HOOK_BAD, false, NULL},
		{"quay.io/ns/img:1", "1", HOOK_BAD, false, NULL},
		{"quay.io/../img", "1", HOOK_BAD, false, NULL},
		{"quay.io/ns/img", "a&b", HOOK_BAD, false, NULL},
		{"quay.io/ns/i&mg", "1", HOOK_BAD, false, NULL},
		{"quay.io/ns/img\n", "1", HOOK_BAD, false, NULL},
	};
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct hook_name name = {cases[i].name, cases[i].tag};
		enum hook_verdict verdict;
		struct hook_image image;
		struct error err = {0};
		assert_true(
			hook_names_judge(arena, &name, cases[i].short_too, &verdict, &image, &err));
		assert_int_equal(verdict, cases[i].verdict);
		assert_int_equal(verdict != HOOK_GOOD, *err.text != '\0');
		if (cases[i].image)
			assert_string_equal(arena_printf(arena, "%s/%s:%s", image.host,
							 image.repository, image.tag),
					    cases[i].image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
