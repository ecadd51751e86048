/*
 * The auth file and the images file: what they mean and what is said about mistakes; config_load()
 * with real files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/secret.h"
#include "config/auth/auth_file.h"
#include "config/config.h"
#include "config/rules/images_file.h"
#include "doc/json.h"
#include "doc/yaml.h"

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	if (strcmp(name, "USER_NAME") == 0)
		return "robot";
	if (strcmp(name, "WORD") == 0)
		return "open-sesame";
	return strcmp(name, "MIRROR") == 0 ? "mirror.example.com" : NULL;
}

static const struct expand_lookup lookup = {.get = variable};

static struct document parse(struct arena *arena, const char *text, bool json)
{
	struct document document = {.name = json ? "f.json" : "f.yaml", .json = json};
	struct error err = {0};
	bool good = json ? json_read_file(arena, str_of(text), &document.root, &err)
			 : yaml_read(arena, str_of(text), &document.root, &err);
	if (!good)
		fail_msg("%s: %s", text, err.text);
	return document;
}

/* What is wrong with the entries, as it would be told where a rule needs them all. */
static void tell_faults(const struct credentials *credentials, struct problems *problems)
{
	for (size_t i = 0; i < credentials->count; i++) {
		const struct credential *each = &credentials->items[i];
		if (each->login_fault)
			problem_add_lines(problems, each->login_fault);
		if (each->fault)
			problem_add_lines(problems, each->fault);
	}
}

/* One line per credential: place key username password insecure. */
static void show_credentials(const struct credentials *credentials, struct buf *out)
{
	for (size_t i = 0; i < credentials->count; i++) {
		const struct credential *each = &credentials->items[i];
		buf_printf(out, "%s %.*s %s %s%s\n", each->place, STR_ARGS(each->key),
			   each->username ? each->username : "-",
			   each->password ? each->password : "-",
			   each->insecure ? " insecure" : "");
	}
}

static void show_rules(const struct rules *rules, struct buf *out)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *each = &rules->items[i];
		buf_printf(out, "%s %s %s %s\n", each->source_place, each->source,
			   each->destination_place, each->destination);
	}
}

/* Reads text and expects these records, errors and warnings. */
static void check(bool auth, bool json, const char *text, const char *records, const char *errors,
		  const char *warnings)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct document document = parse(arena, text, json);
	struct credentials credentials;
	struct rules rules;
	if (auth) {
		auth_file_read(arena, &document, &lookup, &credentials, &problems);
		tell_faults(&credentials, &problems);
		show_credentials(&credentials, &shown);
	} else {
		images_file_read(arena, &document, &lookup, &rules, &problems);
		show_rules(&rules, &shown);
	}
	assert_string_equal(buf_string(&problems.errors), errors);
	assert_string_equal(buf_string(&problems.warnings), warnings);
	assert_int_equal(problems.error_count > 0, *errors != '\0');
	if (records)
		assert_string_equal(buf_string(&shown), records);
	secret_forget();
}

static void test_auth(void **state)
{
	(void)state;
	check(true, false,
	      "Reg.IO:5000/Team:\n"
	      "  username: ${USER_NAME}\n"
	      "  password: \"$WORD\"\n"
	      "  insecure: yes\n"
	      "docker.io: {}\n"
	      "quay.io:\n"
	      "https://B.io/v1/:\n"
	      "  username: 12345\n"
	      "  password: true\n"
	      "a.io: {username: '', password: ~, insecure: off}\n",
	      "f.yaml:1:1 reg.io:5000/Team robot open-sesame insecure\n"
	      "f.yaml:5:1 docker.io - -\n"
	      "f.yaml:6:1 quay.io - -\n"
	      "f.yaml:7:1 https://b.io/v1/ 12345 true\n"
	      "f.yaml:10:1 a.io - -\n",
	      "", "");
	check(true, true,
	      "{\"r.io\": {\"Username\": \"u\", \"PASSWORD\": \"p@ss$word\", \"insecure\": true}}",
	      "f.json:1:2 r.io u p@ss$word insecure\n", "", "");
	check(true, true, "null", "", "", "");
	check(true, false, "{}", "", "", "");
}

static void test_auth_without_expansion(void **state)
{
	(void)state;
	check(true, false,
	      "a.io: {username: $USER_NAME, password: $$x, expandenv: false}\n"
	      "b.io: {username: $USER_NAME, password: '${', disableexpandenv: true}\n"
	      "c.io: {username: $USER_NAME, password: $$x, expandenv: true}\n",
	      "f.yaml:1:1 a.io $USER_NAME $$x\n"
	      "f.yaml:2:1 b.io $USER_NAME ${\n"
	      "f.yaml:3:1 c.io robot $x\n",
	      "", "");
}

