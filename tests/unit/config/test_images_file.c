/* The mapping form of a rule: what becomes of its fields, and what is said about mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "config/rules/images_file.h"
#include "config/rules/since.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "filter_print.h"

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "MIRROR") == 0 ? "mirror.io" : NULL;
}

static const struct expand_lookup lookup = {.get = variable};

static void show_texts(const char *name, const struct placed *texts, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " %s(%s %s)", name, texts[i].place, texts[i].text);
}

/* One line per rule: source > destination, then what restricts it. */
static void show(const struct rules *rules, struct buf *out)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->items[i];
		const struct selection *selection = rule->selection;
		buf_printf(out, "%s > %s", rule->source, rule->destination);
		filter_print(rule_terms(rule)->platforms, out);
		if (selection) {
			show_texts("tag", selection->tags, selection->tag_count, out);
			show_texts("not", selection->exclude, selection->exclude_count, out);
			show_texts("semver", &selection->semver, selection->semver.text != NULL,
				   out);
		}
		if (selection && selection->latest)
			buf_printf(out, " latest %d%s", (int)selection->latest,
				   selection->latest_by_date ? " by date" : "");
		if (rule_terms(rule)->companions)
			buf_printf(out, " companions%s%s%s%s/%zu",
				   rule_terms(rule)->companions->all ? " all" : "",
				   rule_terms(rule)->companions->signatures ? " signatures" : "",
				   rule_terms(rule)->companions->attestations ? " attestations"
									      : "",
				   rule_terms(rule)->companions->sboms ? " sboms" : "",
				   rule_terms(rule)->companions->type_count);
		if (rule_terms(rule)->signer_said)
			buf_add_string(out, rule_terms(rule)->signer ? " signed" : " unsigned");
		if (selection && selection->since)
			buf_printf(out, " since %lld", (long long)selection->since);
		buf_add_char(out, '\n');
	}
}

static void read(struct arena *arena, const char *text, bool json, struct rules *rules,
		 struct problems *problems)
{
	struct document document = {.name = "f", .json = json};
	struct error err = {0};
	bool good = json ? json_read_file(arena, str_of(text), &document.root, &err)
			 : yaml_read(arena, str_of(text), &document.root, &err);
	if (!good)
		fail_msg("%s: %s", text, err.text);
	images_file_read(arena, &document, &lookup, rules, problems);
}

static void check(const char *text, const char *rules, const char *errors, const char *warnings)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct rules read_rules;
	read(arena, text, text[0] == '{', &read_rules, &problems);
	show(&read_rules, &shown);
	assert_string_equal(buf_string(&problems.errors), errors);
	assert_string_equal(buf_string(&problems.warnings), warnings);
	if (rules)
		assert_string_equal(buf_string(&shown), rules);
}

static void test_fields(void **state)
{
	(void)state;
	check("a:\n"
	      "  to: $MIRROR/a\n"
	      "  tags: [v1, 1.10, '/^v2,3/', yes]\n"
	      "  exclude: /-rc/\n"
	      "  semver: 1.10\n"
	      "  latest: 5\n"
	      "  since: 2026-01-01\n"
	      "  platforms: [linux/amd64, 'linux/arm64/v8, windows']\n"
	      "  os: linux,windows:10.0\n"
	      "  arch: [amd64, arm:v7]\n"
	      "  referrers: false\n",
	      "a > mirror.io/a os=linux// os=windows/10.0/ arch=amd64// arch=arm/v7/ "
	      "platform=linux//amd64// platform=linux//arm64/v8/ platform=windows//// "
	      "tag(f:3:10 v1) tag(f:3:14 1.10) tag(f:3:20 /^v2,3/) tag(f:3:31 yes) "
	      "not(f:4:12 /-rc/) semver(f:5:11 1.10) latest 5 companions/0 since 1767225600\n",
	      "", "");
	check("a: {to: b, referrers: true}\n", "a > b companions all/0\n", "", "");
	check("a: {to: b, referrers: all}\n", "a > b companions all/0\n", "", "");
	check("a: {to: b, referrers: [signatures, 'attestations, a/b'], require-signed: false}\n",
	      "a > b companions signatures attestations/1 unsigned\n", "", "");
	check("a: {to: b}\n", "a > b\n", "", "");
	check("a: {to: [b, c, b], os: linux}\n",
	      "a > b os=linux//\na > c os=linux//\na > b os=linux//\n", "", "");
	check("a: [b, {to: b, tags: v1}, {to: [b, c], tags: v2}, b]\n",
	      "a > b\na > b tag(f:1:22 v1)\na > b tag(f:1:46 v2)\na > c tag(f:1:46 v2)\na > b\n",
	      "", "");
	check("{\"a\": {\"TO\": \"b\", \"Tags\": [\"1.0\"], \"latest\": 3}}",
	      "a > b tag(f:1:28 1.0) latest 3\n", "", "");
}

