/* Inputs as options: names, values, files and texts, and who comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/secret.h"
#include "config/action/inputs.h"
#include "config/config.h"
#include "config/options/option.h"

struct read {
	struct arena *arena;
	struct problems problems;
	struct inputs inputs;
	struct options options;
};

static void finish(struct read *read)
{
	arena_free(&read->arena);
	problem_finish(&read->problems);
	secret_forget();
}

/* Reads the variables and then the command line, as main() does. */
static void read_all(struct read *read, const char *const *variables, const char *const *words)
{
	int count = 0;
	while (words[count])
		count++;
	read->arena = arena_new();
	options_init(&read->options);
	inputs_read(read->arena, (char *const *)(uintptr_t)variables, &read->inputs, &read->options,
		    &read->problems);
	options_parse(count, (char **)(uintptr_t)words, &read->options, &read->problems);
	inputs_settle(read->arena, &read->inputs, &read->options, &read->problems);
}

#define VARIABLES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define WORDS(...) ((const char *const[]){"image-syncer", __VA_ARGS__, NULL})
static const char *const nothing[] = {"image-syncer", NULL};

static void good(const struct read *read)
{
	assert_string_equal(buf_string(&read->problems.errors), "");
	assert_string_equal(buf_string(&read->problems.warnings), "");
}

static bool present(const char *const *variables)
{
	return inputs_present((char *const *)(uintptr_t)variables);
}

static void test_presence(void **state)
{
	(void)state;
	assert_true(present(VARIABLES("GITHUB_ACTIONS=true", "INPUT_IMAGES=")));
	assert_true(present(VARIABLES("INPUT_DRY-RUN=", "GITHUB_ACTIONS=true")));
	assert_true(present(VARIABLES("INPUT_VERSION=latest", "GITHUB_ACTIONS=true")));
	assert_false(present(VARIABLES("INPUT_IMAGES=x")));
	assert_false(present(VARIABLES("GITHUB_ACTIONS=false", "INPUT_IMAGES=x")));
	assert_false(present(VARIABLES("GITHUB_ACTIONS=true", "INPUT_PATH=x", "INPUTS_IMAGES=x")));
	assert_false(present(VARIABLES("GITHUB_ACTIONS=true", "INPUT_HELP=true", "INPUT_ARGS=x")));
}

/* Whatever stands in options.def is an input, in both spellings, but for help and version. */
static void test_every_option_is_an_input(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		char hyphen[64] = "INPUT_", under[64];
		const struct option *option = &option_table[i];
		if (option->kind == OPTION_KIND_GROUP || strcmp(option->name, "help") == 0 ||
		    strcmp(option->name, "version") == 0)
			continue;
		for (size_t j = 0; option->name[j]; j++) {
			char c = option->name[j];
			hyphen[6 + j] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		}
		memcpy(under, hyphen, sizeof(under));
		for (char *c = under; *c; c++)
			*c = *c == '-' ? '_' : *c;
		strncat(hyphen, "=true", 8);
		strncat(under, "=17", 8);
		assert_true(present(VARIABLES("GITHUB_ACTIONS=true", hyphen)));
		assert_true(present(VARIABLES("GITHUB_ACTIONS=true", under)));
		scoped(finish) struct read read = {0};
		bool number = option->kind == OPTION_KIND_NUMBER;
		struct options fresh;
		options_init(&fresh);
		read.arena = arena_new();
		options_init(&read.options);
		inputs_read(read.arena,
			    (char *const *)(uintptr_t)VARIABLES(number ? under : hyphen, "X="),
			    &read.inputs, &read.options, &read.problems);
		/* auth and config are looked for at once, and are not there */
		bool missing = read.problems.error_count == 1;
		fresh.inputs = read.options.inputs;
		if (!missing && memcmp(&fresh, &read.options, sizeof(fresh)) == 0)
			fail_msg("input %s changes nothing", option->name);
		assert_string_equal(buf_string(&read.problems.warnings), "");
	}
}

