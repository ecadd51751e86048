/* Memory that runs out while the configuration is read, rules are planned and a run is told of. */
#include "test_scarce_fixture.h"

#include "config/config.h"
#include "config/serve/serve_options.h"
#include "plan/shard.h"
#include "report/action_output.h"
#include "report/image_lists.h"
#include "report/report_json.h"
#include "report/step_summary.h"
#include "report/summary.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/image-syncer-scarce-XXXXXX";

static const struct {
	const char *name, *text;
} files[] = {
	{"auth.yaml",
	 "a.io: {username: u, password: $SCARCE_WORD, proxy: 'http://p:word-1@p.io:1'}\n"
	 "b.io/team: {token: identity-word, mirrors: [m.io, n.io:5000], insecure: true}\n"
	 "g.io: {username: u, password: '${SCARCE_NOTHING}', insecur: true}\n"
	 "h.io: {mirrors: [m.io]}\nh.io: {mirrors: [n.io]}\n"},
	{"images.yaml",
	 "a.io/x:v1,v2: [b.io/team/x, c.io/x]\n"
	 "a.io/y: {to: b.io/team/y, tags: ['/^v/', x], exclude: ['/rc/'], semver: "
	 "'>=1.2', latest: 3, os: [linux], arch: [amd64, 'arm:v7'], "
	 "on-change: fail, foreign: copy, referrers: [signatures, application/x]}\n"},
	{"messages.yaml",
	 "a.io/x:v1: b.io/x\n"
	 "notify:\n"
	 "  - {slack: 'https://x.io/${SCARCE_WORD}/word-of-the-path', on: change}\n"
	 "  - {telegram: '123:word', chat: -1, title: t, required: true}\n"
	 "  - webhook=https://x.io/,secret=$SCARCE_WORD\n"},
	{"old.yaml", "auth:\n  a.io: {username: u, password: word-2}\n"
		     "images:\n  a.io/x:v1: [b.io/x, c.io/x]\n"},
	{"kyma.yaml", "images:\n  - source: alpine:3.1\n  - source: a.io/b:1\n    tag: v2\n"
		      "  - source: a.io/c:1\n    target: {name: c, tag: v2}\n"},
	{"server.yaml",
	 "auth: {username: u, password: $SCARCE_WORD}\n"
	 "registry: {reg: [{sourceName: q.io, namespace: 'a, b', "
	 "destinationName: [r.io/t, s.io]}, {sourceName: p.io, namespace: '*', "
	 "destinationName: r.io}]}\n"
	 "events: {zot: {secret: $SCARCE_WORD, registry: z.io/x}}\n"
	 "sync: {filePosition: {log: ''}, filter: {archFilterList: 'amd64,arm64'}}\n"},
	{"list.txt", "a.io/x:v1 b.io/y # and\na.io/z\n"},
	{"key", "token-of-access"},
	{"config.json", "{\"auths\": {\"d.io\": {\"auth\": \"dTp3b3Jk\"}, \"e.io\": "
			"{\"identitytoken\": \"word-3\"}, \"i.io\": {\"auth\": \"%\"}}, "
			"\"credHelpers\": {\"f.io\": \"pass\"}}"},
};

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % array_count(paths)];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return 1;
	setenv("SCARCE_WORD", "word-of-the-environment", 1);
	for (size_t i = 0; i < array_count(files); i++) {
		FILE *file = fopen(path_of(files[i].name), "w");
		if (!file || fputs(files[i].text, file) < 0 || fclose(file) != 0 ||
		    chmod(path_of(files[i].name), 0600) != 0)
			return 1;
	}
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(files); i++)
		unlink(path_of(files[i].name));
	return rmdir(folder);
}

