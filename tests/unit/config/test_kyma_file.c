/*
 * The images file of kyma's image-syncer: target names in both namings, what each key does, and
 * what is said about mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/rules/kyma_file.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "filter_print.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define DG "sha256:" A16 A16 A16 A16
#define HUB "docker.io/library/"

struct row {
	const char *source, *tag; /* tag NULL: the key is not there */
	const char *pulled;       /* the rule's source */
	const char *plain;        /* behind the prefix as 2023-05 has it */
	const char *library;      /* and since 2024-07 */
};

static const struct row rows[] = {
	/* the valid rows of the table */
	{"alpine:3.24.1", NULL, HUB "alpine:3.24.1", "alpine:3.24.1", "library/alpine:3.24.1"},
	{"bitnami/x:1", NULL, "docker.io/bitnami/x:1", "bitnami/x:1", "bitnami/x:1"},
	{"gcr.io/distroless/static:latest", NULL, "gcr.io/distroless/static:latest",
	 "gcr.io/distroless/static:latest", "gcr.io/distroless/static:latest"},
	{"busybox@" DG, "1.32.0-v1", HUB "busybox@" DG, "busybox:1.32.0-v1",
	 "library/busybox:1.32.0-v1"},
	{"cypress/included:9.5.0", "latest", "docker.io/cypress/included:9.5.0",
	 "cypress/included:latest", "cypress/included:latest"},
	{"docker.io/library/alpine:3", NULL, HUB "alpine:3", "docker.io/library/alpine:3",
	 "docker.io/library/alpine:3"},
	/* the rows that go wrong in the original */
	{"host:5000/a/b:1", "v2", "host:5000/a/b:1", "host_5000/a/b:v2", "host_5000/a/b:v2"},
	{"host:5000/a/b:1", NULL, "host:5000/a/b:1", "host_5000/a/b:1", "host_5000/a/b:1"},
	{"alpine:3@" DG, "t", HUB "alpine:3@" DG, "alpine:t", "library/alpine:t"},
	/* and what follows from the text */
	{"alpine:3@" DG, NULL, HUB "alpine:3@" DG, "alpine:3", "library/alpine:3"},
	{"alpine", NULL, HUB "alpine:latest", "alpine:latest", "library/alpine:latest"},
	{"alpine", "v1", HUB "alpine:latest", "alpine:v1", "library/alpine:v1"},
	{"quay.io/a/b", NULL, "quay.io/a/b:latest", "quay.io/a/b:latest", "quay.io/a/b:latest"},
	{"Quay.IO/a/b:V1", NULL, "quay.io/a/b:V1", "quay.io/a/b:V1", "quay.io/a/b:V1"},
	{"localhost/a:1", NULL, "localhost/a:1", "localhost/a:1", "localhost/a:1"},
	{"index.docker.io/a/b:1", NULL, "docker.io/a/b:1", "index.docker.io/a/b:1",
	 "index.docker.io/a/b:1"},
	{"host:5000/a@" DG, "1.10", "host:5000/a@" DG, "host_5000/a:1.10", "host_5000/a:1.10"},
};

static bool read(struct arena *arena, const char *text, bool json, const struct options *options,
		 struct rules *rules, struct problems *problems)
{
	struct document document = {.name = "f", .json = json};
	struct error err = {0};
	const char *prefix;
	bool good = json ? json_read_file(arena, str_of(text), &document.root, &err)
			 : yaml_read(arena, str_of(text), &document.root, &err);
	if (!good)
		fail_msg("%s: %s", text, err.text);
	*rules = (struct rules){0};
	if (!kyma_file_recognise(&document, options->target_repo_prefix != NULL))
		return false;
	kyma_file_read(arena, &document, options, rules, &prefix, problems);
	return true;
}

