/*
 * The command line: every form of every kind of option, what is refused and with which words,
 * help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/formats.h"
#include "config/options/options.h"
#include "config/options/options_help.h"

enum { WORDS_MAX = 16 };

/* Splits at blanks; '' stands for an empty argument. */
static struct options parse(const char *line, struct problems *problems)
{
	static char text[512];
	char *words[WORDS_MAX] = {0};
	int count = 0;
	struct options options;
	char *rest = text;
	snprintf(text, sizeof(text), "image-syncer %s", line);
	for (char *word; (word = strsep(&rest, " "));)
		if (*word && count < WORDS_MAX - 1)
			words[count++] = strcmp(word, "''") == 0 ? word + 2 : word;
	options_init(&options);
	bool good = options_parse(count, words, &options, problems);
	assert_int_equal(good, problems->error_count == 0);
	return options;
}

static struct options good(const char *line)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options = parse(line, &problems);
	if (problems.error_count)
		fail_msg("%s: %s", line, buf_string(&problems.errors));
	return options;
}

static void bad(const char *line, const char *message)
{
	scoped(problem_finish) struct problems problems = {0};
	parse(line, &problems);
	assert_string_equal(buf_string(&problems.errors), message);
}

static void test_defaults(void **state)
{
	(void)state;
	struct options options = good("");
	assert_null(options.auth);
	assert_null(options.images);
	assert_null(options.log);
	assert_null(options.report);
	assert_int_equal(options.proc, 5);
	assert_int_equal(options.retries, 2);
	assert_null(options.config);
	assert_null(options.docker_config);
	assert_null(options.output_success_images);
	assert_null(options.output_failed_images);
	assert_null(options.output_images_format);
	assert_null(options.source);
	assert_int_equal(options.destination_count, 0);
	assert_int_equal(options.os.count + options.arch.count, 0);
	assert_false(options.force || options.dry_run || options.debug);
	assert_false(options.version || options.help);
}

static void test_text(void **state)
{
	(void)state;
	assert_string_equal(good("--images a.yaml").images, "a.yaml");
	assert_string_equal(good("--images=a=b.yaml").images, "a=b.yaml");
	assert_string_equal(good("--images a --images b").images, "b");
	assert_string_equal(good("--images -").images, "-");
	assert_string_equal(good("--images --odd-name").images, "--odd-name");
	assert_null(good("--images=").images);
	assert_null(good("--images ''").images);
	assert_null(good("--images a --images=").images);
	struct options options = good("--auth a --images i --log l --report r");
	assert_string_equal(options.auth, "a");
	assert_string_equal(options.log, "l");
	assert_string_equal(options.report, "r");
}

static void test_number(void **state)
{
	(void)state;
	assert_int_equal(good("--proc 6").proc, 6);
	assert_int_equal(good("--proc=6").proc, 6);
	assert_int_equal(good("-p6").proc, 6);
	assert_int_equal(good("-p 6").proc, 6);
	assert_int_equal(good("-p=6").proc, 6);
	assert_int_equal(good("-p +6").proc, 6);
	assert_int_equal(good("-p 6 --proc 7").proc, 7);
	assert_int_equal(good("-p 0").proc, 0);
	bad("-p -1", "--proc -1: expected 0 or more, as in --proc 5\n");
	bad("--retries=-3", "--retries -3: expected 0 or more, as in --retries 2\n");
	assert_int_equal(good("--proc=").proc, 5);
	assert_int_equal(good("-p 9 -p=").proc, 5);
	assert_int_equal(good("--proc=2147483647").proc, 2147483647);
	assert_int_equal(good("-r 0").retries, 0);
	assert_int_equal(good("--retries=7").retries, 7);
}

