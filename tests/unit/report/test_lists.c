/* The lists of copied and failed images, read back as the images file they are to be. */
#include "base/file.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "report/image_lists.h"
#include "test_report_fixture.h"

#include <signal.h>

#define TERMS .terms = &(struct terms)
#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct platform both_platforms[] = {
	{.os = {"linux", 5}, .architecture = {"amd64", 5}},
	{.os = {"linux", 5}, .architecture = {"arm", 3}, .variant = {"v7", 2}},
};
static const struct platform_filter both = {.platforms = both_platforms, .platform_count = 2};
static const struct platform_filter same_both = {.platforms = both_platforms, .platform_count = 2};
static const struct platform_filter first = {.platforms = both_platforms, .platform_count = 1};
static const struct platform_pattern pattern = {.value = {"linux", 5}};
static const struct platform_filter of_flags = {.os = &pattern, .os_count = 1};

struct lists {
	struct arena *arena;
	struct tally tally;
	struct buf yaml, json;
	const struct node *document; /* of the YAML; the JSON is the same */
};

static struct lists lists_new(void)
{
	return (struct lists){.arena = arena_new()};
}

static void lists_finish(struct lists *lists)
{
	arena_free(&lists->arena);
	buf_finish(&lists->yaml);
	buf_finish(&lists->json);
}

static void add(struct lists *lists, const struct task *task, const struct outcome *outcome)
{
	struct tally_image image = {.task = task, .outcome = *outcome};
	tally_add(&lists->tally, lists->arena, &image);
}

static void add_rule(struct lists *lists, const struct rule *failing)
{
	struct tally_image image = {.rule = failing, .outcome = failed};
	tally_add(&lists->tally, lists->arena, &image);
}

static void same(const struct node *a, const struct node *b)
{
	assert_non_null(b);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->count, b->count);
	assert_true(str_equal(a->text, b->text));
	for (size_t i = 0; i < a->count; i++) {
		if (a->keys)
			assert_true(str_equal(a->keys[i]->text, b->keys[i]->text));
		same(a->items[i], b->items[i]);
	}
}

/* Writes the list in both forms, reads both back, and sees that they say the same. */
static void write_lists(struct lists *lists, enum outcome_status status)
{
	const struct node *other = NULL;
	struct error error = {0};
	image_lists_write(&lists->tally, status, false, &lists->yaml);
	image_lists_write(&lists->tally, status, true, &lists->json);
	assert_true(buf_ok(&lists->yaml) && buf_ok(&lists->json));
	if (!yaml_read(lists->arena, buf_str(&lists->yaml), &lists->document, &error) ||
	    !json_read_file(lists->arena, buf_str(&lists->json), &other, &error)) {
		print_error("%s\nin %s%s", error.text, buf_string(&lists->yaml),
			    buf_string(&lists->json));
		fail();
	}
	same(lists->document, other);
}

static void test_nothing(void **state)
{
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	add(&lists, &tasks[0], &in_sync);
	add(&lists, &tasks[1], &failed);
	add(&lists, &tasks[2], &would);
	write_lists(&lists, OUTCOME_COPIED);
	assert_string_equal(buf_string(&lists.yaml), "{}\n");
	assert_string_equal(buf_string(&lists.json), "{}\n");
}

