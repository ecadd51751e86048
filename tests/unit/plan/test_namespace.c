/* Rules for namespaces: what they mean, which repositories they want, and where these go. */
#include "plan/namespace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TO "reg.test/mirror"

static struct placed at(const char *text)
{
	return (struct placed){text, "images.yaml:2:3"};
}

/* Parses one rule; its mistake, or "" and the namespace in *out. */
static const char *parse(struct arena *arena, const char *source, const char *destination,
			 const struct gather *gather, struct namespace_rule *out)
{
	scoped(problem_finish) struct problems problems = {0};
	struct namespace_rule *parsed = NULL;
	size_t count = 0;
	struct rule *items = arena_new_of(arena, struct rule);
	*items = (struct rule){.source = source,
			       .destination = destination,
			       .source_place = "images.yaml:1:1",
			       .destination_place = "images.yaml:1:9",
			       .gather = gather};
	struct rules rules = {.items = items, .count = 1};
	assert_true(namespace_parse(arena, &rules, &parsed, &count, &problems));
	if (problems.error_count)
		return arena_string(arena, buf_string(&problems.errors));
	assert_int_equal(rules.count, 0);
	assert_int_equal(count, 1);
	*out = *parsed;
	return "";
}

static void test_sources(void **state)
{
	static const struct {
		const char *source, *host, *path, *items;
		bool deep;
	} cases[] = {
		{"quay.io/coreos/*", "quay.io", "coreos", "", false},
		{"quay.io/coreos/**", "quay.io", "coreos", "", true},
		{"reg.test/**", "reg.test", "", "", true},
		{"reg.test:5000/*", "reg.test:5000", "", "", false},
		{"[::1]:5000/a/b/**", "[::1]:5000", "a/b", "", true},
		{"grafana/*", "docker.io", "grafana", "", false},
		{"docker.io/library/*", "docker.io", "library", "", false},
		{"library/*", "docker.io", "library", "", false},
		{"quay.io/a/*:v1,/^v2/", "quay.io", "a", ":v1,/^v2/", false},
		{"reg.test:5000/a/**:/.*/", "reg.test:5000", "a", ":/.*/", true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct namespace_rule got = {0};
		assert_true(namespace_named(cases[i].source));
		assert_string_equal(parse(arena, cases[i].source, TO, NULL, &got), "");
		assert_string_equal(got.source.host, cases[i].host);
		assert_string_equal(got.source.repository, cases[i].path);
		assert_true(str_is(got.items, cases[i].items));
		assert_int_equal(got.deep, cases[i].deep);
	}
}

/* Stars elsewhere mean something else. */
static void test_repositories(void **state)
{
	static const char *const sources[] = {
		"quay.io/coreos/etcd", "quay.io/a/b:/*/",    "a/b:/x/*",
		"quay.io/a/b*",        "quay.io/a/b:v1,/*/", ""};
	(void)state;
	for (size_t i = 0; i < array_count(sources); i++)
		assert_false(namespace_named(sources[i]));
}

static const char *mistake(const char *source, const char *destination, const struct gather *gather)
{
	scoped(arena_free) struct arena *arena = arena_new();
	static char text[1024];
	struct namespace_rule ignored;
	snprintf(text, sizeof(text), "%s", parse(arena, source, destination, gather, &ignored));
	return text;
}

/* Hooks name each image, so a route may be about all of Docker Hub, on both sides. */
static void test_routes(void **state)
{
	static const struct {
		const char *source, *destination, *path, *copy;
	} cases[] = {
		{"docker.io/**", "reg.test/m", "grafana/loki", "reg.test/m/grafana/loki"},
		{"docker.io/grafana/**", "reg.test/m/grafana", "grafana/loki",
		 "reg.test/m/grafana/loki"},
		{"quay.io/**", "index.docker.io", "coreos/etcd", "docker.io/coreos/etcd"},
		{"quay.io/a/**", "docker.io/a", "a/b/c", "docker.io/a/b/c"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(problem_finish) struct problems problems = {0};
		struct rule item = {.source = cases[i].source,
				    .destination = cases[i].destination,
				    .source_place = "sync.yaml:1:1",
				    .destination_place = "sync.yaml:1:1",
				    .route = (const void *)cases};
		struct rules rules = {.items = &item, .count = 1};
		struct namespace_rule *parsed = NULL;
		struct rule rule;
		struct error err = {0};
		size_t count = 0;
		assert_true(namespace_parse(arena, &rules, &parsed, &count, &problems));
		assert_string_equal(buf_string(&problems.errors), "");
		assert_int_equal(count, 1);
		assert_true(namespace_rule(arena, parsed, str_of(cases[i].path), &rule, &err));
		assert_string_equal(rule.destination, cases[i].copy);
		assert_ptr_equal(rule.route, cases);
		assert_ptr_equal(parsed->rule->route, cases);
	}
}

static void test_mistakes(void **state)
{
	const struct placed broken[] = {at("/(/")};
	const struct gather pattern = {.repositories = broken, .repository_count = 1};
	const struct gather nameless = {.names = at("all/{host}")};
	const struct gather unknown = {.names = at("{nam}-{name}")};
	const struct gather tagged = {.names = at("{tag}-{name}")};
	const struct gather upper = {.names = at("X-{name}")};
	(void)state;
	assert_non_null(strstr(mistake("quay.io/COREOS/*", TO, NULL), "images.yaml:1:1: source"));
	assert_non_null(strstr(mistake("quay.io/a/*", "reg.test/a:v1", NULL),
			       "images.yaml:1:9: destination"));
	assert_non_null(strstr(mistake("quay.io/a/*", TO, &pattern), "images.yaml:2:3: \"/(/\""));
	assert_non_null(strstr(mistake("quay.io/a/*", TO, &nameless), "{name} or {path}"));
	assert_non_null(strstr(mistake("quay.io/a/*", TO, &unknown), "none of {host}"));
	assert_non_null(strstr(mistake("quay.io/a/*", TO, &tagged), "has a {tag} in it"));
	assert_non_null(strstr(mistake("quay.io/a/*", TO, &upper), "must be lowercase"));
	assert_non_null(strstr(mistake("docker.io/*", TO, NULL), "docker.io/NAMESPACE/*"));
	assert_non_null(strstr(mistake("docker.io/**", TO, NULL), "docker.io/NAMESPACE/*"));
	assert_non_null(strstr(mistake("quay.io/a/*", "reg.test/*", NULL), "leave out the stars"));
}

/* Fields about namespaces have no meaning for a repository. */
static void test_fields_for_a_repository(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	const struct gather gather = {.allow_empty = true, .place = "images.yaml:3:5"};
	struct rule items[] = {{.source = "quay.io/a/b", .destination = TO, .gather = &gather},
			       {.source = "quay.io/a/c", .destination = TO}};
	struct rules rules = {.items = items, .count = 2};
	struct namespace_rule *out = NULL;
	size_t count = 7;
	(void)state;
	assert_true(namespace_parse(arena, &rules, &out, &count, &problems));
	assert_int_equal(count, 0);
	assert_int_equal(rules.count, 2);
	assert_int_equal(problems.error_count, 1);
	assert_non_null(strstr(buf_string(&problems.errors), "images.yaml:3:5: quay.io/a/b is a"));
}

static bool wants(const struct namespace_rule *namespace, const char *path)
{
	struct error err;
	bool wanted = false;
	assert_true(namespace_wants(namespace, str_of(path), &wanted, &err));
	return wanted;
}

static void test_wanted(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct placed some[] = {at("etcd"), at("cni-*"), at("/^x\\d$/"), at("d?x")};
	const struct placed none[] = {at("cni-old"), at("**/tests")};
	const struct gather only = {.repositories = some, .repository_count = array_count(some)};
	const struct gather but = {.excluded = none, .excluded_count = array_count(none)};
	struct namespace_rule got;
	(void)state;
	parse(arena, "quay.io/coreos/*", TO, NULL, &got);
	assert_true(wants(&got, "coreos/etcd"));
	assert_false(wants(&got, "coreos/a/b"));
	assert_false(wants(&got, "coreos"));
	assert_false(wants(&got, "coreos2/etcd"));
	assert_false(namespace_is_listed(&got));
	parse(arena, "reg.test/*", TO, NULL, &got);
	assert_true(wants(&got, "one"));
	assert_false(wants(&got, "one/two"));
	parse(arena, "quay.io/coreos/**", TO, &only, &got);
	assert_true(wants(&got, "coreos/etcd"));
	assert_true(wants(&got, "coreos/cni-x"));
	assert_true(wants(&got, "coreos/x1"));
	assert_true(wants(&got, "coreos/dex"));
	assert_false(wants(&got, "coreos/d/x"));
	assert_false(wants(&got, "coreos/etcd2"));
	assert_false(wants(&got, "coreos/a/etcd"));
	assert_false(namespace_is_listed(&got));
	parse(arena, "quay.io/coreos/**", TO, &but, &got);
	assert_true(wants(&got, "coreos/etcd"));
	assert_false(wants(&got, "coreos/cni-old"));
	assert_false(wants(&got, "coreos/a/b/tests"));
	assert_true(wants(&got, "coreos/tests"));
	const struct gather named = {.repositories = some, .repository_count = 1};
	parse(arena, "quay.io/coreos/*", TO, &named, &got);
	assert_true(namespace_is_listed(&got));
}

static void test_names(void **state)
{
	static const struct {
		const char *source, *destination, *names, *path, *want;
	} cases[] = {
		{"quay.io/coreos/*", TO, NULL, "coreos/etcd", "reg.test/mirror/etcd"},
		{"quay.io/a/**", TO, "keep", "a/b/c", "reg.test/mirror/b/c"},
		{"reg.io/**", "reg.test", NULL, "a/b", "reg.test/a/b"},
		{"reg.io:5000/**", TO, "full", "a/b", "reg.test/mirror/reg.io_5000/a/b"},
		{"quay.io/coreos/*", "docker.io/user", "flatten", "coreos/flannel",
		 "docker.io/user/quay.io_coreos_flannel"},
		{"gcr.io/**", "user", "flatten", "istio-release/pilot",
		 "docker.io/user/gcr.io_istio-release_pilot"},
		{"reg.io:5000/**", "user", "flatten", "a/b", "docker.io/user/reg.io_5000_a_b"},
		{"registry.k8s.io/**", "user", "k8s.gcr.io_{flat}", "coredns/coredns",
		 "docker.io/user/k8s.gcr.io_coredns_coredns"},
		{"quay.io/a/**", TO, "x/{namespace}-{name}", "a/b/c", "reg.test/mirror/x/a/b-c"},
		{"quay.io/a/**", TO, "{host}/{path}", "a/b", "reg.test/mirror/quay.io/a/b"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const struct gather gather = {.names = at(cases[i].names)};
		struct namespace_rule got;
		struct rule rule;
		struct error err;
		assert_string_equal(
			parse(arena, cases[i].source, cases[i].destination, &gather, &got), "");
		assert_true(namespace_rule(arena, &got, str_of(cases[i].path), &rule, &err));
		assert_string_equal(rule.destination, cases[i].want);
		assert_null(rule.gather);
	}
}

/* The list of tags goes along; a name that is none is an error that says whose it would be. */
static void test_rules(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	char name[200];
	struct namespace_rule got;
	struct rule rule;
	struct error err;
	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	const struct gather twice = {.names = at("{name}/{name}")};
	parse(arena, "quay.io/a/*:v1,/^v2/", TO, NULL, &got);
	assert_true(namespace_rule(arena, &got, STR("a/b"), &rule, &err));
	assert_string_equal(rule.source, "quay.io/a/b:v1,/^v2/");
	parse(arena, "quay.io/a/*", TO, &twice, &got);
	assert_false(namespace_rule(arena, &got, str_of(name), &rule, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "the copy of quay.io/xxx"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_repositories),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_fields_for_a_repository),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