static void test_values(void **state)
{
	(void)state;
	scoped(finish) struct read read = {0};
	read_all(&read,
		 VARIABLES("INPUT_PROC= 7\n", "INPUT_RETRIES=", "INPUT_DRY_RUN=TRUE",
			   "INPUT_FORCE=false", "INPUT_LOG=\n a b.txt \n",
			   "INPUT_OS=\n linux \r\n\n  windows:10 , ,darwin\n", "INPUT_ARCH= \n",
			   "INPUT_DRY-RUN= \n", "INPUT_IMAGES=a: b", "INPUT_SUMMARY=False",
			   "GITHUB_OUTPUT=out", "RUNNER_DEBUG=1", "NO_COLOR="),
		 nothing);
	good(&read);
	assert_int_equal(read.options.proc, 7);
	assert_int_equal(read.options.retries, 2);
	assert_true(read.options.dry_run);
	assert_false(read.options.force);
	assert_true(read.options.debug);
	assert_string_equal(read.options.log, "a b.txt");
	assert_int_equal(read.options.os.count, 1);
	assert_string_equal(read.options.os.items[0], "linux,windows:10,darwin");
	assert_int_equal(read.options.arch.count, 0);
	assert_false(read.inputs.summary);
	assert_true(read.inputs.colour);
	assert_string_equal(read.inputs.output, "out");
	assert_null(read.options.report);
}

static void test_texts(void **state)
{
	(void)state;
	scoped(finish) struct read read = {0};
	read_all(&read,
		 VARIABLES("INPUT_IMAGES=\n  a.io/x: b.io/x\n  a.io/y: b.io/y\n",
			   "INPUT_AUTH={\"a.io\": {\"insecure\": true}}"),
		 nothing);
	good(&read);
	assert_string_equal(read.options.images, "input images");
	assert_string_equal(inputs_text(&read.inputs, read.options.images),
			    "\n  a.io/x: b.io/x\n  a.io/y: b.io/y\n");
	assert_string_equal(read.options.auth, "input auth");
	assert_null(inputs_text(&read.inputs, "input auth"));
	assert_null(inputs_text(NULL, read.options.auth));
	struct config config;
	read.options.docker_config = "false";
	assert_true(config_load(read.arena, &read.options, &config, &read.problems));
	assert_int_equal(config.rules.count, 2);
	assert_string_equal(config.rules.items[1].source_place, "input images:3:3");
	assert_true(config.credentials.items[0].insecure);
}

static void test_paths(void **state)
{
	static const char *const paths[] = {"rules.yaml", "./a: b", "C:rules", "-",
					    " rules.yaml\n"};
	(void)state;
	for (size_t i = 0; i < array_count(paths); i++) {
		scoped(finish) struct read read = {0};
		char variable[64];
		snprintf(variable, sizeof(variable), "INPUT_IMAGES=%s", paths[i]);
		read_all(&read, VARIABLES(variable, "X="), nothing);
		good(&read);
		assert_null(inputs_text(&read.inputs, read.options.images));
		assert_string_equal(read.options.images, i == 4 ? "rules.yaml" : paths[i]);
	}
}

static void test_the_command_line_comes_first(void **state)
{
	(void)state;
	scoped(finish) struct read read = {0};
	read_all(&read,
		 VARIABLES("INPUT_PROC=7", "INPUT_FORCE=true", "INPUT_OS=linux",
			   "INPUT_IMAGES=a: b", "INPUT_CONFIG={}", "INPUT_RETRIES=9"),
		 WORDS("--proc", "3", "--force=false", "--os", "windows", "--os", "darwin",
		       "--images", "mine.yaml", "--retries="));
	good(&read);
	assert_int_equal(read.options.proc, 3);
	assert_int_equal(read.options.retries, 2);
	assert_false(read.options.force);
	assert_int_equal(read.options.os.count, 2);
	assert_string_equal(read.options.os.items[0], "windows");
	assert_string_equal(read.options.images, "mine.yaml");
	assert_null(read.options.config);

	scoped(finish) struct read words = {0};
	read_all(&words, VARIABLES("INPUT_CONFIG={}", "INPUT_IMAGES=a: b", "INPUT_AUTH={}"),
		 WORDS("a.io/x", "b.io/x"));
	good(&words);
	assert_null(words.options.images);
	assert_null(words.options.config);
	assert_string_equal(words.options.auth, "input auth");
}