static void test_auth_mistakes(void **state)
{
	(void)state;
	check(true, false,
	      "a.io: {username: u}\n"
	      "b.io: {password: p, username: ''}\n"
	      "c.io: {username: [u], password: p, insecure: 1}\n"
	      "d.io: token\n"
	      "e.io: {username: u, password: x$NOPE}\n"
	      "f.io: {username: u, password: $NOPE}\n",
	      NULL,
	      "f.yaml:1:1: a.io: username is given without password: give both, or neither for "
	      "anonymous access\n"
	      "f.yaml:2:1: b.io: password is given without username: give both, or neither for "
	      "anonymous access\n"
	      "f.yaml:3:18: c.io: username is a list: it must be a string\n"
	      "f.yaml:3:46: c.io: insecure is a number: write true or false, without quotes\n"
	      "f.yaml:4:7: d.io: expected username, password and insecure, found a string\n"
	      "f.yaml:6:31: f.io: password: environment variable NOPE is not set or empty: set it, "
	      "or write $$ for a $\n",
	      "");
	check(true, true, "{\"a.io\": {\"username\": 5, \"insecure\": \"true\"}}", NULL,
	      "f.json:1:23: a.io: username is a number: it must be a string\n"
	      "f.json:1:38: a.io: insecure is a string: write true or false, without quotes\n",
	      "");
	check(true, true,
	      "{\"a.io\": {\"username\": \"u\", \"Username\": \"v\", \"password\": \"p\"}}", NULL,
	      "f.json:1:28: a.io: username is given here and at f.json:1:11: keep one\n", "");
	check(true, true, "[]", "",
	      "f.json:1:1: expected a mapping from registry to username and password, found a "
	      "list\n",
	      "");
}

static void test_auth_warnings(void **state)
{
	(void)state;
	check(true, false,
	      "a.io: {usrname: u, passwd: p, Insecure: true, x: 1}\n"
	      "'': {}\n",
	      "f.yaml:1:1 a.io - -\n"
	      "f.yaml:2:1  - -\n",
	      "f.yaml:1:8: a.io: unknown field \"usrname\": did you mean username (the user)?\n"
	      "f.yaml:1:20: a.io: unknown field \"passwd\": did you mean password (the password of "
	      "the user)?\n"
	      "f.yaml:1:31: a.io: unknown field \"Insecure\": did you mean insecure (allow http "
	      "and unchecked certificates)?\n",
	      "f.yaml:1:47: a.io: unknown field \"x\" is ignored\n"
	      "f.yaml:2:1: an empty registry name matches nothing\n");
	check(true, false,
	      "a.io: {insecure: true}\na.io: {insecure: true}\nb.io: {insecure: true}\n"
	      "B.io: {username: u}\nb.io: {}\n",
	      "f.yaml:1:1 a.io - - insecure\n"
	      "f.yaml:3:1 b.io - - insecure\n",
	      "f.yaml:4:1: b.io is given here and at f.yaml:3:1 with different fields: keep one\n"
	      "f.yaml:5:1: b.io is given here and at f.yaml:3:1 with different fields: keep one\n",
	      "f.yaml:2:1: a.io is given here and at f.yaml:1:1 with the same fields: remove "
	      "one\n");
}

/* What a password was expanded to is a secret from then on. */
static void test_secrets(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf masked = {0};
	struct credentials credentials;
	struct document document =
		parse(arena, "a.io: {username: u, password: $WORD}\nb.io: {password: half-given}\n",
		      false);
	auth_file_read(arena, &document, &lookup, &credentials, &problems);
	secret_mask(STR("x open-sesame y half-given z"), &masked);
	assert_string_equal(buf_string(&masked), "x *** y *** z");
	secret_forget();
}

