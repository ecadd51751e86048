/* Editions of what the files say: one in force, those before as long as they are used. */
#include "cmd/edition.h"

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "test_loaded_fixture.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

enum { HOLDERS = 6, EDITIONS = 200 };

static const struct rule one[] = {{.source = "quay.io/team/app", .destination = "a.test/app"}};

/* --- who holds what --------------------------------------------------------------------------- */

static void test_last_user_frees(void **state)
{
	struct editions editions = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct session session = {.pool = NULL};
	(void)state;
	struct edition *first = loaded_edition(&session, one, 1);
	struct edition *second = loaded_edition(&session, one, 0);
	edition_enforce(&editions, first);
	assert_int_equal(first->holders, 1);
	assert_ptr_equal(edition_hold(&editions), first);
	assert_ptr_equal(edition_hold(&editions), first);
	edition_enforce(&editions, second);
	assert_int_equal(first->holders, 2);
	assert_int_equal(first->loaded.rule_count, 1);
	assert_ptr_equal(edition_hold(&editions), second);
	edition_release(&editions, first);
	assert_int_equal(first->loaded.rule_count, 1);
	edition_release(&editions, first);
	edition_enforce(&editions, NULL);
	assert_int_equal(second->holders, 1);
	edition_release(&editions, second);
	assert_null(editions.current);
	edition_enforce(&editions, NULL);
}

static void test_none(void **state)
{
	struct edition *none = NULL;
	(void)state;
	edition_free(&none);
	assert_null(none);
}

/* What hooks know of an edition is its own. */
static void test_settled(void **state)
{
	static const struct narrow_image image = {"quay.io", "team/app", "v1", ""};
	scoped(arena_free) struct arena *arena = arena_new();
	struct session session = {.pool = NULL};
	const char *const *destinations;
	size_t count;
	struct error err;
	(void)state;
	struct edition *edition = loaded_edition(&session, one, 1);
	assert_ptr_equal(edition->rules.config, &edition->server);
	assert_ptr_equal(edition->options.server, &edition->server);
	assert_ptr_equal(edition->rules.keeper, edition);
	assert_true(login_check(edition->rules.login, NULL));
	assert_true(narrow_destinations(edition->rules.narrow, &image, arena, &destinations, &count,
					&err));
	assert_int_equal(count, 1);
	edition_free(&edition);
	assert_null(edition);
}

/* --- threads ---------------------------------------------------------------------------------- */

struct crowd {
	struct session session;
	struct editions editions;
	atomic_bool over;
	atomic_uint wrong, held;
};

/* As a request or a run does: holds, looks at all of it, and releases. */
static void *hold_often(void *ctx)
{
	static const struct narrow_image image = {"quay.io", "team/app", "v1", ""};
	struct crowd *crowd = ctx;
	while (!atomic_load(&crowd->over)) {
		scoped(arena_free) struct arena *arena = arena_new_small();
		const char *const *found;
		struct error err;
		size_t count;
		struct edition *edition = edition_hold(&crowd->editions);
		bool right = narrow_destinations(edition->rules.narrow, &image, arena, &found,
						 &count, &err) &&
			     count == edition->loaded.rule_count &&
			     login_check(edition->rules.login, NULL);
		edition_release(&crowd->editions, edition);
		atomic_fetch_add(right ? &crowd->held : &crowd->wrong, 1);
	}
	return NULL;
}

static void test_threads(void **state)
{
	static struct crowd crowd = {.editions = {.lock = PTHREAD_MUTEX_INITIALIZER}};
	pthread_t threads[HOLDERS];
	(void)state;
	edition_enforce(&crowd.editions, loaded_edition(&crowd.session, one, 1));
	for (size_t i = 0; i < HOLDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hold_often, &crowd), 0);
	for (size_t i = 0; i < EDITIONS; i++) {
		unsigned before = atomic_load(&crowd.held);
		edition_enforce(&crowd.editions, loaded_edition(&crowd.session, one, i % 2));
		/* Each is used by somebody. */
		while (atomic_load(&crowd.held) == before && !atomic_load(&crowd.wrong))
			sched_yield();
	}
	atomic_store(&crowd.over, true);
	for (size_t i = 0; i < HOLDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.wrong), 0);
	assert_int_equal(crowd.editions.current->holders, 1);
	edition_enforce(&crowd.editions, NULL);
}

/* --- files ------------------------------------------------------------------------------------ */

static char folder[64], images[96], auth[96], server[96], log_path[96];

static void put(const char *path, const char *text)
{
	struct error err;
	assert_true(file_write(path, str_of(text), &err));
}

static int make_files(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/edition-test-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(images, sizeof(images), "%s/images.yaml", folder);
	snprintf(auth, sizeof(auth), "%s/auth.yaml", folder);
	snprintf(server, sizeof(server), "%s/sync.yaml", folder);
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	unlink(images);
	unlink(auth);
	unlink(server);
	unlink(log_path);
	return rmdir(folder);
}

#define LOGIN(word) "auth: {username: ci, password: " word "}\n"
#define BEGAN "app: {port: '127.0.0.1:8080', grace: 20s}\n" LOGIN("first-word")

/* Opens a log, and reads what the process began with. */
static FILE *begin(struct arena *arena, struct session *session, struct server_config *began)
{
	static const struct expand_lookup nothing = {.get = NULL};
	scoped(problem_finish) struct problems problems = {0};
	struct document document;
	FILE *log = fopen(log_path, "w");
	assert_non_null(log);
	session_log(session, log, LOG_WARN);
	put(server, BEGAN);
	assert_true(document_read(arena, server, &document, &problems));
	server_file_read(arena, &document, &nothing, began, NULL, &problems);
	assert_string_equal(buf_string(&problems.errors), "");
	began->path = server;
	return log;
}