static void describe_config(const struct config *config, struct buf *out)
{
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct rule *rule = &config->rules.items[i];
		buf_printf(out, "%s > %s", rule->source, rule->destination);
		if (rule->selection)
			buf_printf(out, " %zu %zu %lld", rule->selection->tag_count,
				   rule->selection->exclude_count,
				   (long long)rule->selection->latest);
		if (rule_terms(rule)->platforms)
			buf_printf(out, " %zu platforms",
				   platform_pattern_count(rule_terms(rule)->platforms));
		if (rule_terms(rule)->companions)
			buf_printf(out, " %zu types", rule_terms(rule)->companions->type_count);
		buf_printf(out, " %d\n", (int)rule_terms(rule)->on_change);
	}
	for (size_t i = 0; i < config->credentials.count; i++) {
		const struct credential *entry = &config->credentials.items[i];
		buf_printf(out, "%.*s %s %s %s %zu %s%s\n", STR_ARGS(entry->key),
			   entry->username ? entry->username : "-",
			   entry->password ? entry->password : "-",
			   entry->token ? entry->token : "-", entry->mirror_count,
			   entry->login_fault ? entry->login_fault : "",
			   entry->fault ? entry->fault : "");
	}
}

static void describe_targets(const struct notify_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++)
		buf_printf(out, "%s %s %s %d %d\n", notify_target_names[list->items[i].kind],
			   list->items[i].url.text,
			   list->items[i].secret ? list->items[i].secret : "-",
			   (int)list->items[i].when, list->items[i].required);
}

static const char *look_up(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

static bool load(struct arena *arena, struct options options, struct buf *out)
{
	scoped(problem_finish) struct problems problems = {0};
	struct config config;
	if (!options.docker_config)
		options.docker_config = "false";
	if (!config_load(arena, &options, &config, &problems)) {
		assert_true(problems.error_count > 0);
		return false;
	}
	counting = false;
	assert_int_equal(problems.error_count, 0);
	describe_config(&config, out);
	describe_targets(&config.notify, out);
	return true;
}

static bool new_files(struct arena *arena, struct buf *out)
{
	struct options options = {.auth = path_of("auth.yaml"),
				  .images = path_of("images.yaml"),
				  .docker_config = path_of("config.json"),
				  .os = {{"linux, windows:10.0.1"}, 1},
				  .arch = {{"amd64,,", "arm:v7,386"}, 2},
				  .referrers = {{"sboms,application/y"}, 1}};
	return load(arena, options, out);
}

static bool list_option(struct arena *arena, struct buf *out)
{
	struct options options = {.list = path_of("list.txt"), .to = "r.io/m"};
	return load(arena, options, out);
}

/* The file of rules names another one by its path, so it is written here. */
static bool lists_file(struct arena *arena, struct buf *out)
{
	const char *path = path_of("lists.yaml");
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
		"- {list: %s, to: [r.io/m, $SCARCE_WORD], names: full, arch: amd64}\n"
		"- {list: [a.io/x:v1, b], to: r.io/n, names: 'x-{name}'}\n"
		"- a.io/z: [r.io/o, r.io/p]\n",
		path_of("list.txt"));
	assert_int_equal(fclose(file), 0);
	bool good = load(arena, (struct options){.images = path}, out);
	unlink(path);
	return good;
}

static bool old_file(struct arena *arena, struct buf *out)
{
	return load(arena, (struct options){.config = path_of("old.yaml")}, out);
}

static bool messages(struct arena *arena, struct buf *out)
{
	struct options options = {.images = path_of("messages.yaml"),
				  .notify = {{"heartbeat=https://x.io/", "wecom=https://y.io/"}, 2},
				  .notify_on = "always"};
	return load(arena, options, out);
}

static bool kyma_file(struct arena *arena, struct buf *out)
{
	return load(arena,
		    (struct options){.images = path_of("kyma.yaml"),
				     .target_repo_prefix = "g.io/team",
				     .access_token_file = path_of("key")},
		    out);
}

/* What is given by serve -c, and its routes as rules. */
static bool server_file(struct arena *arena, struct buf *out)
{
	char name[] = "serve", letter[] = "-c", path[128];
	char *argv[] = {name, letter, path};
	const struct expand_lookup lookup = {.get = look_up};
	scoped(problem_finish) struct problems problems = {0};
	struct serve_options own;
	struct options options;
	const struct serve_options_reading reading = {arena, array_count(argv), argv, &lookup,
						      &problems};
	snprintf(path, sizeof(path), "%s", path_of("server.yaml"));
	options_init(&options);
	if (!serve_options_parse(&reading, &own, &options) || problems.error_count)
		return false;
	const struct server_config *server = options.server;
	bool before = counting;
	counting = false;
	buf_printf(out, "%s %s %s %zu\n", server->listen, server->password, options.arch.items[0],
		   server->event_count);
	counting = before;
	return load(arena, options, out);
}

