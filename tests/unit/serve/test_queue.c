/* What becomes of entries: hooks, verdicts, waits. */
#include "serve/queue.h"

#include "test_queue_hooks.h"

enum { NOW = 1000000, MINUTE = 60, HOUR = 60 * MINUTE };

#define A "quay.io/ns/a"
#define B "quay.io/ns/b"
#define C "quay.io/ns/c"
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

static struct queue_entry only(struct queue *queue, struct arena *arena)
{
	struct queue_entry *list;
	size_t count;
	assert_true(queue_list(queue, 9, arena, &list, &count));
	assert_int_equal(count, 1);
	return list[0];
}

/* --- hooks --------------------------------------------------------------------------------- */

static void test_order(void **state)
{
	(void)state;
	struct queue_figures figures;
	{
		scoped(scoped_free) struct queue *queue = started();
		assert_true(name(queue, B, "1", "dst.io"));
		assert_true(name(queue, A, "2", "dst.io/team"));
		assert_true(name(queue, C, "3", ""));
		assert_true(name(queue, B, "1", "dst.io"));
		expect_queue(queue, B ":1&dst.io pending 0\n" A ":2&dst.io/team pending 0\n" C
				      ":3& pending 0\n");
		queue_figures(queue, &figures);
		assert_int_equal(figures.pending, 3);
		assert_true(figures.writable);
		assert_int_not_equal(figures.oldest, 0);
	}
	expect_content(record,
		       "{\n\"" B ":1&dst.io\":0,\n\"" A ":2&dst.io/team\":0,\n\"" C ":3&\":0\n}\n");
	scoped(scoped_free) struct queue *queue = opened_for(1000);
	expect_queue(queue,
		     B ":1&dst.io pending 0\n" A ":2&dst.io/team pending 0\n" C ":3& pending 0\n");
}

static void test_no_write_is_needed(void **state)
{
	(void)state;
	struct queue_figures before, after;
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "dst.io"));
	queue_figures(queue, &before);
	for (int i = 0; i < 20; i++)
		assert_true(name(queue, A, "1", "dst.io"));
	struct answers answers = NO_ANSWERS;
	assert_int_equal(queue_add(queue, NULL, 0, count_answer, &answers), QUEUE_TAKEN);
	await_answers(&answers, 1);
	assert_int_equal(answers.written, 1);
	queue_figures(queue, &after);
	assert_int_equal(after.writes, before.writes);
}

static void test_full(void **state)
{
	(void)state;
	static const struct queue_item items[] = {{A, "1", "d"}, {B, "1", "d"}, {C, "1", "d"}};
	struct answers answers = NO_ANSWERS;
	scoped(scoped_free) struct queue *queue = started_for(2);
	assert_int_equal(queue_add(queue, items, 3, count_answer, &answers), QUEUE_FULL);
	expect_queue(queue, "");
	assert_int_equal(queue_add(queue, items, 2, count_answer, &answers), QUEUE_TAKEN);
	assert_int_equal(queue_add(queue, items + 1, 2, count_answer, &answers), QUEUE_FULL);
	assert_int_equal(queue_add(queue, items, 2, count_answer, &answers), QUEUE_TAKEN);
	await_answers(&answers, 2);
	assert_int_equal(answers.written, 2);
	expect_queue(queue, A ":1&d pending 0\n" B ":1&d pending 0\n");
}

/* More than there is room for is kept, and only then is there room. */
static void test_a_long_record(void **state)
{
	(void)state;
	uint64_t ids[3];
	static const struct queue_item item = {"quay.io/ns/d", "1", "d"};
	put(record, "{\"" A ":1&d\":0,\"" B ":1&d\":0,\"" C ":1&d\":0}");
	scoped(scoped_free) struct queue *queue = started_for(2);
	assert_int_equal(queue_add(queue, &item, 1, count_answer, NULL), QUEUE_FULL);
	assert_int_equal(take(queue, NOW, 9, ids), 3);
	queue_settle(queue, ids[0], QUEUE_DONE, NULL, NOW);
	assert_int_equal(queue_add(queue, &item, 1, count_answer, NULL), QUEUE_FULL);
	queue_settle(queue, ids[1], QUEUE_DONE, NULL, NOW);
	assert_true(name(queue, item.source, item.tag, item.destination));
}