static void test_sorted_by_source(void **state)
{
	const struct task more[] = {
		{.source = {"reg.io", "z", "v1", NULL},
		 .destination = {"b.io", "z", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:1:1"}},
		{.source = {"reg.io", "z", "v1", NULL},
		 .destination = {"a.io:5000", "z", "w", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:2:1"}},
		{.source = {"[::1]:5000", "a", NULL, DIGEST},
		 .destination = {"a.io", "a", NULL, DIGEST},
		 .rule = &(const struct rule){.source_place = "i:3:1"}},
		{.source = {"reg.io", "a_b/c", NULL, DIGEST},
		 .destination = {"a.io", "a", "v9", DIGEST},
		 .rule = &(const struct rule){.source_place = "i:4:1"}},
	};
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	for (size_t i = 0; i < array_count(more); i++)
		add(&lists, &more[i], &copied);
	add(&lists, &tasks[0], &copied);
	add(&lists, &tasks[1], &failed);
	write_lists(&lists, OUTCOME_COPIED);
	assert_string_equal(buf_string(&lists.yaml), "\"[::1]:5000/a@" DIGEST "\":\n"
						     "  - a.io/a@" DIGEST "\n"
						     "docker.io/library/nginx:v1:\n"
						     "  - reg.io/m/nginx:v1\n"
						     "reg.io/a_b/c@" DIGEST ":\n"
						     "  - a.io/a:v9@" DIGEST "\n"
						     "reg.io/z:v1:\n"
						     "  - b.io/z:v1\n"
						     "  - a.io:5000/z:w\n");
	assert_int_equal(lists.document->count, 4);
}

static void test_a_rule_stands_as_it_was_written(void **state)
{
	static const struct rule patterns[] = {
		{.source = "reg.io/a:/^v\\d+\\.\"x\" # '$/", .destination = "b.io/a:/v$/"},
		{.source = "nginx", .destination = "b.io/nginx"},
		{.source = "nginx", .destination = "c.io/nginx"},
		{.source = "reg.io/a: b\n\t",
		 .destination = "b.io/\xc2\x85\xe4\xb8\xad\xef\xbb\xbf"},
	};
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	for (size_t i = 0; i < array_count(patterns); i++)
		add_rule(&lists, &patterns[i]);
	write_lists(&lists, OUTCOME_FAILED);
	has(&lists.yaml, "\"nginx\":\n  - b.io/nginx\n  - c.io/nginx\n");
	const struct node *to = node_get(lists.document, patterns[0].source);
	assert_non_null(to);
	assert_true(str_is(to->items[0]->text, "b.io/a:/v$$/"));
	to = node_get(lists.document, patterns[3].source);
	assert_non_null(to);
	assert_true(str_is(to->items[0]->text, patterns[3].destination));
}

static void test_a_long_source_is_a_key_all_the_same(void **state)
{
	char source[3000] = "reg.io/a:/";
	struct rule longest = {.source = source, .destination = "b.io/a"};
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	memset(source + 10, '|', sizeof(source) - 11);
	add_rule(&lists, &longest);
	add_rule(&lists, &rule);
	write_lists(&lists, OUTCOME_FAILED);
	assert_int_equal(lists.document->count, 2);
	assert_non_null(node_get(lists.document, source));
}

static void test_a_selection_is_kept(void **state)
{
	static const struct placed tags[] = {{"/^v/", "i.yaml:2:9"}, {"latest", "i.yaml:2:15"}};
	static const struct placed exclude[] = {{"/-rc/", "i.yaml:3:12"}};
	static const struct selection selection = {.tags = tags,
						   .tag_count = 2,
						   .exclude = exclude,
						   .exclude_count = 1,
						   .semver = {">=1.2 <2", "i.yaml:4:11"},
						   .latest = 3,
						   .since = 1700000000};
	const struct rule choosing = {.source = "reg.io/a",
				      .destination = "b.io/a",
				      .selection = &selection,
				      TERMS{.platforms = &both}};
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	lists.tally.general.platforms = &of_flags;
	add_rule(&lists, &choosing);
	write_lists(&lists, OUTCOME_FAILED);
	assert_string_equal(buf_string(&lists.yaml), "reg.io/a:\n"
						     "  to:\n"
						     "    - b.io/a\n"
						     "  tags:\n"
						     "    - \"/^v/\"\n"
						     "    - \"latest\"\n"
						     "  exclude:\n"
						     "    - \"/-rc/\"\n"
						     "  semver: \">=1.2 <2\"\n"
						     "  latest: 3\n"
						     "  since: \"2023-11-14T22:13:20Z\"\n"
						     "  platforms:\n"
						     "    - linux/amd64\n"
						     "    - linux/arm/v7\n");
}

static void test_one_source_under_several_filters(void **state)
{
	static const struct reference from = {"reg.io", "a", "v1", NULL};
	const struct task filtered[] = {
		{.source = from,
		 .destination = {"b.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:1:1",
					      TERMS{.platforms = &of_flags}}},
		{.source = from,
		 .destination = {"c.io", "a", "w", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:2:1",
					      TERMS{.platforms = &both}}},
		{.source = from,
		 .destination = {"d.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:3:1"}},
		{.source = from,
		 .destination = {"e.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:4:1",
					      TERMS{.platforms = &same_both}}},
		{.source = from,
		 .destination = {"f.io", "a", NULL, DIGEST},
		 .rule = &(const struct rule){.source_place = "i.yaml:5:1",
					      TERMS{.platforms = &first}}},
	};
	scoped(lists_finish) struct lists lists = lists_new();
	lists.tally.general.platforms = &of_flags;
	(void)state;
	for (size_t i = 0; i < array_count(filtered); i++)
		add(&lists, &filtered[i], &copied);
	write_lists(&lists, OUTCOME_COPIED);
	assert_string_equal(buf_string(&lists.yaml), "reg.io/a:v1:\n"
						     "  -\n"
						     "    to:\n"
						     "      - b.io/a:v1\n"
						     "      - d.io/a:v1\n"
						     "  -\n"
						     "    to:\n"
						     "      - c.io/a:w\n"
						     "      - e.io/a:v1\n"
						     "    platforms:\n"
						     "      - linux/amd64\n"
						     "      - linux/arm/v7\n"
						     "  -\n"
						     "    to:\n"
						     "      - f.io/a@" DIGEST "\n"
						     "    platforms:\n"
						     "      - linux/amd64\n");
}

/* So are rules that became no images: a list in which a source stands twice could not be read. */
static void test_one_source_of_several_rules(void **state)
{
	const struct rule rules[] = {
		{.source = "reg.io/a", .destination = "b.io/a", TERMS{.platforms = &both}},
		{.source = "reg.io/a", .destination = "c.io/a", TERMS{.platforms = &first}},
		{.source = "reg.io/a", .destination = "d.io/a", TERMS{.platforms = &same_both}},
	};
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	for (size_t i = 0; i < array_count(rules); i++)
		add_rule(&lists, &rules[i]);
	write_lists(&lists, OUTCOME_FAILED);
	assert_int_equal(lists.document->count, 1);
	assert_int_equal(lists.document->items[0]->count, 2);
	assert_string_equal(buf_string(&lists.yaml), "reg.io/a:\n"
						     "  -\n"
						     "    to:\n"
						     "      - b.io/a\n"
						     "      - d.io/a\n"
						     "    platforms:\n"
						     "      - linux/amd64\n"
						     "      - linux/arm/v7\n"
						     "  -\n"
						     "    to:\n"
						     "      - c.io/a\n"
						     "    platforms:\n"
						     "      - linux/amd64\n");
}

/* A second run that takes the list must not do what the first one was told not to do. */
static void test_policies_are_kept(void **state)
{
	static const struct reference from = {"reg.io", "a", "v1", NULL};
	const struct task guarded[] = {
		{.source = from,
		 .destination = {"b.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:1:1"}},
		{.source = from,
		 .destination = {"c.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:2:1",
					      TERMS{.on_change = CHANGE_OVERWRITE}}},
		{.source = from,
		 .destination = {"d.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:3:1",
					      TERMS{.on_change = CHANGE_FAIL, .required = &both}}},
		{.source = from,
		 .destination = {"e.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:4:1",
					      .terms = &(
						      const struct terms){.on_change = CHANGE_FAIL,
									  .required = &same_both}}},
		{.source = from,
		 .destination = {"f.io", "a", "v1", NULL},
		 .rule = &(const struct rule){.source_place = "i.yaml:5:1",
					      TERMS{.on_change = CHANGE_RETAG}}},
	};
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	for (size_t i = 0; i < array_count(guarded); i++)
		add(&lists, &guarded[i], &failed);
	write_lists(&lists, OUTCOME_FAILED);
	assert_string_equal(buf_string(&lists.yaml), "reg.io/a:v1:\n"
						     "  -\n"
						     "    to:\n"
						     "      - b.io/a:v1\n"
						     "      - c.io/a:v1\n"
						     "  -\n"
						     "    to:\n"
						     "      - d.io/a:v1\n"
						     "      - e.io/a:v1\n"
						     "    require-platforms:\n"
						     "      - linux/amd64\n"
						     "      - linux/arm/v7\n"
						     "    on-change: \"fail\"\n"
						     "  -\n"
						     "    to:\n"
						     "      - f.io/a:v1\n"
						     "    on-change: \"retag\"\n");
}

/* All that a rule can ask for stands in the list, so that a second run asks for the same. */
static void test_wishes_are_kept(void **state)
{
	static const struct selection selection = {.latest = 3, .latest_by_date = true};
	static const struct platform_pattern os[] = {{{"linux", 5}, {0}},
						     {{"windows", 7}, {"10.0.1", 6}}};
	static const struct platform_pattern arch[] = {{{"arm", 3}, {"v7", 2}}};
	static const struct platform_filter filter = {
		.os = os, .os_count = 2, .arch = arch, .arch_count = 1};
	static const struct companion_filter companions = {.signatures = true,
							   .attestations = true,
							   .sboms = true,
							   .types = {{"application/x", 13}},
							   .type_count = 1};
	static const struct companion_filter all = {.all = true}, none = {0};
	static const struct signer signer = {.key = {.place = "keys/a.pub"}};
	const struct rule rules[] = {
		{.source = "reg.io/a",
		 .destination = "b.io/a",
		 .selection = &selection,
		 TERMS{.platforms = &filter,
		       .companions = &companions,
		       .signer = &signer,
		       .signer_said = true}},
		{.source = "reg.io/b", .destination = "b.io/b", TERMS{.companions = &all}},
		{.source = "reg.io/c", .destination = "b.io/c", TERMS{.companions = &none}},
	};
	scoped(lists_finish) struct lists lists = lists_new();
	(void)state;
	lists.tally.general.companions = &all;
	for (size_t i = 0; i < array_count(rules); i++)
		add_rule(&lists, &rules[i]);
	write_lists(&lists, OUTCOME_FAILED);
	assert_string_equal(buf_string(&lists.yaml), "reg.io/a:\n"
						     "  to:\n"
						     "    - b.io/a\n"
						     "  latest: \"3 by date\"\n"
						     "  os:\n"
						     "    - \"linux\"\n"
						     "    - \"windows:10.0.1\"\n"
						     "  arch:\n"
						     "    - \"arm:v7\"\n"
						     "  referrers:\n"
						     "    - \"signatures\"\n"
						     "    - \"attestations\"\n"
						     "    - \"sboms\"\n"
						     "    - application/x\n"
						     "  require-signed: keys/a.pub\n"
						     "reg.io/b:\n"
						     "  - b.io/b\n"
						     "reg.io/c:\n"
						     "  to:\n"
						     "    - b.io/c\n"
						     "  referrers: false\n");
}

static void run(const struct report_options *options, bool wanted, struct buf *told)
{
	struct progress *progress = progress_new();
	struct capture out = capture_start(STDOUT_FILENO), err = capture_start(STDERR_FILENO);
	struct error why = {0}, reason = {0};
	struct report *report = report_new(options, progress);
	report_plan(report, array_count(tasks));
	report_outcome(report, &tasks[0], &copied);
	report_outcome(report, &tasks[1], &in_sync);
	report_outcome(report, &tasks[2], &failed);
	error_set(&why, ERROR_UNREACHABLE, "gone.io: no such host");
	report_rule_failed(report, &rule, &why);
	bool finished = report_finish(report, SIGTERM, &reason);
	report_free(&report);
	progress_free(&progress);
	capture_stop(&err, told);
	capture_stop(&out, told);
	assert_int_equal(finished, wanted);
	if (!finished)
		has(told, "cannot write /no/such/failed");
	assert_true(finished || strstr(reason.text, "cannot write /no/such/copied"));
}

static void file_is(const char *path, const char *text)
{
	scoped(buf_finish) struct buf content = {0};
	struct error error;
	assert_true(file_read(path, &content, &error));
	assert_string_equal(buf_string(&content), text);
}

static void test_files(void **state)
{
	char copied_path[] = "/tmp/copied-XXXXXX", failed_path[] = "/tmp/failed-XXXXXX";
	struct report_options options = {.success_path = copied_path, .failed_path = failed_path};
	scoped(buf_finish) struct buf told = {0};
	(void)state;
	close(mkstemp(copied_path));
	close(mkstemp(failed_path));
	run(&options, true, &told);
	file_is(copied_path, "docker.io/library/nginx:v1:\n  - reg.io/m/nginx:v1\n");
	file_is(failed_path, "gone.io/a:\n  - reg.io/m/a\nquay.io/a/b:x:\n  - reg.io/m/b:x\n");
	options.images_json = true;
	run(&options, true, &told);
	file_is(copied_path,
		"{\n  \"docker.io/library/nginx:v1\": [\n    \"reg.io/m/nginx:v1\"\n  ]\n}\n");
	unlink(copied_path);
	unlink(failed_path);
}

static void test_a_list_on_stdout_is_alone_there(void **state)
{
	struct report_options options = {.failed_path = "-"};
	scoped(buf_finish) struct buf told = {0};
	(void)state;
	run(&options, true, &told);
	has(&told, "\ngone.io/a:\n  - reg.io/m/a\nquay.io/a/b:x:\n  - reg.io/m/b:x\n");
	has_not(&told, "failed tasks exist");
}

static void test_files_that_cannot_be_written_are_all_named(void **state)
{
	struct report_options options = {.success_path = "/no/such/copied",
					 .failed_path = "/no/such/failed"};
	scoped(buf_finish) struct buf told = {0};
	(void)state;
	run(&options, false, &told);
	has(&told, "stopped by SIGTERM");
}

/*
 * As long as a list is, the next run reads it: this one has more values than a manifest may have.
 */
static void test_long_lists(void **state)
{
	enum { MANY = 100000 };
	static const struct rule written = {.source_place = "i.yaml:1:1"};
	scoped(lists_finish) struct lists lists = lists_new();
	struct task *long_list = arena_array(lists.arena, MANY, sizeof(*long_list));
	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		const char *tag = arena_printf(lists.arena, "v%zu", i);
		struct reference from = {"from.test", "a-team/of/an-application", tag, NULL};
		struct reference to = {"to.test", "a-team/an-application", tag, NULL};
		long_list[i] = (struct task){.source = from, .destination = to, .rule = &written};
		add(&lists, &long_list[i], &failed);
	}
	write_lists(&lists, OUTCOME_FAILED);
	assert_true(lists.yaml.len > 4 * 1024 * 1024 && lists.json.len > 4 * 1024 * 1024);
	assert_int_equal(lists.document->count, MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_sorted_by_source),
		cmocka_unit_test(test_a_rule_stands_as_it_was_written),
		cmocka_unit_test(test_a_long_source_is_a_key_all_the_same),
		cmocka_unit_test(test_a_selection_is_kept),
		cmocka_unit_test(test_one_source_under_several_filters),
		cmocka_unit_test(test_one_source_of_several_rules),
		cmocka_unit_test(test_policies_are_kept),
		cmocka_unit_test(test_wishes_are_kept),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_a_list_on_stdout_is_alone_there),
		cmocka_unit_test(test_files_that_cannot_be_written_are_all_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