static bool words(struct arena *arena, struct buf *out)
{
	struct options options = {
		.source = "a.io/x:v1", .destinations = {"$SCARCE_WORD/x"}, .destination_count = 1};
	return load(arena, options, out);
}

static bool list_tags(void *ctx, struct arena *arena, const struct reference *source,
		      const char *const **tags, size_t *count, struct error *err)
{
	static const char *const list[] = {"latest", "v1", "v1.2.3", "v1.10.0", "2.0", "v1.3.0-rc"};
	(void)ctx;
	(void)arena;
	(void)source;
	(void)err;
	*tags = list;
	*count = array_count(list);
	return true;
}

static bool list_dates(void *ctx, const struct dating *dating, struct error *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; i < dating->count; i++)
		dating->when[i] = (int64_t)(1 + i) * 1000000;
	return true;
}

static const struct catalog catalog = {.tags = list_tags, .created = list_dates};

static struct rule plan_rules[] = {
	{.source = "a.io/x:v1,v1.2.3", .destination = "b.io/x"},
	{.source = "a.io/y:/^v1\\.\\d+/,2.0", .destination = "b.io/y"},
	{.source = "a.io/z", .destination = "b.io/z"},
	{.source = "a.io/w", .destination = "b.io/w"},
	{.source = "a.io/d@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	 .destination = "b.io/d"},
};
static const struct placed z_exclude[] = {{"/rc/", "i.yaml:3:3"}};
static const struct selection z = {.exclude = z_exclude,
				   .exclude_count = 1,
				   .semver = {">=1.2 <2 || ^2", "i.yaml:3:4"},
				   .latest = 2};
static const struct placed w_tags[] = {{"v1", "i.yaml:4:3"}, {"/^v1/", "i.yaml:4:4"}};
static const struct selection w = {
	.tags = w_tags, .tag_count = 2, .latest = 2, .latest_by_date = true, .since = 5};

static bool expand(struct arena *arena, const struct plan_rule *rule, struct problems *problems,
		   struct buf *lines)
{
	struct task *tasks = NULL;
	size_t count = 0;
	struct error err = {0};
	if (!plan_expand(arena, &(struct expanding){rule, &catalog, problems, false}, &tasks,
			 &count, &err))
		return out_of_memory(&err);
	bool before = counting;
	counting = false;
	for (size_t i = 0; i < count; i++)
		buf_printf(lines, "%s:%s > %s:%s\n", tasks[i].source.repository,
			   tasks[i].source.tag ? tasks[i].source.tag : tasks[i].source.digest,
			   tasks[i].destination.repository,
			   tasks[i].destination.tag ? tasks[i].destination.tag : "-");
	counting = before;
	return true;
}

static bool plan(struct arena *arena, struct buf *out)
{
	scoped(problem_finish) struct problems problems = {0};
	const struct rules rules = {.items = plan_rules, .count = array_count(plan_rules)};
	struct plan_rule *parsed = NULL;
	size_t count = 0;
	for (size_t i = 0; i < rules.count; i++)
		rules.items[i].source_place = rules.items[i].destination_place = "i.yaml:1:1";
	rules.items[2].selection = &z;
	rules.items[3].selection = &w;
	if (!plan_parse(arena, &rules, &parsed, &count, &problems))
		return false;
	assert_int_equal(problems.error_count, 0);
	if (!shard_select(parsed, &count, 0, 2))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!expand(arena, &parsed[i], &problems, out))
			return false;
	return true;
}

