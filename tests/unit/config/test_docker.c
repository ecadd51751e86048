/*
 * Logins of docker: what is read from its files, where they are looked for, and how they are joined
 * with those of the auth file.
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

#include "base/base64.h"
#include "base/file.h"
#include "base/secret.h"
#include "config/auth/docker_files.h"
#include "config/auth/logins.h"
#include "doc/json.h"

/* One line per login: key username password token helper, or what is wrong with it. */
static void show(const struct credentials *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct credential *each = &list->items[i];
		if (each->login_fault)
			buf_printf(out, "%.*s: %s", STR_ARGS(each->key), each->login_fault);
		else
			buf_printf(out, "%.*s %s %s %s %s%s\n", STR_ARGS(each->key),
				   each->username ? each->username : "-",
				   each->password ? each->password : "-",
				   each->token ? each->token : "-",
				   each->helper ? each->helper : "-",
				   each->insecure ? " insecure" : "");
	}
}

/* <user:password> in text becomes its base64. */
static const char *encoded(struct arena *arena, const char *text)
{
	scoped(buf_finish) struct buf out = {0};
	struct str rest = str_of(text), part;
	while (str_cut(&rest, '<', &part)) {
		buf_add_str(&out, part);
		if (rest.at && str_cut(&rest, '>', &part))
			base64_encode(part, &out);
	}
	return arena_string(arena, buf_string(&out));
}

static void read_text(struct arena *arena, const char *text, bool flat, struct docker_logins *out,
		      struct problems *problems)
{
	struct document document = {.name = "c.json", .json = true};
	struct error err = {0};
	if (!json_read_file(arena, str_of(encoded(arena, text)), &document.root, &err))
		fail_msg("%s: %s", text, err.text);
	docker_config_read(arena, &document, flat, out, problems);
	secret_forget();
}

static void check(const char *text, bool flat, const char *logins, const char *store,
		  const char *errors)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct docker_logins out = {0};
	read_text(arena, text, flat, &out, &problems);
	show(&out.list, &shown);
	assert_string_equal(buf_string(&shown), logins);
	assert_string_equal(out.store.helper ? out.store.helper : "", store);
	assert_string_equal(buf_string(&problems.errors), errors);
	assert_string_equal(buf_string(&problems.warnings), "");
}

static void test_auths(void **state)
{
	(void)state;
	check("{\"auths\": {"
	      "\"https://index.docker.io/v1/\": {\"auth\": \"<me:word>\", \"email\": \"x\"},"
	      "\"https://Reg.io:5000/v2/\": {\"auth\": \"<u:a:b$c>\"},"
	      "\"http://other.io\": {\"username\": \"n\", \"password\": \"p\"},"
	      "\"quay.io/Team/app\": {\"auth\": \"<q:w>\"},"
	      "\"r.io/v1/\": {\"auth\": \"<r:w>\"},"
	      "\"t.io\": {\"auth\": \"<guid:>\", \"identitytoken\": \"some-token\"},"
	      "\"i.io\": {\"identityToken\": \"some-token\"},"
	      "\"none.io\": {}, \"null.io\": null, \"half.io\": {\"auth\": \"<u:>\"}},"
	      "\"HttpHeaders\": {\"User-Agent\": \"Docker\"}}",
	      false,
	      "index.docker.io me word - -\n"
	      "reg.io:5000 u a:b$c - -\n"
	      "other.io n p - -\n"
	      "quay.io/Team/app q w - -\n"
	      "r.io r w - -\n"
	      "t.io - - some-token -\n"
	      "i.io - - some-token -\n",
	      "", "");
	check("{\"https://index.docker.io/v1/\": {\"auth\": \"<me:word>\"}}", true,
	      "index.docker.io me word - -\n", "", "");
	check("{}", false, "", "", "");
	check("{\"auths\": null, \"credHelpers\": null, \"credsStore\": null}", false, "", "", "");
}

/* Old docker wrote the password with a NUL behind it. */
static void test_padding(void **state)
{
	(void)state;
	check("{\"auths\": {\"a.io\": {\"auth\": \"dTp3b3JkAAA=\"}}}", false, "a.io u word - -\n",
	      "", "");
	check("{\"auths\": {\"a.io\": {\"auth\": \"dTp3b3Jk\"}}}", false, "a.io u word - -\n", "",
	      "");
}