static void test_invalid(void **state)
{
	char path[600];
	snprintf(path, sizeof(path), "quay.io/%0500d", 0);
	const struct queue_item wrong[] = {
		{"", "", ""},
		{A, "", "d"},
		{"", "1", "d"},
		{A, "1&d", "d"},
		{A, "1", "d&e"},
		{A, "1", "d e"},
		{A, "a:b", "d"},
		{A ":1", "2", "d"},
		{"img", "1", "d"},
		{"quay.io/a&b", "1", "d"},
		{"quay.io/../b", "1", "d"},
		{"quay.io/a\n", "1", "d"},
		{A, "1\n", "d"},
		{A, "1", "d\x7f"},
		{path, "1", "d"},
		{A, path, "d"},
	};
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	for (size_t i = 0; i < array_count(wrong); i++) {
		struct queue_item items[] = {{B, "1", "d"}, wrong[i]};
		enum queue_answer answer = queue_add(queue, items, 2, count_answer, NULL);
		if (answer != QUEUE_INVALID)
			fail_msg("%s:%s&%s", wrong[i].source, wrong[i].tag, wrong[i].destination);
	}
}

/* --- the record ---------------------------------------------------------------------------- */

/* Hosts as clients wrote them are those of the routes; twice the same is once. */
static void test_spellings(void **state)
{
	(void)state;
	put(record, "{\"QUAY.IO/ns/a:V1&R.io/Team\":3,\"index.docker.io/ns/a:1&d\":0,"
		    "\"registry-1.docker.io/ns/a:1&d\":1,\"docker.io/nginx:1&\":0}");
	{
		scoped(scoped_free) struct queue *queue = started();
		expect_queue(queue, A ":V1&R.io/Team pending 0\ndocker.io/ns/a:1&d pending 0\n"
				      "docker.io/library/nginx:1& pending 0\n");
	}
	expect_content(record, "{\n\"" A ":V1&R.io/Team\":0,\n\"docker.io/ns/a:1&d\":0,\n"
			       "\"docker.io/library/nginx:1&\":0\n}\n");
}

/* Nothing that the file has is lost, whatever it means. */
static void test_odd_records(void **state)
{
	uint64_t ids[9];
	(void)state;
	put(record, "{\"odd\":1,\"" A ":1\\u0026d\":7,\"\":null,\"" B ":1&d\":{},\"odd\":2,\"" A
		    ":1&d\":0,\"a\\n&\":0}");
	{
		scoped(scoped_free) struct queue *queue = started();
		static const char as_read[] =
			"odd:& unrouted 0\n" A ":1&d pending 0\n:& unrouted 0\n" B
			":1&d pending 0\na\n&:& unrouted 0\n";
		expect_queue(queue, as_read);
		queue_wake(queue);
		expect_queue(queue, as_read);
		assert_int_equal(take(queue, NOW, 9, ids), 2);
		queue_settle(queue, ids[0], QUEUE_DONE, NULL, NOW);
		assert_true(name(queue, C, "1", "d"));
	}
	expect_content(record, "{\n\"odd\":0,\n\"\":0,\n\"" B ":1&d\":0,\n\"a\\n&\":0,\n\"" C
			       ":1&d\":0\n}\n");
}