static bool plan_without_shards(struct arena *arena, struct buf *out)
{
	scoped(problem_finish) struct problems problems = {0};
	const struct rules rules = {.items = plan_rules, .count = array_count(plan_rules)};
	struct plan_rule *parsed = NULL;
	size_t count = 0;
	if (!plan_parse(arena, &rules, &parsed, &count, &problems))
		return false;
	assert_int_equal(problems.error_count, 0);
	for (size_t i = 0; i < count; i++)
		if (!expand(arena, &parsed[i], &problems, out))
			return false;
	return true;
}

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct platform_pattern amd64 = {{"amd64", 5}, {0}};
static const struct platform_filter filter = {.arch = &amd64, .arch_count = 1};
static const struct task task = {
	.source = {"a.io", "x", "v1", NULL},
	.destination = {"b.io", "x", "v1", NULL},
	.rule = &(const struct rule){.source_place = "i.yaml:3:1",
				     .terms = &(const struct terms){.platforms = &filter}},
};
static const struct task task_2 = {
	.source = {"a.io", "x", "v2", NULL},
	.destination = {"b.io", "x", "v2", NULL},
	.rule = &(const struct rule){.source_place = "i.yaml:3:1"},
};

static bool add_piece(void *ctx, struct str piece, struct error *err)
{
	buf_add_str(ctx, piece);
	return buf_ok(ctx) || error_memory(err);
}

static bool report(struct arena *arena, struct buf *out)
{
	struct error err;
	scoped(buf_finish) struct buf text = {0};
	struct tally tally = {.total = 4};
	struct action_output outputs[ACTION_OUTPUT_COUNT];
	const struct outcome failed = {.status = OUTCOME_FAILED,
				       .error_kind = ERROR_DENIED,
				       .error_text = "refused: \"x\""};
	const struct outcome copied = {
		.status = OUTCOME_COPIED, .reason = "missing", .digest = DIGEST};
	tally_add(&tally, arena, &(struct tally_image){.task = &task, .outcome = failed});
	tally_add(&tally, arena, &(struct tally_image){.task = &task_2, .outcome = copied});
	tally_add(&tally, arena, &(struct tally_image){.rule = plan_rules, .outcome = failed});
	tally_list_sort(&tally.list);
	/* Counted they are in any case, so that the run is no success. */
	assert_int_equal(tally.failed, 2);
	if (!report_json_write(&tally, add_piece, &text, &err))
		return false;
	image_lists_write(&tally, OUTCOME_FAILED, false, &text);
	image_lists_write(&tally, OUTCOME_COPIED, true, &text);
	summary_write(&tally, &(struct changes_view){.columns = 80}, &text);
	step_summary_write(&tally, "image-syncer", "r.json", &text);
	bool listed = action_output_all(arena, &tally, "r.json", NULL, outputs);
	for (size_t i = 0; listed && i < array_count(outputs); i++)
		buf_printf(&text, "%s=%s\n", outputs[i].name, outputs[i].value);
	if (!listed || !buf_ok(&text) || tally.unlisted ||
	    strstr(buf_string(&text), "(out of memory)"))
		return false;
	counting = false;
	buf_add_str(out, buf_str(&text));
	return true;
}

static void test_new_files(void **state)
{
	(void)state;
	starve(new_files);
}

static void test_lists(void **state)
{
	(void)state;
	starve(list_option);
	starve(lists_file);
}

static void test_messages(void **state)
{
	(void)state;
	starve(messages);
}

static void test_old_file(void **state)
{
	(void)state;
	starve(old_file);
}

static void test_kyma_file(void **state)
{
	(void)state;
	starve(kyma_file);
}

static void test_server_file(void **state)
{
	(void)state;
	starve(server_file);
}

static void test_words(void **state)
{
	(void)state;
	starve(words);
}

static void test_plan(void **state)
{
	(void)state;
	starve(plan);
}

static void test_plan_without_shards(void **state)
{
	(void)state;
	starve(plan_without_shards);
}

static void test_report(void **state)
{
	(void)state;
	starve(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_files), cmocka_unit_test(test_old_file),
		cmocka_unit_test(test_lists),     cmocka_unit_test(test_kyma_file),
		cmocka_unit_test(test_words),     cmocka_unit_test(test_server_file),
		cmocka_unit_test(test_plan),      cmocka_unit_test(test_plan_without_shards),
		cmocka_unit_test(test_report),    cmocka_unit_test(test_messages),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
