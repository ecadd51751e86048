/* The command line of serve and the file that it names: which file, and which of the two wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/serve/serve_options.h"

enum { WORDS_MAX = 12 };

static char folder[] = "/tmp/image-syncer-serve-XXXXXX";

static const struct {
	const char *name, *text;
} files[] = {
	{"server.yaml",
	 "auth: {token: $WORD}\n"
	 "registry: {reg: [{sourceName: q.io, namespace: a, destinationName: r.io}]}\n"
	 "sync: {filePosition: {auth: a.yaml, log: l.log}, routineNum: 3, retryCount: 4,\n"
	 "  filter: {osFilterList: linux, archFilterList: [amd64, arm64]}}\n"},
	{"plain.yaml",
	 "auth: {anonymous: true}\n"
	 "registry: {reg: [{sourceName: q.io, namespace: a, destinationName: r.io}]}\n"},
	{"rules.yaml", "auth: {q.io: {username: u, password: p}}\nimages: {q.io/a: r.io/a}\n"},
	{"wrong.yaml", "sync: {interval: often}\n"},
};

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return 1;
	for (size_t i = 0; i < array_count(files); i++) {
		FILE *file = fopen(files[i].name, "w");
		if (!file || fputs(files[i].text, file) < 0 || fclose(file) != 0 ||
		    chmod(files[i].name, 0600) != 0)
			return 1;
	}
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(files); i++)
		unlink(files[i].name);
	return chdir("/") != 0 || rmdir(folder) != 0;
}

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "WORD") == 0 ? "word-of-the-environment" : NULL;
}

/* One command line, split at blanks. */
struct parsed {
	struct arena *arena;
	char line[256];
	char *argv[WORDS_MAX + 1];
	int argc;
	struct problems problems;
	struct serve_options own;
	struct options options;
	bool ok;
};

static void parsed_close(struct parsed *parsed)
{
	problem_finish(&parsed->problems);
	arena_free(&parsed->arena);
}

static void split(struct parsed *parsed, const char *line)
{
	char *rest = parsed->line;
	parsed->arena = arena_new();
	snprintf(parsed->line, sizeof(parsed->line), "%s", line);
	for (char *word; (word = strsep(&rest, " ")) && parsed->argc < WORDS_MAX;)
		parsed->argv[parsed->argc++] = word;
}

static void parse(struct parsed *parsed, const char *line)
{
	static const struct expand_lookup lookup = {.get = variable};
	split(parsed, line);
	const struct serve_options_reading reading = {parsed->arena, parsed->argc, parsed->argv,
						      &lookup, &parsed->problems};
	options_init(&parsed->options);
	parsed->ok = serve_options_parse(&reading, &parsed->own, &parsed->options);
}

static void test_presets(void **state)
{
	scoped(parsed_close) struct parsed parsed = {0};
	(void)state;
	parse(&parsed, "serve -c server.yaml --every 6h");
	assert_true(parsed.ok);
	assert_int_equal(parsed.problems.error_count, 0);
	assert_string_equal(parsed.own.file, "server.yaml");
	assert_string_equal(parsed.own.every, "6h");
	assert_non_null(parsed.options.server);
	assert_string_equal(parsed.options.server->path, "server.yaml");
	assert_string_equal(parsed.options.server->token, "word-of-the-environment");
	assert_int_equal(parsed.options.server->route_count, 1);
	assert_null(parsed.options.config);
	assert_string_equal(parsed.options.auth, "a.yaml");
	assert_string_equal(parsed.options.log, "l.log");
	assert_int_equal(parsed.options.proc, 3);
	assert_int_equal(parsed.options.retries, 4);
	assert_int_equal(parsed.options.os.count, 1);
	assert_string_equal(parsed.options.arch.items[0], "amd64,arm64");
}

static void test_command_line_wins(void **state)
{
	scoped(parsed_close) struct parsed parsed = {0};
	(void)state;
	parse(&parsed, "serve --config=server.yaml --auth b.yaml --log= -p 9 -r7 --os windows "
		       "--os darwin");
	assert_true(parsed.ok);
	assert_int_equal(parsed.options.server->route_count, 1);
	assert_string_equal(parsed.options.auth, "b.yaml");
	assert_null(parsed.options.log);
	assert_int_equal(parsed.options.proc, 9);
	assert_int_equal(parsed.options.retries, 7);
	assert_int_equal(parsed.options.os.count, 2);
	assert_string_equal(parsed.options.os.items[0], "windows");
	assert_string_equal(parsed.options.arch.items[0], "amd64,arm64");
}

