/*
 * config_load() as a whole: the legacy file, a rule on the command line, platforms, docker's
 * logins; and the further fields of the auth file.
 */
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

#include "base/file.h"
#include "base/secret.h"
#include "config/config.h"

static char folder[] = "/tmp/image-syncer-test-XXXXXX";
static const char *const files[] = {"auth.yaml", "images.yaml", "old.yaml", "ca.pem",
				    "config.json"};

static const char *path_of(size_t file)
{
	static char paths[array_count(files)][128];
	snprintf(paths[file], sizeof(paths[0]), "%s/%s", folder, files[file]);
	return paths[file];
}

enum file { AUTH, IMAGES, OLD, CA, DOCKER };

static const char *put(enum file file, const char *text)
{
	struct error err;
	assert_true(file_write(path_of(file), str_of(text), &err));
	assert_int_equal(chmod(path_of(file), 0600), 0);
	return path_of(file);
}

struct loaded {
	struct arena *arena;
	struct problems problems;
	struct config config;
};

static void finish(struct loaded *loaded)
{
	arena_free(&loaded->arena);
	problem_finish(&loaded->problems);
}

static void load(struct loaded *loaded, struct options options)
{
	loaded->arena = arena_new();
	options.docker_config = options.docker_config ? options.docker_config : "false";
	bool good = config_load(loaded->arena, &options, &loaded->config, &loaded->problems);
	assert_int_equal(good, loaded->problems.error_count == 0);
}

static void check(const struct loaded *loaded, const char *errors, const char *warnings)
{
	assert_string_equal(buf_string(&loaded->problems.errors), errors);
	assert_string_equal(buf_string(&loaded->problems.warnings), warnings);
}

static void test_fields(void **state)
{
	(void)state;
	scoped(finish) struct loaded loaded = {0};
	scoped(buf_finish) struct buf text = {0}, masked = {0};
	setenv("IMAGE_SYNCER_TEST_WORD", "identity-word", 1);
	buf_printf(&text,
		   "a.io:\n  token: ${IMAGE_SYNCER_TEST_WORD}\n  username: ignored\n  ca: %s\n"
		   "  proxy: http://me:proxy-word@proxy.io:3128\n"
		   "  mirrors: [M.io:5000, localhost]\n  token-server: Auth.io:5001\n"
		   "b.io:\n  token: $IMAGE_SYNCER_TEST_WORD\n  disableexpandenv: true\n"
		   "  mirrors: m.io\n  proxy: https://proxy.io\n"
		   "c.io: {mirrors: []}\n",
		   put(CA, "any"));
	load(&loaded, (struct options){.auth = put(AUTH, buf_string(&text)),
				       .images = put(IMAGES, "r.io/a: b.io/a")});
	check(&loaded, "", "");
	const struct credential *items = loaded.config.credentials.items;
	assert_int_equal(loaded.config.credentials.count, 3);
	assert_string_equal(items[0].token, "identity-word");
	assert_null(items[0].username);
	assert_string_equal(items[0].ca, path_of(CA));
	assert_string_equal(items[0].proxy->url, "http://proxy.io:3128");
	assert_string_equal(items[0].proxy->password, "proxy-word");
	assert_string_equal(items[0].token_server, "auth.io:5001");
	assert_string_equal(items[1].proxy->url, "https://proxy.io:443");
	assert_int_equal(items[0].mirror_count, 2);
	assert_string_equal(items[0].mirrors[0], "m.io:5000");
	assert_string_equal(items[0].mirrors[1], "localhost");
	assert_string_equal(items[1].token, "$IMAGE_SYNCER_TEST_WORD");
	assert_string_equal(items[1].mirrors[0], "m.io");
	assert_int_equal(items[2].mirror_count, 0);
	secret_mask(STR("identity-word proxy-word"), &masked);
	assert_string_equal(buf_string(&masked), "*** ***");
	secret_forget();
}

static void test_legacy(void **state)
{
	(void)state;
	scoped(finish) struct loaded loaded = {0};
	setenv("IMAGE_SYNCER_TEST_WORD", "from-environment", 1);
	const char *old = put(OLD, "auth:\n  a.io: {username: u, password: "
				   "$IMAGE_SYNCER_TEST_WORD}\n"
				   "images:\n  a.io/x:v1: [b.io/x, c.io/x]\n");
	load(&loaded, (struct options){.config = old, .auth = "absent", .images = "-"});
	check(&loaded, "", "--config is given: --auth and --images are ignored\n");
	assert_int_equal(loaded.config.credentials.count, 1);
	assert_int_equal(loaded.config.auth_count, 1);
	assert_string_equal(loaded.config.credentials.items[0].password, "from-environment");
	assert_int_equal(loaded.config.rules.count, 2);
	assert_string_equal(loaded.config.rules.items[1].destination, "c.io/x");
	secret_forget();
}

