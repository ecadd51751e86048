/* Answers that are held back: how many, until when, and that each request gets one. */
#include "serve/late.h"

#include "test_listener_client.h"

#include <sched.h>

enum { NOW = 1000 };

static const struct listener_answer refusal = {
	.status = 401, .type = "text/plain", .body = {"later", 5}, .constant = true};

/* Clients whose requests nothing has answered yet. */
struct crowd {
	struct client_scene scene;
	struct late_list list;
	int fds[LATE_MAX + 1];
	struct listener_request *requests[LATE_MAX + 1]; /* in the order of the clients */
};

static void crowd_open(struct crowd *crowd, size_t count)
{
	crowd->list = (struct late_list){.lock = PTHREAD_MUTEX_INITIALIZER};
	client_open(&crowd->scene, &client_usual);
	for (size_t i = 0; i < count; i++) {
		crowd->fds[i] = client_connect(&crowd->scene);
		client_write(crowd->fds[i], CLIENT_LAST("/never"));
		client_waiting(&crowd->scene, 1, &crowd->requests[i]);
	}
}

static void crowd_close(struct crowd *crowd)
{
	client_close(&crowd->scene);
}

static void expect_answer(const struct crowd *crowd, size_t number, const char *status)
{
	scoped(buf_finish) struct buf got = {0};
	client_rest(crowd->fds[number], &got);
	close(crowd->fds[number]);
	client_expect(&got, status);
	/* Once. */
	assert_null(strstr(buf_string(&got) + 1, "HTTP/1.1"));
}

static void expect_nothing(const struct crowd *crowd, size_t number)
{
	char c;
	assert_int_equal(recv(crowd->fds[number], &c, 1, MSG_DONTWAIT), -1);
}

static void test_each_in_its_time(void **state)
{
	struct crowd crowd;
	(void)state;
	crowd_open(&crowd, 3);
	assert_true(late_answer(&crowd.list, NOW) == INT64_MAX);
	assert_true(late_keep(&crowd.list, crowd.requests[0], &refusal, NOW + 20));
	assert_true(late_keep(&crowd.list, crowd.requests[1], &refusal, NOW + 10));
	assert_true(late_keep(&crowd.list, crowd.requests[2], &refusal, NOW + 30));
	assert_int_equal(crowd.list.count, 3);
	assert_int_equal(late_answer(&crowd.list, NOW), 10);
	assert_int_equal(late_answer(&crowd.list, NOW + 9), 1);
	assert_int_equal(crowd.list.count, 3);
	assert_int_equal(late_answer(&crowd.list, NOW + 10), 10);
	expect_answer(&crowd, 1, "HTTP/1.1 401 ");
	expect_nothing(&crowd, 0);
	/* A clock that goes back holds them longer, and none is lost. */
	assert_int_equal(late_answer(&crowd.list, NOW - 10), 30);
	assert_true(late_answer(&crowd.list, NOW + 30) == INT64_MAX);
	expect_answer(&crowd, 0, "HTTP/1.1 401 ");
	expect_answer(&crowd, 2, "HTTP/1.1 401 ");
	assert_int_equal(crowd.list.count, 0);
	crowd_close(&crowd);
}

/* One more than there is room for is the caller's; what was answered makes room. */
static void test_no_more(void **state)
{
	struct crowd crowd;
	(void)state;
	crowd_open(&crowd, LATE_MAX + 1);
	for (size_t i = 0; i < LATE_MAX; i++)
		assert_true(late_keep(&crowd.list, crowd.requests[i], &refusal, NOW + (i > 0)));
	assert_false(late_keep(&crowd.list, crowd.requests[LATE_MAX], &refusal, NOW));
	assert_int_equal(late_answer(&crowd.list, NOW), 1);
	expect_answer(&crowd, 0, "HTTP/1.1 401 ");
	assert_true(late_keep(&crowd.list, crowd.requests[LATE_MAX], &refusal, NOW));
	late_close(&crowd.list);
	for (size_t i = 1; i <= LATE_MAX; i++)
		expect_answer(&crowd, i, "HTTP/1.1 401 ");
	crowd_close(&crowd);
}

static void test_closed(void **state)
{
	struct crowd crowd;
	(void)state;
	crowd_open(&crowd, 2);
	assert_true(late_keep(&crowd.list, crowd.requests[0], &refusal, INT64_MAX));
	late_close(&crowd.list);
	expect_answer(&crowd, 0, "HTTP/1.1 401 ");
	assert_false(late_keep(&crowd.list, crowd.requests[1], &refusal, NOW));
	client_say(crowd.requests[1], 503, "now");
	expect_answer(&crowd, 1, "HTTP/1.1 503 ");
	late_close(&crowd.list);
	crowd_close(&crowd);
}

/* --- threads ---------------------------------------------------------------------------------- */

struct race {
	struct crowd crowd;
	atomic_uint next;
	atomic_bool over;
};

static void *keep_some(void *ctx)
{
	struct race *race = ctx;
	unsigned number;
	while ((number = atomic_fetch_add(&race->next, 1)) <= LATE_MAX) {
		struct listener_request *request = race->crowd.requests[number];
		if (!late_keep(&race->crowd.list, request, &refusal, NOW + number % 3))
			listener_answer(request, &refusal);
	}
	return NULL;
}

static void *answer_some(void *ctx)
{
	struct race *race = ctx;
	for (int64_t now = NOW; !atomic_load(&race->over); now = NOW + (now + 1) % 3)
		late_answer(&race->crowd.list, now);
	return NULL;
}

/* Whoever keeps, answers and closes at the same time: each request gets one answer. */
static void test_threads(void **state)
{
	static struct race race;
	pthread_t keepers[3], answerer;
	(void)state;
	crowd_open(&race.crowd, LATE_MAX + 1);
	pthread_create(&answerer, NULL, answer_some, &race);
	for (size_t i = 0; i < array_count(keepers); i++)
		pthread_create(&keepers[i], NULL, keep_some, &race);
	while (atomic_load(&race.next) < LATE_MAX / 2)
		sched_yield();
	late_close(&race.crowd.list);
	for (size_t i = 0; i < array_count(keepers); i++)
		pthread_join(keepers[i], NULL);
	atomic_store(&race.over, true);
	pthread_join(answerer, NULL);
	for (size_t i = 0; i <= LATE_MAX; i++)
		expect_answer(&race.crowd, i, "HTTP/1.1 401 ");
	assert_int_equal(race.crowd.list.count, 0);
	crowd_close(&race.crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_in_its_time),
		cmocka_unit_test(test_no_more),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