static void test_damage(void **state)
{
	static const char *const damaged[] = {"", "[]", "{\"" A ":1&d\":0", "\x80"};
	(void)state;
	for (size_t i = 0; i < array_count(damaged); i++) {
		struct queue *queue;
		struct error err;
		put(record, damaged[i]);
		assert_false(queue_open(&(struct queue_options){record, 9}, &queue, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_null(queue);
		expect_content(record, damaged[i]);
	}
}

/* --- verdicts ------------------------------------------------------------------------------ */

static void test_done(void **state)
{
	uint64_t ids[2];
	(void)state;
	{
		scoped(scoped_free) struct queue *queue = started();
		assert_true(name(queue, A, "1", "d"));
		assert_true(name(queue, B, "1", "d"));
		assert_int_equal(take(queue, NOW, 1, ids), 1);
		expect_queue(queue, A ":1&d running 0\n" B ":1&d pending 0\n");
		assert_int_equal(take(queue, NOW, 9, ids + 1), 1);
		assert_int_equal(take(queue, NOW, 9, ids), 0);
		queue_settle(queue, ids[1], QUEUE_DONE, NULL, NOW);
		queue_settle(queue, ids[1], QUEUE_DONE, NULL, NOW);
		expect_queue(queue, A ":1&d running 0\n");
		/* Only what runs is settled. */
		assert_true(name(queue, C, "1", "d"));
		queue_settle(queue, ids[1] + 1, QUEUE_DONE, NULL, NOW);
		expect_queue(queue, A ":1&d running 0\n" C ":1&d pending 0\n");
	}
	/* What runs is in the record. */
	assert_true(recorded(A ":1&d"));
	assert_true(recorded(C ":1&d"));
	assert_false(recorded(B ":1&d"));
}

static void test_again(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	queue_settle(queue, take_one(queue, NOW), QUEUE_AGAIN, NULL, NOW);
	struct queue_entry entry = only(queue, arena);
	assert_int_equal(entry.state, QUEUE_PENDING);
	assert_int_equal(entry.tried, NOW);
	assert_int_equal(entry.attempts, 0);
}

static void test_transient(void **state)
{
	int64_t now = NOW, wait = MINUTE;
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	for (unsigned i = 1; i < 40; i++) {
		queue_settle(queue, take_one(queue, now), QUEUE_TRANSIENT, "no route to host", now);
		struct queue_entry entry = only(queue, arena);
		assert_int_equal(entry.state, QUEUE_WAITING);
		assert_int_equal(entry.attempts, i);
		assert_int_equal(entry.tried, now);
		assert_string_equal(entry.error, "no route to host");
		assert_in_range(entry.next - now, wait - wait / 4, wait);
		assert_int_equal(queue_due(queue, true), entry.next);
		uint64_t none;
		assert_int_equal(take(queue, entry.next - 1, 1, &none), 0);
		now = entry.next;
		wait = 2 * wait < 4 * HOUR ? 2 * wait : 4 * HOUR;
	}
	/* A new hook: as if nothing had been. */
	assert_true(name(queue, A, "1", "d"));
	expect_queue(queue, A ":1&d pending 0\n");
	assert_int_equal(queue_due(queue, true), 0);
	queue_settle(queue, take_one(queue, now), QUEUE_TRANSIENT, NULL, now);
	struct queue_entry entry = only(queue, arena);
	assert_in_range(entry.next - now, MINUTE * 3 / 4, MINUTE);
	assert_null(entry.error);
}

static void test_permanent(void **state)
{
	int64_t now = NOW;
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	queue_settle(queue, take_one(queue, now), QUEUE_PERMANENT, "denied", now);
	now += HOUR;
	queue_settle(queue, take_one(queue, now), QUEUE_TRANSIENT, "reset", now);
	now += HOUR;
	queue_settle(queue, take_one(queue, now), QUEUE_PERMANENT, "denied", now);
	expect_queue(queue, A ":1&d waiting 3\n");
	now += HOUR;
	queue_settle(queue, take_one(queue, now), QUEUE_PERMANENT, "denied", now);
	expect_queue(queue, A ":1&d parked 4\n");
	assert_int_equal(only(queue, arena).next, 0);
	assert_true(queue_due(queue, true) == INT64_MAX);
	uint64_t none;
	assert_int_equal(take(queue, now + 1000 * HOUR, 1, &none), 0);
	/* Once more, and only once. */
	queue_wake(queue);
	queue_settle(queue, take_one(queue, now), QUEUE_PERMANENT, "denied", now);
	expect_queue(queue, A ":1&d parked 5\n");
	/* A new hook has three. */
	assert_true(name(queue, A, "1", "d"));
	queue_settle(queue, take_one(queue, now), QUEUE_PERMANENT, "denied", now);
	expect_queue(queue, A ":1&d waiting 1\n");
	scoped_free(&queue);
	queue = opened_for(9);
	expect_queue(queue, A ":1&d pending 0\n");
}

static void test_no_route(void **state)
{
	struct queue_figures figures;
	(void)state;
	{
		scoped(scoped_free) struct queue *queue = started();
		assert_true(name(queue, A, "1", "d"));
		queue_settle(queue, take_one(queue, NOW), QUEUE_NO_ROUTE, NULL, NOW);
		expect_queue(queue, A ":1&d unrouted 0\n");
		assert_true(queue_due(queue, true) == INT64_MAX);
		queue_figures(queue, &figures);
		assert_int_equal(figures.unrouted, 1);
		queue_wake(queue);
		assert_int_equal(queue_due(queue, true), 0);
		queue_settle(queue, take_one(queue, NOW), QUEUE_NO_ROUTE, NULL, NOW);
	}
	assert_true(recorded(A ":1&d"));
}

/* The rules may have changed since the run began: whatever has not succeeded by then is tried. */
static void test_woken_while_running(void **state)
{
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	for (int verdict = QUEUE_HOLD; verdict <= QUEUE_NO_ROUTE; verdict++) {
		assert_true(name(queue, A, "1", "d"));
		uint64_t id = take_one(queue, NOW);
		queue_wake(queue);
		queue_settle(queue, id, (enum queue_verdict)verdict, "why", NOW);
		id = take_one(queue, NOW);
		queue_settle(queue, id, QUEUE_NO_ROUTE, NULL, NOW);
		assert_true(queue_due(queue, true) == INT64_MAX);
	}
	assert_true(name(queue, A, "1", "d"));
	uint64_t id = take_one(queue, NOW);
	queue_wake(queue);
	queue_settle(queue, id, QUEUE_DONE, NULL, NOW);
	expect_queue(queue, "");
}

/* A hook for what is running: it is run once more, whatever comes of this run. */
static void test_named_while_running(void **state)
{
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	for (int verdict = QUEUE_DONE; verdict <= QUEUE_NO_ROUTE; verdict++) {
		assert_true(name(queue, A, "1", "d"));
		uint64_t id = take_one(queue, NOW);
		assert_true(name(queue, A, "1", "d"));
		expect_queue(queue, A ":1&d running 0\n");
		queue_settle(queue, id, (enum queue_verdict)verdict, "why", NOW);
		expect_queue(queue, A ":1&d pending 0\n");
		assert_true(recorded(A ":1&d"));
		assert_int_equal(take_one(queue, NOW), id);
		queue_settle(queue, id, QUEUE_DONE, NULL, NOW);
		expect_queue(queue, "");
	}
}

/* The clock was ahead when the wait began. */
static void test_a_clock_that_is_set_back(void **state)
{
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	int64_t ahead = (int64_t)1 << 40;
	queue_settle(queue, take_one(queue, ahead), QUEUE_TRANSIENT, NULL, ahead);
	assert_int_equal(queue_due(queue, true), 0);
	take_one(queue, NOW);
}

static void test_routed(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct queue_entry *list;
	size_t count;
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	assert_true(queue_due(queue, false) == INT64_MAX);
	assert_true(name(queue, B, "1", ""));
	assert_int_equal(queue_due(queue, false), 0);
	assert_true(queue_take(queue, NOW, false, 9, arena, &list, &count));
	assert_int_equal(count, 1);
	assert_string_equal(list[0].item.source, B);
	assert_string_equal(list[0].item.tag, "1");
	assert_string_equal(list[0].item.destination, "");
	assert_int_equal(list[0].state, QUEUE_RUNNING);
	assert_true(queue_due(queue, false) == INT64_MAX);
	assert_int_equal(queue_due(queue, true), 0);
}

static void test_lists(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	struct queue_figures figures;
	uint64_t ids[3];
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	assert_true(name(queue, A, "2", "d"));
	assert_true(name(queue, A, "3", "d"));
	assert_true(name(queue, A, "4", "d"));
	assert_int_equal(take(queue, NOW, 3, ids), 3);
	queue_settle(queue, ids[0], QUEUE_AGAIN, NULL, NOW);
	queue_settle(queue, ids[1], QUEUE_TRANSIENT, NULL, NOW);
	describe(queue, 3, &text);
	assert_string_equal(buf_string(&text),
			    A ":2&d waiting 1\n" A ":3&d running 0\n" A ":1&d pending 0\n");
	buf_reset(&text);
	describe(queue, 1, &text);
	assert_string_equal(buf_string(&text), A ":2&d waiting 1\n");
	buf_reset(&text);
	describe(queue, 0, &text);
	assert_string_equal(buf_string(&text), "");
	queue_figures(queue, &figures);
	assert_int_equal(figures.pending, 2);
	assert_int_equal(figures.running, 1);
	assert_int_equal(figures.waiting, 1);
	assert_int_equal(figures.parked, 0);
}

/* --- watchers ------------------------------------------------------------------------------ */

struct watched {
	struct queue *queue;
	struct answers calls;
};

/* Asks the queue, which would never end with the lock held. */
static void look(void *ctx)
{
	struct watched *watched = ctx;
	count_answer(&watched->calls, queue_due(watched->queue, true) == 0);
}

static void test_watch(void **state)
{
	(void)state;
	struct watched watched = {.calls = NO_ANSWERS};
	scoped(scoped_free) struct queue *queue = opened_for(9);
	struct error err;
	watched.queue = queue;
	queue_watch(queue, look, &watched);
	assert_true(queue_start(queue, &err));
	assert_true(name(queue, A, "1", "d"));
	await_answers(&watched.calls, 1);
	queue_settle(queue, take_one(queue, NOW), QUEUE_TRANSIENT, NULL, NOW);
	assert_int_equal(watched.calls.written, 1);
	queue_wake(queue);
	assert_int_equal(watched.calls.written, 2);
	queue_settle(queue, take_one(queue, NOW), QUEUE_AGAIN, NULL, NOW);
	assert_int_equal(watched.calls.written, 3);
	queue_settle(queue, take_one(queue, NOW), QUEUE_TRANSIENT, NULL, NOW);
	assert_true(name(queue, A, "1", "d"));
	await_answers(&watched.calls, 4);
	/* The other waits for this one. */
	uint64_t id = take_one(queue, NOW);
	assert_true(name(queue, OTHER, "1", "d"));
	await_answers(&watched.calls, 5);
	unsigned due = watched.calls.written;
	queue_settle(queue, id, QUEUE_DONE, NULL, NOW);
	assert_int_equal(watched.calls.written, due + 1);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(test_order),
		in_a_folder(test_no_write_is_needed),
		in_a_folder(test_full),
		in_a_folder(test_a_long_record),
		in_a_folder(test_invalid),
		in_a_folder(test_spellings),
		in_a_folder(test_odd_records),
		in_a_folder(test_damage),
		in_a_folder(test_done),
		in_a_folder(test_again),
		in_a_folder(test_transient),
		in_a_folder(test_permanent),
		in_a_folder(test_no_route),
		in_a_folder(test_woken_while_running),
		in_a_folder(test_named_while_running),
		in_a_folder(test_a_clock_that_is_set_back),
		in_a_folder(test_routed),
		in_a_folder(test_lists),
		in_a_folder(test_watch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
