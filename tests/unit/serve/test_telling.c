/* What a server tells of itself: its status, its figures, whether it is ready. */
#include "test_hooks_table.h"

static void test_telling(void **state)
{
	static const struct hooks_row rows[] = {
		{"GET /status", HOOKS_LOGIN, NULL, 200, NULL, "Content-Type: application/json\r\n",
		 NULL, NULL},
		{"HEAD /status", HOOKS_LOGIN, NULL, 200, "", "Content-Type: application/json\r\n",
		 NULL, NULL},
		{"GET /", HOOKS_LOGIN, NULL, 200, NULL, "Content-Security-Policy: default-src",
		 NULL, NULL},
		{"GET /metrics", HOOKS_LOGIN, NULL, 200, NULL, "text/plain; version=0.0.4", NULL,
		 NULL},
		{"POST /status", HOOKS_LOGIN, NULL, 405, "method not allowed\n",
		 "Allow: GET, HEAD\r\n", NULL, NULL},
		{"PUT /images/sync/hook", HOOKS_LOGIN, NULL, 405, NULL,
		 "Allow: GET, HEAD, POST\r\n", NULL, NULL},
		{"GET /statu", HOOKS_LOGIN, NULL, 404, "not found\n", NULL, NULL, NULL},
		{"GET /status/", HOOKS_LOGIN, NULL, 404, "not found\n", NULL, NULL, NULL},
		{"GET /images/sync/do", HOOKS_LOGIN, NULL, 200, "send a POST to start a run\n",
		 NULL, NULL, NULL},
	};
	(void)state;
	hooks_rows_check(rows, array_count(rows), NULL);
}

static void test_status_has_the_queue(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0}, status = {0}, short_of = {0};
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, STR(""),
			&answer);
	hooks_scene_ask(&scene, "GET /status", HOOKS_LOGIN, STR(""), &status);
	client_expect(&status, "quay.io/ns/img");
	client_expect(&status, "dst.test/x");
	scene.speechless = true;
	hooks_scene_ask(&scene, "GET /status", HOOKS_LOGIN, STR(""), &short_of);
	assert_int_equal(hooks_scene_status(&short_of), 503);
	client_expect(&short_of, "Retry-After: ");
	hooks_scene_close(&scene);
}

static void test_run_now(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0};
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_ask(&scene, "GET /images/sync/do", HOOKS_LOGIN, STR(""), &answer);
	assert_int_equal(atomic_load(&scene.runs), 0);
	buf_reset(&answer);
	hooks_scene_ask(&scene, "POST /images/sync/do", HOOKS_LOGIN, STR(""), &answer);
	assert_int_equal(hooks_scene_status(&answer), 202);
	assert_string_equal(hooks_scene_body(&answer), "{\"started\": true}\n");
	assert_int_equal(atomic_load(&scene.runs), 1);
	hooks_scene_close(&scene);
}

static unsigned ready(const struct hooks_scene *scene)
{
	scoped(buf_finish) struct buf answer = {0};
	hooks_scene_ask(scene, "GET /readyz", "", STR(""), &answer);
	assert_string_equal(hooks_scene_body(&answer),
			    hooks_scene_status(&answer) == 200 ? "ready\n" : "not ready\n");
	return hooks_scene_status(&answer);
}

/* Not while the record cannot be written, and not once the server stops. */
static void test_readiness(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0}, counted = {0}, again = {0};
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, STR(""),
			&answer);
	assert_int_equal(ready(&scene), 200);
	assert_int_equal(unlink(record), 0);
	assert_int_equal(mkdir(record, 0700), 0);
	buf_reset(&answer);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=2", HOOKS_LOGIN, STR(""),
			&answer);
	assert_int_equal(hooks_scene_status(&answer), 503);
	client_expect(&answer, "the record of what is pending cannot be written\n");
	client_expect(&answer, "Retry-After: 10\r\n");
	hooks_scene_counted(&scene, &counted);
	assert_string_equal(buf_string(&counted), "queued 1 unsaved 1 ");
	expect_queue(scene.queue, IMG);
	assert_int_equal(ready(&scene), 503);
	assert_int_equal(rmdir(record), 0);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=2", HOOKS_LOGIN, STR(""), &again);
	assert_int_equal(hooks_scene_status(&again), 202);
	assert_int_equal(ready(&scene), 200);
	hooks_stop(scene.hooks);
	assert_int_equal(ready(&scene), 503);
	hooks_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_telling),
		cmocka_unit_test(test_status_has_the_queue),
		cmocka_unit_test(test_run_now),
		cmocka_unit_test(test_readiness),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