static void test_helpers(void **state)
{
	(void)state;
	check("{\"auths\": {\"a.io\": {\"auth\": \"<u:w>\"}}, \"credHelpers\": {\"b.io\": "
	      "\"ecr-login\", \"a.io\": \"pass\", \"c.io\": \"\"}, "
	      "\"credsStore\": \"desktop.exe\"}",
	      false, "b.io - - - ecr-login\na.io - - - pass\na.io u w - -\n", "desktop.exe", "");
	check("{\"credHelpers\": {\"a.io\": \"../x\", \"b.io\": 5}, "
	      "\"credsStore\": \"a b\"}",
	      false,
	      "a.io: c.json:1:26: \"../x\" is not the name of a credential helper\n"
	      "b.io: c.json:1:42: \"\" is not the name of a credential helper\n",
	      "", "c.json:1:60: \"a b\" is not the name of a credential helper\n");
}

static void test_mistakes(void **state)
{
	(void)state;
	check("[]", false, "", "", "c.json:1:1: expected an object, found a list\n");
	check("{\"auths\": [], \"credHelpers\": \"x\"}", false, "", "",
	      "c.json:1:11: auths is a list: expected an object with registries as names\n"
	      "c.json:1:30: credHelpers is a string: expected an object with registries as "
	      "names\n");
	check("{\"auths\": {\"a.io\": \"x\", \"b.io\": {\"auth\": \"%%%\"},\n"
	      "\"c.io\": {\"auth\": \"<nocolon>\"}, \"d.io\": {\"auth\": \"<u:w>\"}}}",
	      false,
	      "a.io: c.json:1:20: the login of a.io is a string: expected an object\n"
	      "b.io: c.json:1:42: the login of b.io cannot be read: auth is not user:password in "
	      "base64\n"
	      "c.io: c.json:2:18: the login of c.io cannot be read: auth is not user:password in "
	      "base64\n"
	      "d.io u w - -\n",
	      "", "");
	check("{\"auths\": {\"a.io\": {\"auth\": \"<u:w>\", \"AUTH\": \"<u:x>\"}},"
	      "\"other\": {\"x\": 1, \"x\": 2}}",
	      false, "a.io: c.json:1:37: auth is given here and at c.json:1:21: keep one\n", "",
	      "");
	check("{\"auths\": {\"a.io\": {\"auth\": \"<u:w>\"}, \"a.io\": {}}, \"Auths\": {}}", false,
	      "a.io u w - -\n", "",
	      "c.json:1:51: auths is given here and at c.json:1:2: keep one\nc.json:1:38: "
	      "\"a.io\" is given here and in line 1: keep one\n");
}

static void test_secrets(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf masked = {0};
	struct docker_logins out = {0};
	struct document document = {.name = "c.json", .json = true};
	struct error err = {0};
	const char *text = encoded(arena, "{\"auths\": {\"a.io\": {\"auth\": \"<u:open-sesame>\"},"
					  "\"b.io\": {\"identitytoken\": \"identity-word\"}}}");
	assert_true(json_read_file(arena, str_of(text), &document.root, &err));
	docker_config_read(arena, &document, false, &out, &problems);
	secret_mask(STR("x open-sesame y identity-word z"), &masked);
	assert_string_equal(buf_string(&masked), "x *** y *** z");
	secret_forget();
}

/* --- joining ------------------------------------------------------------------------------- */

static void test_join(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf shown = {0};
	struct credential explicit[] = {
		{.key = STR("docker.io"), .username = "hub", .password = "w", .place = "a:1:1"},
		{.key = STR("reg.io:5000"), .insecure = true, .place = "a:2:1"},
		{.key = STR("quay.io/team"), .place = "a:3:1"},
	};
	struct credential docker[] = {
		{.key = STR("index.docker.io"), .username = "no", .password = "no", .place = "d:1"},
		{.key = STR("docker.io/me"), .username = "no", .password = "no", .place = "d:2"},
		{.key = STR("reg.io:5000"), .username = "r", .password = "w", .place = "d:3"},
		{.key = STR("reg.io:5000/x"), .token = "t", .place = "d:4"},
		{.key = STR("quay.io"), .helper = "pass", .place = "d:5"},
		{.key = STR("else.io"), .username = "e", .password = "w", .place = "d:6"},
	};
	struct credentials list = {explicit, array_count(explicit)};
	struct credentials more = {docker, array_count(docker)};
	assert_true(logins_join(arena, &list, &more));
	show(&list, &shown);
	assert_string_equal(buf_string(&shown), "docker.io hub w - -\n"
						"reg.io:5000 r w - - insecure\n"
						"quay.io/team - - - pass\n"
						"reg.io:5000/x - - t - insecure\n"
						"quay.io - - - pass\n"
						"else.io e w - -\n");
	assert_string_equal(list.items[0].place, "a:1:1");
	assert_string_equal(list.items[1].place, "a:2:1 (login: d:3)");
	assert_string_equal(list.items[3].place, "d:4");
	const struct credential *found =
		credential_find(&list, STR("docker.io"), STR("me/private"));
	assert_string_equal(found->username, "hub");
}

