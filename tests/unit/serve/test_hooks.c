/* Who may ask a server, and what becomes of many that ask. */
#include "test_hooks_table.h"

#include <poll.h>

/* --- who may ask ------------------------------------------------------------------------------ */

static void test_logins(void **state)
{
	static const char words[] = "no auth or wrong pasword or wrong username";
	static const char basic[] = "WWW-Authenticate: Basic realm=\"image-syncer\"";
	static const struct hooks_row rows[] = {
		{TO_HOOK "?name=quay.io/ns/img&tag=1", "", NULL, 401, words, basic, NULL, NULL},
		{TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_WRONG, NULL, 401, words, basic, NULL,
		 "denied 1 "},
		{OLD "?name=quay.io/ns/img&tag=1", "", NULL, 401, words, basic, NULL, NULL},
		{"POST /images/sync/do", HOOKS_WRONG, NULL, 401, words, basic, NULL, "denied 1 "},
		{"GET /status", "", NULL, 401, words, basic, NULL, NULL},
		{"GET /metrics", "", NULL, 401, words, basic, NULL, NULL},
		{"GET /", "", NULL, 401, words, basic, NULL, NULL},
		/* A stranger learns neither of paths nor of methods. */
		{"GET /nothing", "", NULL, 401, words, basic, NULL, NULL},
		{"DELETE /status", "", NULL, 401, words, basic, NULL, NULL},
		{"POST /healthz/", "", NULL, 401, words, basic, NULL, NULL},
		{"GET /healthz", "", NULL, 200, "ok\n", NULL, NULL, NULL},
		{"HEAD /healthz", "", NULL, 200, "", NULL, NULL, NULL},
		{"GET /healthz", HOOKS_WRONG, NULL, 200, "ok\n", NULL, NULL, NULL},
	};
	static const struct hooks_row open[] = {
		{"GET /metrics", "", NULL, 200, NULL, "Content-Type: text/plain; version=0.0.4",
		 NULL, NULL},
		{"GET /status", "", NULL, 401, words, basic, NULL, NULL},
	};
	(void)state;
	hooks_rows_check(rows, array_count(rows), NULL);
	hooks_rows_check(open, array_count(open), &(struct server_config){.open_metrics = true});
}

/* Pages of others may have the browser's login, and change nothing. */
static void test_foreign_pages(void **state)
{
#define HOOK_OF(headers, status, answer, queue, counted)                                           \
	{TO_HOOK "?name=quay.io/ns/img&tag=1",                                                     \
	 HOOKS_LOGIN headers,                                                                      \
	 NULL,                                                                                     \
	 status,                                                                                   \
	 answer,                                                                                   \
	 NULL,                                                                                     \
	 queue,                                                                                    \
	 counted}
#define FOREIGN(headers) HOOK_OF(headers, 403, "another site may not ask for this\n", NULL, NULL)
#define OWN(headers) HOOK_OF(headers, 202, NULL, IMG, "queued 1 ")
	static const struct hooks_row rows[] = {
		FOREIGN("Sec-Fetch-Site: cross-site\r\n"),
		FOREIGN("Sec-Fetch-Site: same-site\r\n"),
		FOREIGN("Sec-Fetch-Site: cross-site\r\nOrigin: http://h\r\n"),
		FOREIGN("Origin: http://elsewhere\r\n"),
		FOREIGN("Origin: null\r\n"),
		FOREIGN("Origin: http://h.elsewhere\r\n"),
		OWN("Sec-Fetch-Site: same-origin\r\n"),
		OWN("Sec-Fetch-Site: none\r\n"),
		OWN("Origin: http://h\r\n"),
		OWN("Origin: https://h\r\n"),
		/* What only tells something may be asked for. */
		{"GET /healthz", "Sec-Fetch-Site: cross-site\r\n", NULL, 200, "ok\n", NULL, NULL,
		 NULL},
		{"GET /status", HOOKS_LOGIN "Sec-Fetch-Site: cross-site\r\n", NULL, 200, NULL, NULL,
		 NULL, NULL},
		{"GET /images/sync/do", HOOKS_LOGIN "Origin: http://elsewhere\r\n", NULL, 403, NULL,
		 NULL, NULL, NULL},
	};
	(void)state;
	hooks_rows_check(rows, array_count(rows), NULL);
}

