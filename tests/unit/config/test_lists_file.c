/* Lists of images as rules of a file: which rules they give, in which order, and their places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/rules/lists_file.h"
#include "config/rules/naming.h"
#include "config/rules/prefix.h"
#include "doc/yaml.h"
#include "filter_print.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "MIRROR") == 0 ? "mirror.io/m" : NULL;
}

static const struct expand_lookup lookup = {.get = variable};

/* One line per rule: place source > destination, and its filter. */
static void check(const char *text, const char *expected)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct document document = {.name = "f"};
	struct error err = {0};
	struct rules rules;
	if (!yaml_read(arena, str_of(text), &document.root, &err))
		fail_msg("%s: %s", text, err.text);
	lists_file_read(arena, &document, &lookup, &rules, &problems);
	for (size_t i = 0; i < rules.count; i++) {
		const struct rule *rule = &rules.items[i];
		buf_printf(&shown, "%s %s > %s", rule->source_place, rule->source,
			   rule->destination);
		filter_print(rule_terms(rule)->platforms, &shown);
		buf_add_char(&shown, '\n');
	}
	assert_string_equal(buf_string(&problems.errors), "");
	assert_string_equal(buf_string(&shown), expected);
}

static void test_rules(void **state)
{
	(void)state;
	check("- {list: [nginx, quay.io/a/b:v1, nginx], to: r.io/m//}\n",
	      "f:1:11 docker.io/library/nginx:latest > r.io/m/library/nginx\n"
	      "f:1:18 quay.io/a/b:v1 > r.io/m/a/b\n"
	      "f:1:34 docker.io/library/nginx:latest > r.io/m/library/nginx\n");
	check("list: [a/b@" DIGEST "]\nto: r.io\n", "f:1:8 docker.io/a/b@" DIGEST " > r.io/a/b\n");
}

static void test_order(void **state)
{
	(void)state;
	check("- x.io/a: [r.io/a, r.io/b]\n"
	      "- {list: [x.io/c:1], to: [r.io, $MIRROR], names: full, arch: arm}\n"
	      "- x.io/d: r.io/d\n"
	      "  x.io/e: r.io/e\n"
	      "- {}\n",
	      "f:1:3 x.io/a > r.io/a\n"
	      "f:1:3 x.io/a > r.io/b\n"
	      "f:2:11 x.io/c:1 > r.io/x.io/c arch=arm//\n"
	      "f:2:11 x.io/c:1 > mirror.io/m/x.io/c arch=arm//\n"
	      "f:3:3 x.io/d > r.io/d\n"
	      "f:4:3 x.io/e > r.io/e\n");
}

static void test_names(void **state)
{
	static const struct {
		const char *names, *name;
	} rows[] = {
		{NULL, "etcd"},
		{"keep", "etcd"},
		{"full", "q.io_5000/core/os/etcd"},
		{"flatten", "q.io_5000_core_os_etcd"},
		{"{host}/{namespace}-{name}", "q.io_5000/core/os-etcd"},
		{"x/{path}", "x/core/os/etcd"},
	};
	static const struct naming naming = {"q.io:5000", {"core/os/etcd", 12}, {"etcd", 4}};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf name = {0};
		struct error err = {0};
		assert_true(!rows[i].names || naming_check(rows[i].names, &err));
		naming_add(rows[i].names, &naming, &name);
		assert_string_equal(buf_string(&name), rows[i].name);
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *text, *host, *path; /* host NULL: it is none */
	} rows[] = {
		{"r.io", "r.io", ""},
		{"R.io:5000/", "r.io:5000", ""},
		{"r.io/a/b", "r.io", "a/b"},
		{"team", "docker.io", "team"},
		{"docker.io/library", "docker.io", "library"},
		{"library", "docker.io", "library"},
		{"docker.io", NULL, NULL},
		{"index.docker.io/", NULL, NULL},
		{"", NULL, NULL},
		{"/", NULL, NULL},
		{"r.io/a:v1", NULL, NULL},
		{"r.io/any/Any", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct reference prefix;
		struct error err = {0};
		bool good = prefix_parse(arena, str_of(rows[i].text), &prefix, &err);
		if (good != (rows[i].host != NULL))
			fail_msg("%s: %s", rows[i].text, err.text);
		if (!good)
			continue;
		assert_string_equal(prefix.host, rows[i].host);
		assert_string_equal(prefix.repository, rows[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_prefixes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
