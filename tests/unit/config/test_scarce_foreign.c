/* Memory that runs out while files of other programs are read. */
#include "test_scarce_fixture.h"

#include "config/config.h"

#include <unistd.h>

static char path[] = "/tmp/image-syncer-foreign-XXXXXX.txt";

static const char regsync[] =
	"creds: [{registry: a.io, user: u, pass: '{{env \"SCARCE_WORD\"}}', mirrors: [m.io]}]\n"
	"defaults: {interval: 6h, ratelimit: {min: 9}}\n"
	"sync:\n"
	"  - {source: a.io/x, target: b.io/x, type: repository, tags: {allow: [v1, 'v/2'], "
	"deny: [v3], semverRange: ['>=1.2', 2]}, platforms: [linux/amd64], referrers: true, "
	"referrerFilters: [{artifactType: application/x}]}\n"
	"  - {source: a.io/x:v1, target: b.io/y, type: image}\n"
	"  - {source: a.io/x, target: b.io/y, type: repository, tagSets: [{allow: [a]}]}\n";
static const char skopeo[] = "a.io:\n  images: {x: [v1, v2], y: []}\n"
			     "  images-by-tag-regex: {z: ^v}\n"
			     "  credentials: {username: u, password: word-of-skopeo}\n";
static const char dregsy[] =
	"tasks:\n  - source: {registry: a.io, auth: "
	"eyJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6IndvcmQtNCJ9}\n"
	"    target: {registry: b.io}\n"
	"    mappings: [{from: x, platform: linux/amd64, tags: [v1, 'semver: >1', 'regex: v']}]\n";
static const char pods[] = "apiVersion: v1\nkind: Pod\nmetadata: {}\n"
			   "spec: {containers: [{image: a.io/x}, {image: 'a.io/y:v1'}]}\n---\n"
			   "apiVersion: v1\nkind: List\nitems: []\n";
static const char lines[] = "a.io/x\n--platform=linux/amd64 a.io/y\n"
			    "--platform=linux/arm64 a.io/y\na.io/z other:v1\n";

static void describe(const struct config *config, struct buf *out)
{
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct rule *rule = &config->rules.items[i];
		buf_printf(out, "%s > %s", rule->source, rule->destination);
		if (rule->selection)
			buf_printf(out, " %zu %zu", rule->selection->tag_count,
				   rule->selection->exclude_count);
		if (rule_terms(rule)->platforms)
			buf_printf(out, " %zu platforms",
				   platform_pattern_count(rule_terms(rule)->platforms));
		buf_printf(out, " %s\n", rule->schedule ? rule->schedule->every.text : "");
	}
	for (size_t i = 0; i < config->credentials.count; i++) {
		const struct credential *entry = &config->credentials.items[i];
		buf_printf(out, "%.*s %s %zu\n", STR_ARGS(entry->key),
			   entry->password ? entry->password : "-", entry->mirror_count);
	}
	buf_printf(out, "%u\n", config->keep_pulls);
}

/* Reads text as a file, with --to unless it is NULL. */
static bool load(struct arena *arena, const char *text, const char *to, struct buf *out)
{
	scoped(problem_finish) struct problems problems = {0};
	const struct options options = {
		.images = path, .to = to, .names = to ? "full" : NULL, .docker_config = "false"};
	struct config config;
	counting = false;
	FILE *file = fopen(path, "w");
	assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
	counting = true;
	if (!config_load(arena, &options, &config, &problems)) {
		assert_true(problems.error_count > 0);
		return false;
	}
	counting = false;
	describe(&config, out);
	return true;
}

static bool file_of_regsync(struct arena *arena, struct buf *out)
{
	return load(arena, regsync, NULL, out);
}

static bool file_of_skopeo(struct arena *arena, struct buf *out)
{
	return load(arena, skopeo, "r.io/m", out);
}

static bool file_of_dregsy(struct arena *arena, struct buf *out)
{
	return load(arena, dregsy, NULL, out);
}

static bool stream_of_pods(struct arena *arena, struct buf *out)
{
	return load(arena, pods, "r.io/m", out);
}

static bool lines_of_images(struct arena *arena, struct buf *out)
{
	return load(arena, lines, "r.io/m", out);
}

static void test_forms(void **state)
{
	(void)state;
	starve(file_of_regsync);
	starve(file_of_skopeo);
	starve(file_of_dregsy);
	starve(stream_of_pods);
	starve(lines_of_images);
}

static int make_file(void **state)
{
	(void)state;
	setenv("SCARCE_WORD", "word-of-the-environment", 1);
	int fd = mkstemps(path, 4);
	return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms)};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