static void test_images(void **state)
{
	(void)state;
	check(false, false,
	      "quay.io/coreos/etcd: $MIRROR/etcd\n"
	      "quay.io/coreos/etcd:v1,v2:\n"
	      "  - a.io/etcd\n"
	      "  - ${MIRROR}/etcd\n"
	      "  - mirror.example.com/etcd\n"
	      "  - a.io/etcd\n"
	      "$MIRROR/nginx: 'a.io/etcd'\n"
	      "quay.io/coreos/etcd: [b.io/etcd, a.io/etcd]\n",
	      "f.yaml:1:1 quay.io/coreos/etcd f.yaml:1:22 mirror.example.com/etcd\n"
	      "f.yaml:2:1 quay.io/coreos/etcd:v1,v2 f.yaml:3:5 a.io/etcd\n"
	      "f.yaml:2:1 quay.io/coreos/etcd:v1,v2 f.yaml:4:5 mirror.example.com/etcd\n"
	      "f.yaml:2:1 quay.io/coreos/etcd:v1,v2 f.yaml:5:5 mirror.example.com/etcd\n"
	      "f.yaml:2:1 quay.io/coreos/etcd:v1,v2 f.yaml:6:5 a.io/etcd\n"
	      "f.yaml:7:1 $MIRROR/nginx f.yaml:7:16 a.io/etcd\n"
	      "f.yaml:8:1 quay.io/coreos/etcd f.yaml:8:23 b.io/etcd\n"
	      "f.yaml:8:1 quay.io/coreos/etcd f.yaml:8:34 a.io/etcd\n",
	      "",
	      "f.yaml:8:1: quay.io/coreos/etcd is a source here and at f.yaml:1:1: it goes to "
	      "the destinations of both; write them as one list\n");
	check(false, true, "{\"a\": \"b\", \"a\": {\"to\": \"c\"}}",
	      "f.json:1:2 a f.json:1:7 b\n"
	      "f.json:1:12 a f.json:1:24 c\n",
	      "",
	      "f.json:1:12: a is a source here and at f.json:1:2: it goes to the destinations of "
	      "both; write them as one list\n");
	check(false, true, "{\"a\": \"b\", \"c\": [\"d\", \"e\"]}",
	      "f.json:1:2 a f.json:1:7 b\n"
	      "f.json:1:12 c f.json:1:18 d\n"
	      "f.json:1:12 c f.json:1:23 e\n",
	      "", "");
	check(false, false, "{}", "", "", "");
	check(false, false, "~", "", "", "");
	check(false, true, "null", "", "", "");
}

#define EXPECTED ": expected a name as in registry.example.com/team/app, or a list of such names\n"

static void test_images_mistakes(void **state)
{
	(void)state;
	check(false, false,
	      "a: ''\n"
	      "b: []\n"
	      "c: [x, '']\n"
	      "d: 5\n"
	      "e: yes\n"
	      "f:\n"
	      "g: {h: i}\n"
	      "j: [x, 0x10, [y], ~]\n"
	      "'': k\n"
	      "l: $NOPE/x\n"
	      "m: ok.io/x\n",
	      "f.yaml:3:1 c f.yaml:3:5 x\n"
	      "f.yaml:8:1 j f.yaml:8:5 x\n"
	      "f.yaml:11:1 m f.yaml:11:4 ok.io/x\n",
	      "f.yaml:1:4: destination of a is empty: write a name as in "
	      "registry.example.com/team/app\n"
	      "f.yaml:2:4: the list of destinations of b is empty: name at least one\n"
	      "f.yaml:3:8: destination of c is empty: write a name as in "
	      "registry.example.com/team/app\n"
	      "f.yaml:4:4: destination of d is a number (5)" EXPECTED
	      "f.yaml:5:4: destination of e is true or false (yes)" EXPECTED
	      "f.yaml:6:3: destination of f is null" EXPECTED
	      "f.yaml:7:5: g: unknown field \"h\": the fields are to, tags, exclude, semver, "
	      "latest, newest, prereleases, required, since, prune, repositories, "
	      "exclude-repositories, names, via, allow-empty, "
	      "every, cron, platforms, os, arch, require-platforms, on-change, foreign, referrers, "
	      "referrers-from, require-referrers, require-signed, create-repository, "
	      "create-project, max-bytes, min-age, hold, release\n"
	      "f.yaml:7:4: g: to is missing: say where the images go, as in {to: "
	      "registry.example.com/team/app}\n"
	      "f.yaml:8:8: destination of j is a number (0x10)" EXPECTED
	      "f.yaml:8:14: destination of j is a list" EXPECTED
	      "f.yaml:8:19: destination of j is null (~)" EXPECTED
	      "f.yaml:9:1: the source is empty: write a name as in quay.io/coreos/etcd:v3.5.0\n"
	      "f.yaml:10:4: destination of l: environment variable NOPE is not set or empty: "
	      "set it, or write $$ for a $\n",
	      "");
	check(false, false, "- a\n- b\n", "",
	      "f.yaml:1:1: expected a mapping from source to destination, found a list\n", "");
}