static void check_name(const struct row *row, const struct options *options, const char *in_file,
		       const char *name)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct rules rules;
	char *text = arena_printf(arena, "%simages:\n  - source: %s\n%s%s\n", in_file, row->source,
				  row->tag ? "    tag: " : "", row->tag ? row->tag : "");
	assert_true(read(arena, text, false, options, &rules, &problems));
	assert_string_equal(buf_string(&problems.errors), "");
	assert_int_equal(rules.count, 1);
	assert_string_equal(rules.items[0].source, row->pulled);
	assert_string_equal(rules.items[0].destination, arena_printf(arena, "reg.io/p/%s", name));
	assert_string_equal(rules.items[0].source_place, *in_file ? "f:3:13" : "f:2:13");
}

static void test_names(void **state)
{
	(void)state;
	const char *prefix = "targetRepoPrefix: reg.io/p/\n";
	const struct options none = {0}, flag = {.target_repo_prefix = "reg.io/p/"};
	const struct options plain = {.target_repo_prefix = "reg.io/p/", .target_names = "plain"};
	const struct options library = {.target_names = "library"};
	for (size_t i = 0; i < array_count(rows); i++) {
		check_name(&rows[i], &none, prefix, rows[i].plain);
		check_name(&rows[i], &flag, "", rows[i].library);
		check_name(&rows[i], &plain, "", rows[i].plain);
		check_name(&rows[i], &library, prefix, rows[i].library);
	}
}

/* All rules in one text, with what they say beside the names. */
static void show(const struct rules *rules, struct buf *out)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->items[i];
		buf_printf(out, "%s > %s%s%s", rule->source, rule->destination,
			   *change_name(rule_terms(rule)->on_change) ? " " : "",
			   change_name(rule_terms(rule)->on_change));
		filter_print(rule_terms(rule)->platforms, out);
		if (rule_terms(rule)->required)
			buf_add_string(out, " requires");
		filter_print(rule_terms(rule)->required, out);
		buf_printf(out, "%s\n",
			   rule_terms(rule)->required_said && !rule_terms(rule)->required ? " any"
											  : "");
	}
}

static void check(const char *text, bool json, const char *rules, const char *errors,
		  const char *warnings)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	const struct options options = {0};
	struct rules found;
	assert_true(read(arena, text, json, &options, &found, &problems));
	show(&found, &shown);
	assert_string_equal(buf_string(&problems.errors), errors);
	assert_string_equal(buf_string(&problems.warnings), warnings);
	assert_string_equal(buf_string(&shown), rules);
}

static void test_keys(void **state)
{
	(void)state;
	check("targetRepoPrefix: reg.io/p/\n"
	      "images:\n"
	      "- {source: 'a/b:1', amd64Only: true}\n"
	      "- {source: 'a/c:1', amd64only: yes, require-platforms: linux/s390x}\n"
	      "- {source: 'a/d:1', amd64Only: no, require-platforms: [linux/amd64, linux/arm64]}\n"
	      "- {source: 'a/e:1', on-change: retag, platforms: linux/amd64, os: linux}\n"
	      "- {source: 'a/f:1', prefix: other.io/q/, tag: }\n"
	      "- {source: 'a/g:1', tag: 1.10}\n",
	      false,
	      "docker.io/a/b:1 > reg.io/p/a/b:1 any\n"
	      "docker.io/a/c:1 > reg.io/p/a/c:1 any\n"
	      "docker.io/a/d:1 > reg.io/p/a/d:1 requires platform=linux//amd64// "
	      "platform=linux//arm64//\n"
	      "docker.io/a/e:1 > reg.io/p/a/e:1 retag os=linux// platform=linux//amd64//\n"
	      "docker.io/a/f:1 > other.io/q/a/f:1\n"
	      "docker.io/a/g:1 > reg.io/p/a/g:1.10\n",
	      "", "");
	check("{\"targetRepoPrefix\": \"reg.io/p/\", \"images\": [{\"source\": \"a/b:1\", "
	      "\"tag\": \"v2\", \"AMD64ONLY\": true}]}",
	      true, "docker.io/a/b:1 > reg.io/p/a/b:v2 any\n", "", "");
}

