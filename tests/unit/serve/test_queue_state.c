/* Two hosts that have the same image for the same destination. */
#include "test_queue_hooks.h"

enum { NOW = 1000000 };

#define A "quay.io/ns/a"
#define B "quay.io/ns/b"
#define OTHER "ghcr.io/ns/a"

static void scoped_free(struct queue **queue)
{
	queue_free(queue);
}

/* The only entry that is due at now. */
static uint64_t take_one(struct queue *queue, int64_t now)
{
	uint64_t ids[2];
	assert_int_equal(take(queue, now, 2, ids), 1);
	return ids[0];
}

static void test_the_later_wins(void **state)
{
	(void)state;
	{
		scoped(scoped_free) struct queue *queue = started();
		assert_true(name(queue, A, "1", "d"));
		assert_true(name(queue, A, "2", "d"));
		assert_true(name(queue, A, "1", "e"));
		assert_true(name(queue, A, "1", ""));
		assert_true(name(queue, OTHER, "1", "d"));
		assert_true(name(queue, OTHER, "1", ""));
		expect_queue(queue,
			     A ":2&d pending 0\n" A ":1&e pending 0\n" A ":1& pending 0\n" OTHER
			       ":1&d pending 0\n" OTHER ":1& pending 0\n");
		assert_true(name(queue, A, "1", "d"));
	}
	assert_true(recorded(A ":1&d"));
	assert_false(recorded(OTHER ":1&d"));
}

static void test_the_earlier_runs(void **state)
{
	uint64_t ids[2];
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	for (int verdict = QUEUE_DONE; verdict <= QUEUE_NO_ROUTE; verdict++) {
		assert_true(name(queue, A, "1", "d"));
		uint64_t id = take_one(queue, NOW);
		assert_true(name(queue, OTHER, "1", "d"));
		/* Not both at once. */
		assert_int_equal(take(queue, NOW, 2, ids), 0);
		assert_true(queue_due(queue, true) == INT64_MAX);
		queue_settle(queue, id, (enum queue_verdict)verdict, "why", NOW);
		expect_queue(queue, OTHER ":1&d pending 0\n");
		queue_settle(queue, take_one(queue, NOW), QUEUE_DONE, NULL, NOW);
	}
	/* Named again after the other: then it is the later one. */
	assert_true(name(queue, A, "1", "d"));
	uint64_t id = take_one(queue, NOW);
	assert_true(name(queue, OTHER, "1", "d"));
	assert_true(name(queue, A, "1", "d"));
	expect_queue(queue, A ":1&d running 0\n");
	queue_settle(queue, id, QUEUE_DONE, NULL, NOW);
	expect_queue(queue, A ":1&d pending 0\n");
}

/* One hook with a list: the later one of it wins. */
static void test_both_at_once(void **state)
{
	const struct queue_item items[] = {{A, "1", "d"}, {OTHER, "1", "d"}, {A, "2", "d"}};
	struct answers answers = NO_ANSWERS;
	(void)state;
	{
		scoped(scoped_free) struct queue *queue = started();
		assert_int_equal(queue_add(queue, items, 3, count_answer, &answers), QUEUE_TAKEN);
		await_answers(&answers, 1);
		expect_queue(queue, OTHER ":1&d pending 0\n" A ":2&d pending 0\n");
	}
	assert_false(recorded(A ":1&d"));
}

static void test_two_hosts_in_a_record(void **state)
{
	(void)state;
	put(record, "{\"" A ":1&d\":0,\"" B ":1&d\":0,\"" OTHER ":1&d\":0}");
	{
		scoped(scoped_free) struct queue *queue = started();
		expect_queue(queue, B ":1&d pending 0\n" OTHER ":1&d pending 0\n");
	}
	expect_content(record, "{\n\"" B ":1&d\":0,\n\"" OTHER ":1&d\":0\n}\n");
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(test_the_later_wins),
		in_a_folder(test_the_earlier_runs),
		in_a_folder(test_both_at_once),
		in_a_folder(test_two_hosts_in_a_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