/* The auth file's default counts only where there is such a file. */
static void test_auth_default(void **state)
{
	scoped(parsed_close) struct parsed without = {0}, with = {0};
	(void)state;
	parse(&without, "serve -cplain.yaml");
	assert_null(without.options.auth);
	assert_string_equal(without.options.log, "./app.log");
	assert_int_equal(symlink("rules.yaml", "auth.yaml"), 0);
	parse(&with, "serve -c=plain.yaml");
	unlink("auth.yaml");
	assert_string_equal(with.options.auth, "./auth.yaml");
}

static void test_file_of_rules(void **state)
{
	scoped(parsed_close) struct parsed parsed = {0};
	(void)state;
	parse(&parsed, "serve --config rules.yaml --every 6h");
	assert_true(parsed.ok);
	assert_null(parsed.options.server);
	assert_string_equal(parsed.options.config, "rules.yaml");
}

/* Mistakes of the file are none of the command line, so that other files are read as well. */
static void test_mistakes(void **state)
{
	scoped(parsed_close) struct parsed wrong = {0}, absent = {0}, usage = {0}, help = {0};
	(void)state;
	parse(&wrong, "serve -c wrong.yaml");
	assert_true(wrong.ok);
	assert_string_equal(buf_string(&wrong.problems.errors),
			    "wrong.yaml:1:18: sync: interval: often: expected a number of minutes "
			    "up to 60000, or a time as in 90s or 2h; 0: only right after a hook\n");
	parse(&absent, "serve -c absent.yaml");
	assert_true(absent.ok && absent.options.server);
	assert_string_equal(buf_string(&absent.problems.errors),
			    "cannot open absent.yaml: No such file or directory\n");
	parse(&usage, "serve -c wrong.yaml --evry 1h");
	assert_false(usage.ok);
	assert_int_equal(usage.problems.error_count, 2);
	parse(&help, "serve -c wrong.yaml --help");
	assert_true(help.ok && help.options.help);
	assert_int_equal(help.problems.error_count, 0);
}

static void test_usual_file(void **state)
{
	static const struct {
		const char *line;
		bool read;
	} rows[] = {
		{"serve", true},
		{"serve --every 6h", true},
		{"serve --images rules.yaml --every 6h", false},
		{"serve --list l.txt --to r.io", false},
		{"serve a b", false},
	};
	(void)state;
	assert_int_equal(mkdir("configs", 0700), 0);
	assert_int_equal(symlink("../plain.yaml", "configs/sync.yml"), 0);
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(parsed_close) struct parsed parsed = {0};
		parse(&parsed, rows[i].line);
		const struct server_config *server = parsed.options.server;
		assert_int_equal(server != NULL, rows[i].read);
		if (server)
			assert_string_equal(server->path, "configs/sync.yml");
	}
	unlink("configs/sync.yml");
	rmdir("configs");
}

static void test_meant(void **state)
{
	static const struct {
		const char *line;
		bool meant;
	} rows[] = {
		{"image-syncer -c server.yaml", true},
		{"image-syncer -c absent.yaml", true},
		{"image-syncer -c", true},
		{"image-syncer -cserver.yaml --debug", true},
		{"image-syncer -c=server.yaml", true},
		{"image-syncer --config server.yaml", true},
		{"image-syncer --config=server.yaml", true},
		{"image-syncer --config rules.yaml", false},
		{"image-syncer --config absent.yaml", false},
		{"image-syncer --config", false},
		{"image-syncer --config=", false},
		{"image-syncer --config -", false},
		{"image-syncer --configs server.yaml", false},
		{"image-syncer -config server.yaml", false},
		{"image-syncer --debug -c server.yaml", false},
		{"image-syncer --images rules.yaml", false},
		{"image-syncer", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(parsed_close) struct parsed parsed = {0};
		split(&parsed, rows[i].line);
		if (serve_options_meant(parsed.arena, parsed.argc, parsed.argv) != rows[i].meant)
			fail_msg("%s", rows[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_presets),      cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_auth_default), cmocka_unit_test(test_file_of_rules),
		cmocka_unit_test(test_mistakes),     cmocka_unit_test(test_usual_file),
		cmocka_unit_test(test_meant),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