#define SIGN                                                                                       \
	": \"sign\" belongs to old releases and is ignored: nothing is signed; --referrers "       \
	"signatures copies existing signatures\n"

static void test_historic(void **state)
{
	(void)state;
	check("targetRepoPrefix: reg.io/p/\n"
	      "sign: true\n"
	      "images:\n"
	      "- {source: 'a/b:1', sign: false}\n"
	      "- {source: 'a/c:1', sign: true}\n",
	      false, "docker.io/a/b:1 > reg.io/p/a/b:1\ndocker.io/a/c:1 > reg.io/p/a/c:1\n", "",
	      "f:2:7" SIGN "f:5:27" SIGN);
}

/* What target says, and where the image goes: below reg.io/p/. NULL: it is refused. */
static void test_targets(void **state)
{
	static const struct {
		const char *target, *destination;
	} targets[] = {
		{"~", "a/b:1"},
		{"{}", "a/b:1"},
		{"{name: other}", "other:1"},
		{"{name: team/other, tag: v2}", "team/other:v2"},
		{"{tag: v2}", "a/b:v2"},
		{"{tag: 1.10}", "a/b:1.10"},
		{"{name: 'other:v3'}", "other:v3"},
		{"{name: 'other:v3', tag: v3}", "other:v3"},
		{"{name: reg.io/p/other, tag: v2}", "other:v2"},
		{"{name: reg.io/p/gcr.io/other, tag: v2}", "gcr.io/other:v2"},
		{"'reg.io/p/other:v2'", "other:v2"},
		{"reg.io/p/other", "other:1"},
		{"'a/b:v2'", "a/b:v2"}, /* as from the source, so it can mean one thing only */
		{"{name: a/b}", "a/b:1"},
		{"'a/other:v2'", NULL},
		{"other", NULL},
		{"reg.io/other", NULL},
		{"{name: gcr.io/other}", NULL},
		{"{name: 'host:5000/other'}", NULL},
		{"{name: localhost/other}", NULL},
		{"reg.io/p/", NULL},
		{"{name: 'other@sha256'}", NULL},
		{"5", NULL},
		{"{name: [other]}", NULL},
		{"{tag: {}}", NULL},
		{"{repository: other}", NULL},
	};
	(void)state;
	for (size_t i = 0; i < array_count(targets); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(problem_finish) struct problems problems = {0};
		struct rules rules;
		const struct options none = {0};
		const char *text = arena_printf(arena,
						"targetRepoPrefix: reg.io/p/\nimages:\n"
						"- {source: 'a/b:1', target: %s}\n",
						targets[i].target);
		assert_true(read(arena, text, false, &none, &rules, &problems));
		if ((problems.error_count == 0) != (targets[i].destination != NULL))
			fail_msg("%s: %s", targets[i].target, buf_string(&problems.errors));
		assert_int_equal(rules.count, targets[i].destination ? 1 : 0);
		if (!targets[i].destination)
			continue;
		assert_string_equal(rules.items[0].destination,
				    arena_printf(arena, "reg.io/p/%s", targets[i].destination));
	}
}

/* The options move the prefix: a target below the file's own moves with it. */
static void test_target_below_overruled_prefix(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct rules rules;
	const struct options flag = {.target_repo_prefix = "new.io/q/"};
	assert_true(read(arena,
			 "targetRepoPrefix: reg.io/p/\nimages:\n"
			 "- {source: 'a/b:1', target: 'reg.io/p/c:2'}\n"
			 "- {source: 'a/b:1', target: 'new.io/q/d:2'}\n"
			 "- {source: 'a/b:1', target: 'else.io/p/e:2'}\n",
			 false, &flag, &rules, &problems));
	assert_int_equal(problems.error_count, 1);
	assert_int_equal(rules.count, 2);
	assert_string_equal(rules.items[0].destination, "new.io/q/c:2");
	assert_string_equal(rules.items[0].destination_place, "f:3:29");
	assert_string_equal(rules.items[1].destination, "new.io/q/d:2");
}