/* A file's text cannot forge a line of its own or reach the terminal raw. */
static void test_hostile_text(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct rules rules;
	struct document document = parse(arena, "\"a\\nforged: line\\e[31m\": 5\n", false);
	images_file_read(arena, &document, &lookup, &rules, &problems);
	const char *line = buf_string(&problems.errors);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_null(strchr(line, '\033'));
	assert_int_equal(problems.error_count, 1);
}

static char folder[] = "/tmp/image-syncer-test-XXXXXX";

static const char *write_file(struct arena *arena, const char *name, const char *text)
{
	struct error err = {0};
	const char *path = arena_printf(arena, "%s/%s", folder, name);
	assert_true(file_write(path, str_of(text), &err));
	return path;
}

static void load(struct arena *arena, const char *auth, const char *images, struct config *config,
		 struct problems *problems)
{
	struct options options = {.auth = auth, .images = images};
	bool good = config_load(arena, &options, config, problems);
	assert_int_equal(good, problems->error_count == 0);
	secret_forget();
}

static void test_load(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct config config;
	setenv("IMAGE_SYNCER_TEST_WORD", "from-environment", 1);
	unsetenv("IMAGE_SYNCER_TEST_NOPE");
	const char *auth = write_file(arena, "auth.JSON",
				      "{\"r.io\":{\"username\":\"u\",\n"
				      "\"password\":\"${IMAGE_SYNCER_TEST_WORD}\"}}");
	load(arena, auth, write_file(arena, "images.txt", "a: b\nc: [d, e]\n"), &config, &problems);
	assert_int_equal(problems.error_count, 0);
	assert_int_equal(config.credentials.count, 1);
	assert_string_equal(config.credentials.items[0].password, "from-environment");
	assert_int_equal(config.rules.count, 3);
	assert_string_equal(config.options.auth, auth);
	load(arena, NULL, write_file(arena, "none.yml", "{}"), &config, &problems);
	assert_int_equal(problems.error_count, 1);
	assert_int_equal(config.rules.count, 0);
}

static void check_problems(const struct problems *problems, const char *format)
{
	scoped(buf_finish) struct buf expected = {0};
	for (struct str rest = str_of(format), part; str_cut(&rest, '@', &part);) {
		buf_add_str(&expected, part);
		if (rest.at)
			buf_add_string(&expected, folder);
	}
	assert_string_equal(buf_string(&problems->errors), buf_string(&expected));
}

static void test_load_mistakes(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct config config;
	const char *auth = write_file(arena, "auth.json", "{\"a\":{},\n\"a\":}}");
	load(arena, auth, write_file(arena, "i.yaml", "a: b\nc: $IMAGE_SYNCER_TEST_NOPE\n"),
	     &config, &problems);
	load(arena, NULL, arena_printf(arena, "%s/absent.yaml", folder), &config, &problems);
	load(arena, NULL, NULL, &config, &problems);
	load(arena, "-", "-", &config, &problems);
	check_problems(
		&problems,
		"@/auth.json:2:5: expected a value: a string in double quotes, a number, true, "
		"false, null, [ or {\n"
		"@/i.yaml:2:4: destination of c: environment variable IMAGE_SYNCER_TEST_NOPE is "
		"not set or empty: set it, or write $$ for a $\n"
		"cannot open @/absent.yaml: No such file or directory\n"
		"--images is missing: give the file that says what to copy, as in --images "
		"images.yaml (--help lists all options)\n"
		"--auth and --images cannot both be stdin (-): put one into a file\n");
}

/* A file with a hole in it takes no room, and is larger than what is read. */
static void test_too_large(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct config config;
	const char *path = write_file(arena, "big.yaml", "# nothing but a comment\n");
	assert_int_equal(truncate(path, (off_t)NODE_BYTES_MAX + 1), 0);
	load(arena, NULL, path, &config, &problems);
	check_problems(&problems, "@/big.yaml: the file is larger than 512 MiB\n");
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"auth.JSON", "auth.json", "images.txt",
					    "none.yml",  "i.yaml",    "big.yaml"};
	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_auth_without_expansion),
		cmocka_unit_test(test_auth_mistakes),
		cmocka_unit_test(test_auth_warnings),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_images_mistakes),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_mistakes),
		cmocka_unit_test(test_too_large),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