static void test_words(void **state)
{
	(void)state;
	scoped(finish) struct loaded loaded = {0};
	setenv("IMAGE_SYNCER_TEST_WORD", "mirror.io", 1);
	load(&loaded, (struct options){.source = "a.io/x:v1",
				       .destinations = {"$IMAGE_SYNCER_TEST_WORD/x"},
				       .destination_count = 1});
	check(&loaded, "", "");
	assert_int_equal(loaded.config.rules.count, 1);
	const struct rule *rule = &loaded.config.rules.items[0];
	assert_string_equal(rule->source, "a.io/x:v1");
	assert_string_equal(rule->destination, "mirror.io/x");
	assert_string_equal(rule->source_place, "command line");
	assert_null(rule_terms(rule)->platforms);
}

static void test_contradictions(void **state)
{
	(void)state;
	scoped(finish) struct loaded both = {0};
	scoped(finish) struct loaded old = {0};
	load(&both, (struct options){.source = "a",
				     .destinations = {"b"},
				     .destination_count = 1,
				     .images = "i.yaml"});
	check(&both, "--images and \"a\" both say what to copy: give one of them\n", "");
	load(&old, (struct options){.source = "a",
				    .destinations = {"b"},
				    .destination_count = 1,
				    .config = "c.yaml"});
	check(&old, "--config and \"a\" both say what to copy: give one of them\n", "");
}

static void test_platforms(void **state)
{
	(void)state;
	scoped(finish) struct loaded loaded = {0};
	load(&loaded, (struct options){.images = put(IMAGES, "a.io/x: b.io/x\n"),
				       .os = {{"linux, windows:10.0.1"}, 1},
				       .arch = {{"amd64,,", "arm:v7,386"}, 2}});
	check(&loaded, "", "");
	const struct platform_filter *filter = loaded.config.terms.platforms;
	assert_ptr_equal(loaded.config.rules.items[0].terms->platforms, filter);
	assert_int_equal(filter->os_count, 2);
	assert_true(str_is(filter->os[1].value, "windows"));
	assert_true(str_is(filter->os[1].extra, "10.0.1"));
	assert_int_equal(filter->arch_count, 3);
	assert_true(str_is(filter->arch[0].value, "amd64"));
	assert_true(str_is(filter->arch[1].extra, "v7"));
}

static void test_no_platforms(void **state)
{
	(void)state;
	scoped(finish) struct loaded loaded = {0};
	load(&loaded,
	     (struct options){.images = put(IMAGES, "r.io/a: b.io/a"), .os = {{",", " "}, 2}});
	check(&loaded, "", "");
	assert_null(loaded.config.terms.platforms);
}

/* The auth file's entry keeps its settings and gets docker's login. */
static void test_docker(void **state)
{
	(void)state;
	scoped(finish) struct loaded loaded = {0};
	load(&loaded,
	     (struct options){.auth = put(AUTH, "a.io: {insecure: true}\n"),
			      .images = put(IMAGES, "r.io/a: b.io/a"),
			      .docker_config = put(DOCKER, "{\"auths\": {\"a.io\": {\"auth\": "
							   "\"dTp3b3Jk\"}, \"b.io\": {\"auth\": "
							   "\"dTp3b3Jk\"}}, \"credsStore\": "
							   "\"pass\"}")});
	check(&loaded, "", "");
	assert_int_equal(loaded.config.credentials.count, 2);
	assert_int_equal(loaded.config.auth_count, 1);
	assert_string_equal(loaded.config.credentials.items[0].password, "word");
	assert_true(loaded.config.credentials.items[0].insecure);
	assert_string_equal(loaded.config.store.helper, "pass");
	secret_forget();
}

static void test_outputs(void **state)
{
	(void)state;
	scoped(finish) struct loaded json = {0};
	scoped(finish) struct loaded yaml = {0};
	const char *images = put(IMAGES, "r.io/a: b.io/a");
	load(&json, (struct options){.images = images,
				     .report = "-",
				     .output_success_images = path_of(OLD),
				     .output_failed_images = "/dev/null",
				     .output_images_format = "json"});
	check(&json, "", "");
	assert_true(json.config.lists_json);
	load(&yaml, (struct options){.images = images, .output_images_format = "yaml"});
	check(&yaml, "", "");
	assert_false(yaml.config.lists_json);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(files); i++)
		unlink(path_of(i));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),    cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_words),     cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_platforms), cmocka_unit_test(test_no_platforms),
		cmocka_unit_test(test_docker),    cmocka_unit_test(test_outputs),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