static void test_everybody(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0};
	(void)state;
	hooks_scene_prepare(&scene, true);
	scene.queue = started_for(3);
	hooks_scene_listen(&scene);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_WRONG, STR(""),
			&answer);
	assert_int_equal(hooks_scene_status(&answer), 202);
	hooks_scene_close(&scene);
}

/* --- guesses ---------------------------------------------------------------------------------- */

enum { GUESSES_MAX = 20 };

/*
 * The first wrong logins are answered at once; a later one waits, however long the test takes, and
 * is answered when the server stops.
 */
static void test_guesses_wait(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf request = {0}, last = {0};
	int fds[GUESSES_MAX] = {0};
	size_t sent = 0;
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_request("GET /status", HOOKS_WRONG, STR(""), &request);
	assert_true(hooks_answer_late(scene.hooks) == INT64_MAX);
	while (sent < GUESSES_MAX) {
		struct state_counters counters = {.hooks_denied = 0};
		int fd = fds[sent++] = client_connect(&scene.client);
		client_send(fd, request.at, request.len);
		while (counters.hooks_denied < sent) {
			counters.hooks_denied = 0;
			hooks_count(scene.hooks, &counters);
			poll(NULL, 0, 1);
		}
	}
	/* The last one was counted just before it was kept. */
	int64_t left;
	while ((left = hooks_answer_late(scene.hooks)) == INT64_MAX)
		poll(NULL, 0, 1);
	assert_true(left > 0);
	/* The right login does not wait meanwhile. */
	hooks_scene_ask(&scene, "GET /status", HOOKS_LOGIN, STR(""), &last);
	assert_int_equal(hooks_scene_status(&last), 200);
	hooks_stop(scene.hooks);
	for (size_t i = 0; i < sent; i++) {
		scoped(buf_finish) struct buf answer = {0};
		client_rest(fds[i], &answer);
		close(fds[i]);
		client_expect(&answer, "HTTP/1.1 401 ");
		client_expect(&answer, "no auth or wrong pasword or wrong username");
	}
	assert_true(hooks_answer_late(scene.hooks) == INT64_MAX);
	hooks_scene_close(&scene);
}

/* --- many at once ----------------------------------------------------------------------------- */

enum { CLIENTS = 8, EACH = 25 };

struct crowd {
	struct hooks_scene scene;
	atomic_uint next, wrong;
};

static void *hook_often(void *ctx)
{
	struct crowd *crowd = ctx;
	for (unsigned i = 0; i < EACH; i++) {
		scoped(buf_finish) struct buf answer = {0};
		char what[96], key[96];
		unsigned number = atomic_fetch_add(&crowd->next, 1);
		snprintf(what, sizeof(what), TO_HOOK "?name=quay.io/ns/img-%u&tag=1", number);
		snprintf(key, sizeof(key), "quay.io/ns/img-%u:1&dst.test/x", number);
		hooks_scene_ask(&crowd->scene, what, HOOKS_LOGIN, STR(""), &answer);
		if (hooks_scene_status(&answer) != 202 || !recorded(key))
			atomic_fetch_add(&crowd->wrong, 1);
	}
	return NULL;
}

/* What was answered is in the file at that moment; each request has one answer. */
static void test_many_at_once(void **state)
{
	static struct crowd crowd;
	pthread_t threads[CLIENTS];
	scoped(buf_finish) struct buf counted = {0};
	(void)state;
	hooks_scene_open(&crowd.scene, CLIENTS * EACH);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hook_often, &crowd), 0);
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.wrong), 0);
	hooks_scene_counted(&crowd.scene, &counted);
	assert_string_equal(buf_string(&counted), "queued 200 ");
	hooks_scene_close(&crowd.scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logins),       cmocka_unit_test(test_foreign_pages),
		cmocka_unit_test(test_everybody),    cmocka_unit_test(test_guesses_wait),
		cmocka_unit_test(test_many_at_once),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