/* --- finding ------------------------------------------------------------------------------- */

static char folder[] = "/tmp/image-syncer-test-XXXXXX";
static const char *const folders[] = {
	"home", "home/.docker", "home/.config", "home/.config/containers", "run", "run/containers"};
static const char *const files[] = {"run/containers/auth.json", "home/.config/containers/auth.json",
				    "home/.docker/config.json", "home/.dockercfg"};

static const char *in_folder(const char *name)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % array_count(paths)];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	if (strcmp(name, "HOME") == 0)
		return in_folder("home");
	return strcmp(name, "XDG_RUNTIME_DIR") == 0 ? in_folder("run") : NULL;
}

static const char *docker_elsewhere(void *ctx, const char *name)
{
	if (strcmp(name, "XDG_CONFIG_HOME") == 0)
		return in_folder("home/.docker");
	return strcmp(name, "DOCKER_CONFIG") == 0 ? in_folder("home/.config/containers")
						  : variable(ctx, name);
}

static const char *nothing(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

static void find(const char *which, const char *(*get)(void *, const char *), const char *logins,
		 const char *errors, const char *warnings)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct expand_lookup lookup = {.get = get};
	struct docker_logins out;
	docker_files_read(arena, which, &lookup, &out, &problems);
	for (size_t i = 0; i < out.list.count; i++)
		buf_printf(&shown, "%.*s %s\n", STR_ARGS(out.list.items[i].key),
			   out.list.items[i].username);
	secret_forget();
	assert_string_equal(buf_string(&shown), logins);
	if (!strstr(buf_string(&problems.errors), errors) || (!*errors && problems.error_count))
		fail_msg("errors: %s", buf_string(&problems.errors));
	if (!strstr(buf_string(&problems.warnings), warnings) ||
	    (!*warnings && problems.warnings.len))
		fail_msg("warnings: %s", buf_string(&problems.warnings));
}

static void put(const char *name, const char *text)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err;
	assert_true(file_write(in_folder(name), str_of(encoded(arena, text)), &err));
}

static void test_files(void **state)
{
	(void)state;
	put(files[0], "{\"auths\": {\"a.io\": {\"auth\": \"<run:w>\"}}}");
	put(files[1], "{\"auths\": {\"a.io\": {\"auth\": \"<conf:w>\"}}}");
	put(files[2], "{\"auths\": {\"a.io\": {\"auth\": \"<docker:w>\"}}}");
	put(files[3], "{\"a.io\": {\"auth\": \"<old:w>\"}}");
	find(NULL, variable, "a.io run\na.io conf\na.io docker\na.io old\n", "", "");
	find("true", variable, "a.io run\na.io conf\na.io docker\na.io old\n", "", "");
	find("false", variable, "", "", "");
	find("0", variable, "", "", "");
	find(in_folder(files[2]), variable, "a.io docker\n", "", "");
	find(in_folder("home/.docker"), nothing, "a.io docker\n", "", "");
	find(in_folder(files[3]), nothing, "a.io old\n", "", "");
	find(in_folder("home"), variable, "", "home/config.json: No such file", "");
	find(in_folder("absent"), variable, "", "absent: No such file", "");
	find(NULL, docker_elsewhere, "a.io run\na.io old\n", "", "");
}

/* Nobody asked for the usual places: what is wrong there is no error. */
static void test_malformed_files(void **state)
{
	(void)state;
	put(files[2], "{\"auths\": {");
	put(files[3], "[]");
	find(NULL, variable, "a.io run\na.io conf\n", "", "home/.docker/config.json:1:");
	find(NULL, variable, "a.io run\na.io conf\n", "", ".dockercfg:1:1: expected an object");
	find(in_folder(files[2]), variable, "", "home/.docker/config.json:1:", "");
}

static int make_folders(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (size_t i = 0; i < array_count(folders); i++)
		if (mkdir(in_folder(folders[i]), 0700) != 0)
			return -1;
	return 0;
}

static int remove_folders(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(files); i++)
		unlink(in_folder(files[i]));
	for (size_t i = array_count(folders); i--;)
		rmdir(in_folder(folders[i]));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auths),   cmocka_unit_test(test_padding),
		cmocka_unit_test(test_helpers), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_join),
		cmocka_unit_test(test_files),   cmocka_unit_test(test_malformed_files),
	};
	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