static void test_switch(void **state)
{
	(void)state;
	assert_true(good("--force").force);
	assert_true(good("--force=true").force);
	assert_true(good("--force=1").force);
	assert_true(good("--force=t --dry-run=TRUE --debug=True").debug);
	assert_true(good("--force=T").force);
	assert_false(good("--force=false").force);
	assert_false(good("--force --force=0").force);
	assert_false(good("--force --force=F").force);
	assert_false(good("--force --force=f").force);
	assert_false(good("--force --force=FALSE").force);
	assert_false(good("--force --force=False").force);
	assert_false(good("--force --force=").force);
	assert_true(good("--dry-run").dry_run);
	assert_true(good("--debug").debug);
	assert_true(good("--version").version);
	assert_true(good("--help").help);
	assert_true(good("-h").help);
	assert_false(good("-h=false").help);
	struct options options = good("-hp6");
	assert_true(options.help);
	assert_int_equal(options.proc, 6);
}

static void test_list(void **state)
{
	(void)state;
	struct options options =
		good("--os linux --arch=amd64,arm:v7 --os=windows --arch= --os ''");
	assert_int_equal(options.os.count, 2);
	assert_string_equal(options.os.items[0], "linux");
	assert_string_equal(options.os.items[1], "windows");
	assert_int_equal(options.arch.count, 1);
	assert_string_equal(options.arch.items[0], "amd64,arm:v7");
}

static void test_list_too_long(void **state)
{
	(void)state;
	static char os[] = "--os=linux", name[] = "image-syncer";
	char *words[OPTIONS_LIST_MAX + 2] = {name};
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	for (size_t i = 1; i < array_count(words); i++)
		words[i] = os;
	options_init(&options);
	assert_true(options_parse(array_count(words) - 1, words, &options, &problems));
	assert_int_equal(options.os.count, OPTIONS_LIST_MAX);
	options_init(&options);
	assert_false(options_parse(array_count(words), words, &options, &problems));
	assert_string_equal(buf_string(&problems.errors),
			    "--os is given more than 64 times: join values with commas\n");
}

static void test_destinations_too_many(void **state)
{
	(void)state;
	static char word[] = "r.io/b", name[] = "image-syncer";
	char *words[OPTIONS_DESTINATIONS_MAX + 3] = {name};
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	for (size_t i = 1; i < array_count(words); i++)
		words[i] = word;
	options_init(&options);
	assert_true(options_parse(array_count(words) - 1, words, &options, &problems));
	assert_int_equal(options.destination_count, OPTIONS_DESTINATIONS_MAX);
	options_init(&options);
	assert_false(options_parse(array_count(words), words, &options, &problems));
	assert_string_equal(buf_string(&problems.errors),
			    "more than 32 destinations: write them into a file and pass --images "
			    "FILE\n");
}

static void test_words(void **state)
{
	(void)state;
	struct options options = good("a/b:v1 --force r.io/b");
	assert_string_equal(options.source, "a/b:v1");
	assert_string_equal(options.destinations[0], "r.io/b");
	assert_true(options.force);
	options = good("-- a -b");
	assert_string_equal(options.destinations[0], "-b");
	options = good("a r.io/b r.io/c --force r.io/d");
	assert_int_equal(options.destination_count, 3);
	assert_string_equal(options.destinations[2], "r.io/d");
	assert_true(good("version").version);
	assert_null(good("version").source);
	assert_false(good("version x").version);
}

/* Scripts for old releases pass these empty. */
static void test_removed(void **state)
{
	(void)state;
	assert_string_equal(good("--namespace= --registry= --records= --images x").images, "x");
	assert_string_equal(good("--namespace '' --images x").images, "x");
	good("--records");
	bad("--namespace=team", "--namespace was removed in v1.5.0: write the whole destination "
				"into each rule\n");
	bad("--registry r.io --force", "--registry was removed in v1.5.1: write the whole "
				       "destination into each rule\n");
	bad("--records=x", "--records was removed in v1.1.0: nothing is recorded any more, both "
			   "registries are asked\n");
}

#define ONE_WORD ": give a source and a destination, or a file of rules as --images FILE\n"

