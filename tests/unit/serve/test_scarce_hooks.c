/*
 * Requests while memory runs out, in any thread behind the listener: each is answered once or cut
 * off, and what is answered with success is on disk.
 */
#include "test_scarce_fixture.h"

#include "test_hooks_fixture.h"

#include <sched.h>

/* A request, what answers it, and what is queued then. */
struct asked {
	const char *what, *headers, *body;
	unsigned status;
	const char *answer; /* that is part of the body */
	const char *queue;
	unsigned refusal; /* that is as good; 0: none */
};

/* One server for all requests; each finds it with an empty queue, and with nobody refused yet. */
static struct hooks_scene scene;

static size_t answers_in(const struct buf *got)
{
	size_t count = 0;
	for (const char *at = buf_string(got); (at = strstr(at, "HTTP/1.1 ")); at++)
		count++;
	return count;
}

/* True when all of it is as if memory had lasted. */
static bool look(const struct asked *asked, const struct buf *answer, struct buf *out)
{
	scoped(buf_finish) struct buf queued = {0};
	unsigned status = hooks_scene_status(answer);
	describe(scene.queue, 1000, &queued);
	bool complete = strcmp(buf_string(&queued), asked->queue) == 0;
	if (answers_in(answer) > 1 || (status / 100 == 2 && !complete) ||
	    (status / 100 == 2 && *asked->queue && !recorded("quay.io/ns/img:1&dst.test/x")))
		fail_msg("%s\nqueue: %s", buf_string(answer), buf_string(&queued));
	if (status != asked->status) {
		if (answer->len && status != 503 && status != 431 && status != asked->refusal)
			fail_msg("%s", buf_string(answer));
		return false;
	}
	assert_non_null(strstr(hooks_scene_body(answer), asked->answer));
	buf_printf(out, "%u, %s, queue: %s", status, asked->answer, buf_string(&queued));
	return true;
}

static void clear_queue(void)
{
	struct queue_figures left = {.pending = 1};
	while (left.pending + left.running) {
		uint64_t ids[9];
		size_t count = take(scene.queue, 0, array_count(ids), ids);
		for (size_t i = 0; i < count; i++)
			queue_settle(scene.queue, ids[i], QUEUE_DONE, NULL, 0);
		/* What is not on disk yet will be, or is taken back. */
		sched_yield();
		queue_figures(scene.queue, &left);
	}
}

static void clear_logins(void)
{
	while (atomic_load(&scene.held))
		sched_yield();
	login_free((struct login_guard **)&scene.rules.login);
	hooks_scene_login(&scene, false);
}

static bool ask(const struct asked *asked, struct buf *out)
{
	scoped(buf_finish) struct buf answer = {0};
	spared++;
	counting = true;
	hooks_scene_ask(&scene, asked->what, asked->headers, str_of(asked->body), &answer);
	counting = false;
	spared--;
	bool complete = look(asked, &answer, out);
	clear_logins();
	clear_queue();
	return complete;
}

#define IMAGE "quay.io/ns/img:1&dst.test/x pending 0\n"

static bool json(struct arena *arena, struct buf *out)
{
	static const struct asked asked = {
		"POST /images/sync/hook",
		HOOKS_LOGIN,
		"[{\"name\":\"quay.io/ns/img\",\"tag\":\"1\"},"
		"{\"name\":\"quay.io/both/img\",\"tag\":\"1\"},{\"name\":\"quay.io/no/no\","
		"\"tag\":\"1\"}]",
		202,
		"{\"queued\": 3, \"ignored\": 1}\n",
		IMAGE "quay.io/both/img:1&dst.test pending 0\n"
		      "quay.io/both/img:1&other.test pending 0\n",
		401};
	(void)arena;
	return ask(&asked, out);
}

static bool old(struct arena *arena, struct buf *out)
{
	static const struct asked asked = {"GET /images/sync/hook?name=quay.io/ns/img&tag=1",
					   HOOKS_LOGIN,
					   NULL,
					   200,
					   "queued: 1\n",
					   IMAGE,
					   401};
	(void)arena;
	return ask(&asked, out);
}

static bool form(struct arena *arena, struct buf *out)
{
	static const struct asked asked = {"POST /images/sync/hook",
					   HOOKS_LOGIN
					   "Content-Type: application/x-www-form-urlencoded\r\n",
					   "name=quay.io/ns/img&tag=1",
					   202,
					   "{\"queued\": 1, \"ignored\": 0}\n",
					   IMAGE,
					   401};
	(void)arena;
	return ask(&asked, out);
}

static bool event(struct arena *arena, struct buf *out)
{
	static const struct asked asked = {
		"POST /events/harbor/harbor-secret",
		"",
		"{\"type\":\"PUSH_ARTIFACT\",\"event_data\":{\"resources\":[{\"tag\":\"1\","
		"\"resource_url\":\"quay.io/ns/img:1\"},{\"tag\":\"2\","
		"\"resource_url\":\"quay.io/ns/img:2\"}],"
		"\"repository\":{\"repo_full_name\":\"ns/img\"}}}",
		202,
		"{\"queued\": 2, \"ignored\": 0}\n",
		IMAGE "quay.io/ns/img:2&dst.test/x pending 0\n",
		401};
	(void)arena;
	return ask(&asked, out);
}

/* What is refused is refused, or put off. */
static bool snapshot(struct arena *arena, struct buf *out)
{
	static const struct asked asked = {
		"POST /images/sync/hook",
		HOOKS_LOGIN,
		"{\"name\":\"quay.io/ns/img\",\"tag\":\"snapshot\"}",
		406,
		"{\"error\":\"tag snapshot: snapshots are not synchronized\"}\n",
		"",
		401};
	(void)arena;
	return ask(&asked, out);
}

static bool stranger(struct arena *arena, struct buf *out)
{
	static const struct asked asked = {
		"POST /images/sync/hook?name=quay.io/ns/img&tag=1", HOOKS_WRONG, NULL, 401,
		"no auth or wrong pasword or wrong username",       "",          0};
	(void)arena;
	return ask(&asked, out);
}

static bool status(struct arena *arena, struct buf *out)
{
	static const struct asked asked = {"GET /status", HOOKS_LOGIN, NULL, 200,
					   "\"version\"", "",          401};
	(void)arena;
	return ask(&asked, out);
}

static void test_hooks(void **state)
{
	static scarce *const scenarios[] = {json, old, form, event, snapshot, stranger, status};
	(void)state;
	hooks_scene_open(&scene, 9);
	for (size_t i = 0; i < array_count(scenarios); i++)
		starve(scenarios[i]);
	hooks_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hooks)};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