static void test_latest(void **state)
{
	static const struct {
		const char *text, *shown;
	} good[] = {
		{"5", " latest 5"},
		{"'5'", " latest 5"},
		{"5 by date", " latest 5 by date"},
		{"5  by  date", " latest 5 by date"},
		{"5 date", " latest 5 by date"},
		{"5 by semver", " latest 5"},
		{"{count: 7}", " latest 7"},
		{"{count: '7', by: semver}", " latest 7"},
		{"{by: date, count: 7}", " latest 7 by date"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(good); i++) {
		scoped(buf_finish) struct buf text = {0};
		scoped(buf_finish) struct buf rules = {0};
		buf_printf(&text, "a: {to: b, latest: %s}\n", good[i].text);
		buf_printf(&rules, "a > b%s\n", good[i].shown);
		check(buf_string(&text), buf_string(&rules), "", "");
	}
}

#define NUMBER "a: latest must be a number from 1, as in 5, 5 by date or {count: 5, by: date}\n"
#define SINCE                                                                                      \
	"a: since must be a date as in 2026-01-01 or 2026-01-01T12:00:00Z, or an age as in 12h, "  \
	"30d or 2w\n"

/* What stands behind "a: {to: b, ", at column 12. */
static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{"tags: []", "f:1:18: a: tags is an empty list: add an item or remove it\n"},
		{"tags: ''", "f:1:18: a: tags is empty: give a value or remove it\n"},
		{"tags: ", "f:1:18: a: tags is null: it must be a string\n"},
		{"tags: {x: y}", "f:1:18: a: tags is a mapping: it must be a string\n"},
		{"tags: [v1, [v2], ~]", "f:1:23: a: tags is a list: it must be a string\n"
					"f:1:29: a: tags is null: it must be a string\n"},
		{"exclude: [v1, '']", "f:1:26: a: exclude is empty: give a value or remove it\n"},
		{"semver: [1.2]", "f:1:20: a: semver is a list: it must be a string\n"},
		{"semver: ''", "f:1:20: a: semver is empty: give a value or remove it\n"},
		{"latest: 0", "f:1:20: " NUMBER},
		{"latest: -1", "f:1:20: " NUMBER},
		{"latest: 1.5", "f:1:20: " NUMBER},
		{"latest: many", "f:1:20: " NUMBER},
		{"latest: [5]", "f:1:20: a: latest is a list: it must be a string\n"},
		{"latest: 5 by age", "f:1:20: a: latest must be by semver or by date\n"},
		{"latest: {by: date}",
		 "f:1:20: a: latest needs a count, as in {count: 5, by: date}\n"},
		{"latest: {count: x, by: y}",
		 "f:1:28: " NUMBER "f:1:35: a: latest must be by semver or by date\n"},
		{"since: yesterday", "f:1:19: " SINCE},
		{"since: 30", "f:1:19: " SINCE},
		{"since: 2026-02-30", "f:1:19: " SINCE},
		{"platforms: linux/arm/v7/x",
		 "f:1:23: a: \"linux/arm/v7/x\" in platforms: write linux/amd64 or "
		 "linux/arm64/v8\n"},
		{"platforms: ['linux/amd64,']",
		 "f:1:24: a: \"\" in platforms: write linux/amd64 or linux/arm64/v8\n"},
		{"os: []", "f:1:16: a: os is an empty list: add an item or remove it\n"},
		{"os: linux/amd64",
		 "f:1:16: a: \"linux/amd64\" in os: write a name, as in linux, amd64 or arm:v7\n"},
		{"arch: ':v7'",
		 "f:1:18: a: \":v7\" in arch: write a name, as in linux, amd64 or arm:v7\n"},
		{"arch: {x: y}", "f:1:18: a: arch is a mapping: it must be a string\n"},
		{"referrers: 'true'",
		 "f:1:23: a: referrers: \"true\": write all, signatures, attestations, sboms or "
		 "an artifact type as in application/spdx+json\n"},
		{"referrers: []",
		 "f:1:23: a: referrers is an empty list: add an item or remove it\n"},
		{"referrers: ~", "f:1:23: a: referrers is null: it must be a string\n"},
		{"require-signed: true",
		 "f:1:28: a: require-signed must name a file with a public key, or be false\n"},
		{"os: ~, tags: [], since: x",
		 "f:1:25: a: tags is an empty list: add an item or remove it\n"
		 "f:1:36: " SINCE "f:1:16: a: os is null: it must be a string\n"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(bad); i++) {
		scoped(buf_finish) struct buf text = {0};
		buf_printf(&text, "a: {to: b, %s}\n", bad[i].text);
		check(buf_string(&text), NULL, bad[i].error, "");
	}
}