static void test_refused(void **state)
{
	(void)state;
	bad("--imagse x", "unknown option --imagse: did you mean --images?\n");
	/* As other programs take passwords. */
	bad("--src-cred user:word1 a b", "unknown option --src-cred\n");
	bad("a b --dest-creds user:word1",
	    "unknown option --dest-creds: use --creds HOST=USER:@FILE\n");
	bad("--password=word1", "unknown option --password: use --creds HOST=USER:@FILE\n");
	bad("-uuser:word1", "unknown option -u\n");
	bad("-u user -p word1 a b", "unknown option -u\n"
				    "--proc: expected a whole number, as in --proc 5\n");
	bad("-pword1", "--proc: expected a whole number, as in --proc 5\n");
	bad("-p=word1", "--proc: expected a whole number, as in --proc 5\n");
	bad("--log --access-token=word1", "--log needs a value: --log FILE (the next argument is "
					  "--access-token)\n");
	bad("--report-file=x", "unknown option --report-file\n");
	bad("--rep=x", "unknown option --rep: did you mean --report?\n");
	bad("--xyzzy", "unknown option --xyzzy\n");
	bad("--Force", "unknown option --Force: did you mean --force?\n");
	bad("--=x", "unknown option --\n");
	bad("-x", "unknown option -x\n");
	bad("-auth", "unknown option -auth: did you mean --auth?\n");
	bad("--images", "--images needs a value: --images FILE\n");
	bad("-p", "--proc needs a value: --proc N\n");
	bad("--auth --images x", "--auth needs a value: --auth FILE (the next argument is "
				 "--images)\n");
	bad("--proc many", "--proc many: expected a whole number, as in --proc 5\n");
	bad("-p6x", "--proc 6x: expected a whole number, as in --proc 5\n");
	bad("-p 2147483648", "--proc 2147483648: expected a whole number, as in --proc 5\n");
	bad("-p --", "--proc --: expected a whole number, as in --proc 5\n");
	bad("--force=perhaps", "--force=perhaps: expected true or false\n");
	bad("--force=yess", "--force=yess: expected true or false\n");
	bad("-r reg.io/a/",
	    "--retries reg.io/a/: expected a whole number, as in --retries 2 (a prefix "
	    "for kyma's images is --target-repo-prefix)\n");
	bad("--force false", "unexpected argument false: a switch takes its value after =, as in "
			     "--force=false\n");
	bad("sync", "unexpected argument \"sync\"" ONE_WORD);
	bad("-", "unexpected argument \"-\"" ONE_WORD);
	bad("-- --force", "unexpected argument \"--force\"" ONE_WORD);
	bad("--os", "--os needs a value: --os OS,...\n");
}

/* Asking for help works beside mistakes, and every mistake is told. */
static void test_several(void **state)
{
	(void)state;
	scoped(problem_finish) struct problems problems = {0};
	struct options options = parse("--nope -p x --help", &problems);
	assert_true(options.help);
	assert_int_equal(options.proc, 5);
	assert_int_equal(problems.error_count, 2);
}

static void test_help(void **state)
{
	(void)state;
	static const char *const names[] = {
		"--auth FILE",   "--images FILE", "-p, --proc N",    "-r, --retries N",
		"--force",       "--dry-run",     "--log FILE",      "--report FILE",
		"--debug",       "--version",     "-h, --help",      "(default 5)",
		"(default 2)",   "--os OS,...",   "--arch ARCH,...", "\nEnvironment:\n",
		"SSL_CERT_FILE", "DOCKER_CONFIG", "NO_COLOR",        "(default yaml)",
		"\nFiles:\n",    "\nOutput:\n"};
	scoped(buf_finish) struct buf help = {0};
	options_help(&help);
	options_help_end(&help);
	formats_fields(FORMATS_AUTH, &help);
	formats_fields(FORMATS_IMAGES, &help);
	struct str rest = buf_str(&help), line;
	for (size_t i = 0; i < array_count(names); i++)
		if (!strstr(buf_string(&help), names[i]))
			fail_msg("%s is missing in:\n%s", names[i], buf_string(&help));
	while (str_cut(&rest, '\n', &line))
		if (line.len > 80 || str_ends(line, " "))
			fail_msg("too long, or blank at its end: \"%.*s\"", STR_ARGS(line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_too_long),
		cmocka_unit_test(test_destinations_too_many),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