static void test_nothing(void **state)
{
	(void)state;
	const char *warning = "f: the file lists no images\n";
	check("targetRepoPrefix: reg.io/p/\n", false, "", "", warning);
	check("targetRepoPrefix: reg.io/p/\nimages:\n", false, "", "", warning);
	check("targetRepoPrefix: reg.io/p/\nimages: []\n", false, "", "", warning);
	check("images: []\n", false, "", "", warning);
	check("{\"images\": null}", true, "", "", warning);
}

static void test_prefixes(void **state)
{
	(void)state;
	const char *image = "images:\n- {source: 'a/b:1'}\n- {source: 'a/c:1'}\n";
	char text[256];
	snprintf(text, sizeof(text), "targetRepoPrefix: reg.io/p-\n%s", image);
	check(text, false, "docker.io/a/b:1 > reg.io/p-a/b:1\ndocker.io/a/c:1 > reg.io/p-a/c:1\n",
	      "",
	      "f:1:19: target prefix \"reg.io/p-\" does not end in /: names directly follow it, "
	      "as in reg.io/p-name\n");
	snprintf(text, sizeof(text), "targetRepoPrefix: reg.io\n%s", image);
	check(text, false, "",
	      "f:1:19: target prefix \"reg.io\" has no /: write registry and path, as in "
	      "registry.example.com/external/\n",
	      "");
	snprintf(text, sizeof(text), "targetRepoPrefix: reg.io/P/\n%s", image);
	check(text, false, "",
	      "f:1:19: target prefix \"reg.io/P/\": \"reg.io/P/x\": repository name must be "
	      "lowercase\n",
	      "");
	check(image, false, "",
	      "f:2:3: targetRepoPrefix can not be empty: write it into the file, or give "
	      "--target-repo-prefix\n",
	      "");
}

static void test_two_prefixes(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	const struct options options = {.target_repo_prefix = "flag.io/"};
	struct rules rules;
	assert_true(read(arena, "targetRepoPrefix: reg.io/p/\nimages: [{source: alpine}]\n", false,
			 &options, &rules, &problems));
	assert_string_equal(rules.items[0].destination, "flag.io/library/alpine:latest");
	assert_string_equal(buf_string(&problems.warnings),
			    "f:1:19: --target-repo-prefix is given: targetRepoPrefix is ignored\n");
}

/* Other images files have a source "images" too. */
static void test_shape(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool prefix, kyma;
	} table[] = {
		{"images: [{source: a}]", false, true},
		{"images: [{sorce: a}, {source: a}]", false, true},
		{"images: [{sorce: a}]", true, true},
		{"images: [{sorce: a}]", false, false},
		{"images: reg.io/a", true, false},
		{"images: ''", true, false},
		{"images: [reg.io/a, reg.io/b]", true, false},
		{"images: [{to: reg.io/a}]", false, false},
		{"images: {to: reg.io/a}", true, false},
		{"{'images': [], 'nginx': reg.io/nginx}", false, false},
		{"nginx: reg.io/nginx", true, false},
		{"targetRepoPrefix: x/", false, true},
		{"[a, b]", false, false},
		{"# nothing\n---\n", false, false},
	};
	for (size_t i = 0; i < array_count(table); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct document document = {.name = "f"};
		struct error err = {0};
		assert_true(yaml_read(arena, str_of(table[i].text), &document.root, &err));
		if (kyma_file_recognise(&document, table[i].prefix) != table[i].kyma)
			fail_msg("%s", table[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_historic),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_target_below_overruled_prefix),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_two_prefixes),
		cmocka_unit_test(test_shape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