static void test_the_report_has_a_name_of_its_own(void **state)
{
	(void)state;
	scoped(finish) struct read one = {0}, other = {0}, given = {0}, nowhere = {0};
	read_all(&one, VARIABLES("RUNNER_TEMP=/tmp", "INPUT_IMAGES=a: b"), nothing);
	read_all(&other, VARIABLES("RUNNER_TEMP=/tmp", "INPUT_IMAGES=a: b"), nothing);
	read_all(&given, VARIABLES("RUNNER_TEMP=/tmp", "INPUT_REPORT=r.json"), nothing);
	read_all(&nowhere, VARIABLES("RUNNER_TEMP=/not/there", "INPUT_IMAGES=a: b"), nothing);
	assert_null(nowhere.options.report);
	assert_true(str_starts(str_of(one.options.report), "/tmp/image-syncer-report-"));
	assert_string_not_equal(one.options.report, other.options.report);
	assert_string_equal(given.options.report, "r.json");
}

static const struct credential *github_login(struct read *read, struct config *config,
					     const char *server, const char *auth)
{
	char url[128], text[256];
	snprintf(url, sizeof(url), "GITHUB_SERVER_URL=%s", server);
	snprintf(text, sizeof(text), "INPUT_AUTH=%s", auth);
	read_all(read,
		 VARIABLES("INPUT_GITHUB-TOKEN=not-a-real-token", "GITHUB_ACTOR=someone", url, text,
			   "INPUT_IMAGES=a.io/x: b.io/x", "INPUT_DOCKER-CONFIG=false"),
		 nothing);
	assert_true(config_load(read->arena, &read->options, config, &read->problems));
	return credential_find(&config->credentials, STR("ghcr.io"), STR("owner/app"));
}

static void test_the_token_of_the_job(void **state)
{
	(void)state;
	struct config config;
	scoped(finish) struct read plain = {0}, elsewhere = {0}, given = {0}, settings = {0};
	scoped(buf_finish) struct buf masked = {0};
	unsetenv("GITHUB_TOKEN");
	const struct credential *login = github_login(&plain, &config, "https://github.com", "{}");
	assert_non_null(login);
	assert_string_equal(login->username, "someone");
	assert_string_equal(login->password, "not-a-real-token");
	assert_string_equal(login->place, "input github-token");
	assert_null(credential_find(&config.credentials, STR("docker.io"), STR("owner/app")));
	secret_mask(STR("c29tZW9uZTpub3QtYS1yZWFsLXRva2Vu not-a-real-token"), &masked);
	assert_string_equal(buf_string(&masked), "*** ***");
	assert_null(github_login(&elsewhere, &config, "https://git.example.com", "{}"));
	login = github_login(&given, &config, "https://github.com",
			     "ghcr.io: {username: me, password: \"x${GITHUB_TOKEN}\"}");
	assert_string_equal(login->username, "me");
	assert_string_equal(login->password, "xnot-a-real-token");
	login = github_login(&settings, &config, "https://github.com",
			     "ghcr.io/owner: {insecure: false, mirrors: [m.io]}");
	assert_string_equal(login->username, "someone");
	assert_int_equal(login->mirror_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_presence),
		cmocka_unit_test(test_every_option_is_an_input),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_the_command_line_comes_first),
		cmocka_unit_test(test_the_report_has_a_name_of_its_own),
		cmocka_unit_test(test_the_token_of_the_job),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