/* The ports that the process kept. */
static struct ports *open_ports(bool open)
{
	static struct ports ports;
	ports = (struct ports){.open = false};
	ports_add(&ports, 443);
	if (open)
		ports_open(&ports);
	return &ports;
}

/* Reads all files; what is told goes to *told. NULL: they are not to be used. */
static struct edition *read_files(const char *server_text, const char *images_text, bool open,
				  struct buf *told)
{
	struct ports *ports = open_ports(open);
	static struct session session;
	session = (struct session){.lasting = true, .ports = ports};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct server_config began;
	struct options options;
	struct error err;
	FILE *log = begin(arena, &session, &began);
	options_init(&options);
	options.images = images;
	options.auth = auth;
	options.log = log_path;
	options.docker_config = "false";
	options.server = &began;
	put(server, server_text);
	put(images, images_text);
	put(auth, "{}");
	struct edition *edition = edition_new(&session, &options);
	assert_non_null(edition);
	if (!edition_read(edition, &problems) || !edition_settle(edition))
		edition_free(&edition);
	log_open(stderr, LOG_INFO);
	assert_int_equal(fclose(log), 0);
	buf_add_str(told, buf_str(&problems.errors));
	scoped(buf_finish) struct buf logged = {0};
	assert_true(file_read(log_path, &logged, &err));
	buf_add_str(told, buf_str(&logged));
	return edition;
}

static void expect_told(const struct buf *told, const char *text, bool there)
{
	if (!strstr(buf_string(told), text) == there)
		fail_msg("%s: %s", text, buf_string(told));
}

static void test_read(void **state)
{
	scoped(buf_finish) struct buf told = {0};
	(void)state;
	struct edition *edition =
		read_files("app: {port: '127.0.0.1:8080', grace: 20s}\n" LOGIN("word-of-ours"),
			   "quay.io/team/app: a.test/app\n", true, &told);
	assert_non_null(edition);
	expect_told(&told, "has changed", false);
	assert_int_equal(edition->loaded.rule_count, 1);
	assert_true(login_check(edition->login, "Basic Y2k6d29yZC1vZi1vdXJz"));
	assert_false(login_check(edition->login, NULL));
	assert_string_equal(edition->server.path, server);
	edition_free(&edition);
	secret_forget();
}

/* A mistake in any of the files, and nothing of them is used. */
static void test_mistakes(void **state)
{
	static const char good_images[] = "quay.io/team/app: a.test/app\n";
	static const struct {
		const char *server, *images, *told;
	} cases[] = {
		{"auth: {}\n", good_images, "sync.yaml"},
		{"auth: [\n", good_images, "sync.yaml"},
		{LOGIN("x") "sync: {interval: never}\n", good_images, "sync.yaml:2:"},
		{LOGIN("x"), "quay.io/team/APP: a.test/app\n", "images.yaml:1:1"},
		{LOGIN("x"), "[\n", "images.yaml"},
		{LOGIN("x") "registry: {reg: [{sourceName: quay.io}]}\n", good_images,
		 "sync.yaml:2:"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(buf_finish) struct buf told = {0};
		assert_null(read_files(cases[i].server, cases[i].images, true, &told));
		expect_told(&told, cases[i].told, true);
		secret_forget();
	}
}

/* What the process began with stays, and the log says so. */
static void test_restart_is_needed(void **state)
{
	static const struct {
		const char *server, *key;
	} cases[] = {
		{"app: {port: 'localhost:9090'}\n" LOGIN("x"), "app.port"},
		{"app: {grace: 21s}\n" LOGIN("x"), "app.grace"},
		{"sync: {interval: 11}\n" LOGIN("x"), "sync.interval"},
		{"sync: {filePosition: {images: ./other.json}}\n" LOGIN("x"),
		 "sync.filePosition.images"},
		{"app: {limits: {connections: 7}}\n" LOGIN("x"), "app.limits"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(buf_finish) struct buf told = {0}, line = {0};
		struct edition *edition =
			read_files(cases[i].server, "quay.io/team/app: a.test/app\n", true, &told);
		assert_non_null(edition);
		edition_free(&edition);
		buf_printf(&line, "%s has changed, which takes effect after a restart",
			   cases[i].key);
		expect_told(&told, buf_string(&line), true);
		secret_forget();
	}
}

/* Ports that the process has given up do not come back. */
static void test_ports_are_gone(void **state)
{
	scoped(buf_finish) struct buf told = {0};
	(void)state;
	struct edition *edition =
		read_files(LOGIN("x"), "quay.io/team/app: docker.io/me/app\n", false, &told);
	assert_non_null(edition);
	edition_free(&edition);
	assert_null(read_files(LOGIN("x"), "quay.io/team/app: a.test:5000/app\n", false, &told));
	expect_told(&told, "needs port 5000, which this process has given up: restart it", true);
	secret_forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_user_frees),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_threads),
		cmocka_unit_test_setup_teardown(test_read, make_files, remove_files),
		cmocka_unit_test_setup_teardown(test_mistakes, make_files, remove_files),
		cmocka_unit_test_setup_teardown(test_ports_are_gone, make_files, remove_files),
		cmocka_unit_test_setup_teardown(test_restart_is_needed, make_files, remove_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