#define NAME_EXPECTED                                                                              \
	": expected a name as in registry.example.com/team/app, or a list of such names\n"

static void test_shape(void **state)
{
	(void)state;
	check("a: {tags: v1}\n", "",
	      "f:1:4: a: to is missing: say where the images go, as in {to: "
	      "registry.example.com/team/app}\n",
	      "");
	check("a: {}\n", "",
	      "f:1:4: a: to is missing: say where the images go, as in {to: "
	      "registry.example.com/team/app}\n",
	      "");
	check("a: {to: }\n", "", "f:1:9: destination of a is null" NAME_EXPECTED, "");
	check("a: {to: []}\n", "",
	      "f:1:9: the list of destinations of a is empty: name at least one\n", "");
	check("a: {to: [b, {to: c}]}\n", "a > b\n",
	      "f:1:13: destination of a is a mapping" NAME_EXPECTED, "");
	check("a: {to: b, exlude: v1, tagz: v2, colour: red}\n", "a > b\n",
	      "f:1:12: a: unknown field \"exlude\": did you mean exclude (not these tags)?\n"
	      "f:1:24: a: unknown field \"tagz\": did you mean tags (only these tags, or those "
	      "that match a /pattern/)?\n"
	      "f:1:34: a: unknown field \"colour\": the fields are to, tags, exclude, semver, "
	      "latest, newest, prereleases, required, since, prune, repositories, "
	      "exclude-repositories, names, via, "
	      "allow-empty, every, cron, "
	      "platforms, os, arch, require-platforms, on-change, foreign, "
	      "referrers, referrers-from, require-referrers, require-signed, "
	      "create-repository, create-project, max-bytes, min-age, hold, release\n",
	      "");
	check("{\"a\": {\"to\": \"b\", \"tags\": \"x\", \"TAGS\": \"y\"}}", NULL,
	      "f:1:32: a: tags is given here and at f:1:19: keep one\n", "");
	check("{\"a\": {\"to\": \"b\", \"tags\": [1.0]}}", NULL,
	      "f:1:28: a: tags is a number: it must be a string\n", "");
}

static void test_since(void **state)
{
	static const struct {
		const char *text;
		int64_t when; /* -1: none */
	} rows[] = {
		{"1970-01-01", 0},
		{"2024-02-29", 1709164800},
		{"2023-02-29", -1},
		{"2024-2-9", -1},
		{"2024-13-01", -1},
		{"2024-00-10", -1},
		{"2024-01-00", -1},
		{"2026-01-01T12:00:00Z", 1767268800},
		{"2026-01-01t12:00:00.123456789z", 1767268800},
		{"2026-01-01 12:00:00Z", 1767268800},
		{"2026-01-01T12:00:00+01:00", 1767265200},
		{"2026-01-01T12:00:00-01:30", 1767274200},
		{"2026-01-01T12:00:00", -1},
		{"2026-01-01T12:00Z", -1},
		{"2026-01-01T24:00:00Z", -1},
		{"2026-01-01T12:00:00.Z", -1},
		{"2026-01-01T12:00:00Zx", -1},
		{"2026-01-01x", -1},
		{"1h", 1000000 - 3600},
		{"1d", 1000000 - 86400},
		{"1w", 1000000 - 7 * 86400},
		{"4w", 0},
		{"1m", -1},
		{"d", -1},
		{"-1d", -1},
		{"99999999999d", -1},
		{"", -1},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		int64_t when = -1;
		bool good = since_parse(str_of(rows[i].text), 1000000, &when);
		if (good != (rows[i].when >= 0) || (good && when != rows[i].when))
			fail_msg("%s: %d %lld", rows[i].text, good, (long long)when);
	}
}

/* An age counts back from now. */
static void test_age(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct rules rules;
	int64_t before = clock_unix();
	(void)state;
	read(arena, "a: {to: b, since: 30d}\n", false, &rules, &problems);
	int64_t since = rules.items[0].selection->since + 30 * 86400;
	assert_true(since >= before && since <= clock_unix());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),   cmocka_unit_test(test_latest),
		cmocka_unit_test(test_mistakes), cmocka_unit_test(test_shape),
		cmocka_unit_test(test_since),    cmocka_unit_test(test_age),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
