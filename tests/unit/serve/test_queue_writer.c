/* When hooks are answered: together, once they are on disk, and not when they cannot be written. */
#include "base/clock.h"
#include "test_queue_hooks.h"

#include <stdatomic.h>
#include <time.h>

enum { NOW = 1000000, THREADS = 32, HOOKS = 1000 };

#define A "quay.io/ns/a"
#define B "quay.io/ns/b"
#define C "quay.io/ns/c"
#define OTHER "ghcr.io/ns/a"

static void scoped_free(struct queue **queue)
{
	queue_free(queue);
}

/* A folder in the place of the record: it cannot be written. */
static void block(void)
{
	assert_true(unlink(record) == 0 || access(record, F_OK) != 0);
	assert_int_equal(mkdir(record, 0700), 0);
}

static void unblock(void)
{
	assert_int_equal(rmdir(record), 0);
}

static struct queue_figures figures_of(struct queue *queue)
{
	struct queue_figures figures;
	queue_figures(queue, &figures);
	return figures;
}

static void pause_ms(long milliseconds)
{
	nanosleep(&(struct timespec){0, milliseconds * 1000000}, NULL);
}

/* --- writes that fail ---------------------------------------------------------------------- */

static void test_failed_write(void **state)
{
	(void)state;
	{
		scoped(scoped_free) struct queue *queue = started();
		assert_true(name(queue, A, "1", "d"));
		assert_true(figures_of(queue).writable);
		block();
		assert_false(name(queue, B, "1", "d"));
		expect_queue(queue, A ":1&d pending 0\n");
		assert_false(figures_of(queue).writable);
		assert_true(figures_of(queue).failed_writes >= 1);
		/* What is on disk needs no write. */
		assert_true(name(queue, A, "1", "d"));
		/* Another host's does not go before the new one is there. */
		assert_false(name(queue, OTHER, "1", "d"));
		expect_queue(queue, A ":1&d pending 0\n");
		unblock();
		assert_true(name(queue, C, "1", "d"));
		assert_true(figures_of(queue).writable);
		assert_true(recorded(A ":1&d"));
		assert_true(recorded(C ":1&d"));
		assert_false(recorded(B ":1&d"));
	}
	scoped(scoped_free) struct queue *queue = opened_for(9);
	expect_queue(queue, A ":1&d pending 0\n" C ":1&d pending 0\n");
}

/* Without any hook it is tried again, and what was settled meanwhile leaves the record. */
static void test_retry(void **state)
{
	uint64_t id;
	(void)state;
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	assert_true(name(queue, B, "1", "d"));
	block();
	assert_int_equal(take(queue, NOW, 1, &id), 1);
	queue_settle(queue, id, QUEUE_DONE, NULL, NOW);
	while (figures_of(queue).writable)
		pause_ms(10);
	unblock();
	while (!figures_of(queue).writable)
		pause_ms(10);
	expect_content(record, "{\n\"" B ":1&d\":0\n}\n");
}

/* At the start, too. */
static void test_unwritable_from_the_start(void **state)
{
	(void)state;
	scoped(scoped_free) struct queue *queue = opened_for(9);
	struct error err;
	block();
	assert_true(queue_start(queue, &err));
	while (!figures_of(queue).failed_writes)
		pause_ms(10);
	assert_false(figures_of(queue).writable);
	assert_false(name(queue, A, "1", "d"));
	unblock();
}

/* Answers that hold up the writer, so that what comes meanwhile shares the next write. */
struct gate {
	struct answers *answers;
	atomic_bool reached, open;
};

static void wait_at_gate(void *ctx, bool written)
{
	struct gate *gate = ctx;
	atomic_store(&gate->reached, true);
	while (!atomic_load(&gate->open))
		pause_ms(1);
	count_answer(gate->answers, written);
}

/* Waits until the writer is held up. Whatever is named then is one write. */
static void hold_up(struct queue *queue, struct gate *gate)
{
	assert_int_equal(queue_add(queue, NULL, 0, wait_at_gate, gate), QUEUE_TAKEN);
	while (!atomic_load(&gate->reached))
		pause_ms(1);
}

static void test_one_write_for_all(void **state)
{
	char tag[16];
	(void)state;
	struct answers answers = NO_ANSWERS;
	struct gate gate = {.answers = &answers};
	scoped(scoped_free) struct queue *queue = started();
	assert_true(name(queue, A, "1", "d"));
	hold_up(queue, &gate);
	uint64_t before = figures_of(queue).writes;
	for (int i = 0; i < 100; i++) {
		snprintf(tag, sizeof(tag), "t%d", i);
		const struct queue_item item = {B, tag, "d"};
		assert_int_equal(queue_add(queue, &item, 1, count_answer, &answers), QUEUE_TAKEN);
	}
	/* Nothing runs before it is on disk. */
	uint64_t ids[9];
	assert_int_equal(take(queue, NOW, 9, ids), 1);
	atomic_store(&gate.open, true);
	await_answers(&answers, 101);
	assert_int_equal(answers.written, 101);
	assert_int_equal(figures_of(queue).writes, before + 1);
	assert_int_equal(take(queue, NOW, 9, ids), 9);
}

/* A hook in the middle of another's write, which then fails. */
struct late {
	struct queue *queue;
	struct answers answers;
	bool mend; /* when the first one is refused */
};

static void name_late(void *ctx, bool written)
{
	struct late *late = ctx;
	static const struct queue_item item = {B, "1", "d"};
	count_answer(&late->answers, written);
	assert_int_equal(queue_add(late->queue, &item, 1, count_answer, &late->answers),
			 QUEUE_TAKEN);
}

static void refused(void *ctx, bool written)
{
	struct late *late = ctx;
	assert_false(written);
	if (late->mend)
		unblock();
	count_answer(&late->answers, written);
}

/* The entry that a failed write was for stays if a later hook named it as well. */
static void test_named_again_meanwhile(void **state)
{
	static const struct queue_item first[] = {{B, "1", "d"}, {C, "1", "d"}};
	(void)state;
	for (int mend = 0; mend <= 1; mend++) {
		struct late late = {.answers = NO_ANSWERS, .mend = mend};
		struct gate gate = {.answers = &late.answers};
		scoped(scoped_free) struct queue *queue = started();
		late.queue = queue;
		assert_true(name(queue, A, "1", "d"));
		hold_up(queue, &gate);
		block();
		/* The first is answered before the write for the second. */
		assert_int_equal(queue_add(queue, NULL, 0, name_late, &late), QUEUE_TAKEN);
		assert_int_equal(queue_add(queue, first, 2, refused, &late), QUEUE_TAKEN);
		atomic_store(&gate.open, true);
		await_answers(&late.answers, 4);
		assert_int_equal(late.answers.refused, mend ? 1 : 2);
		expect_queue(queue, mend ? A ":1&d pending 0\n" B ":1&d pending 0\n"
					 : A ":1&d pending 0\n");
		if (mend)
			expect_content(record, "{\n\"" A ":1&d\":0,\n\"" B ":1&d\":0\n}\n");
		else
			unblock();
	}
}

/* --- the end ------------------------------------------------------------------------------- */

struct closing {
	struct queue *queue;
	struct answers answers;
};

static void too_late(void *ctx, bool written)
{
	struct closing *closing = ctx;
	static const struct queue_item item = {B, "1", "d"};
	assert_int_equal(queue_add(closing->queue, &item, 1, count_answer, &closing->answers),
			 QUEUE_CLOSED);
	count_answer(&closing->answers, written);
}

/* Hooks that are open at the end are answered, with or without the thread. */
static void test_end(void **state)
{
	static const struct queue_item item = {A, "1", "d"};
	struct error err;
	(void)state;
	for (int start = 0; start <= 1; start++) {
		struct closing closing = {opened_for(9), NO_ANSWERS};
		struct gate gate = {.answers = &closing.answers, .open = true};
		if (start) {
			assert_true(queue_start(closing.queue, &err));
			hold_up(closing.queue, &gate);
		}
		void *ctx = start ? (void *)&closing.answers : (void *)&closing;
		assert_int_equal(
			queue_add(closing.queue, &item, 1, start ? count_answer : too_late, ctx),
			QUEUE_TAKEN);
		struct queue *queue = closing.queue;
		queue_free(&queue);
		assert_null(queue);
		assert_int_equal(closing.answers.written, start + 1);
		assert_int_equal(closing.answers.refused, 0);
		assert_true(recorded(A ":1&d"));
	}
	struct queue *none = NULL;
	queue_free(&none);
}

static void test_end_without_disk(void **state)
{
	static const struct queue_item item = {A, "1", "d"};
	struct answers answers = NO_ANSWERS;
	(void)state;
	struct queue *queue = started();
	assert_true(name(queue, B, "1", "d"));
	block();
	assert_int_equal(queue_add(queue, &item, 1, count_answer, &answers), QUEUE_TAKEN);
	queue_free(&queue);
	assert_int_equal(answers.refused, 1);
	unblock();
}

/* Only opened: the record stays as it is. */
static void test_nothing_to_write(void **state)
{
	(void)state;
	put(record, "{ }");
	struct queue *queue = opened_for(9);
	queue_free(&queue);
	expect_content(record, "{ }");
}

/* --- many at once -------------------------------------------------------------------------- */

struct crowd {
	struct queue *queue;
	struct answers answers;
	atomic_uint next, lost, twice;
	atomic_uint answered[HOOKS];
	atomic_bool over;
	/* those that were confirmed; the taker's */
	bool confirmed[HOOKS];
	unsigned named_twice;
};

struct one_of_crowd {
	struct crowd *crowd;
	unsigned number;
};

static void print_key(unsigned number, char key[64])
{
	snprintf(key, 64, "quay.io/ns/image-%u:t&dst.io", number);
}

/* The answer comes once, and the key is in the file at that moment. */
static void look_at_record(void *ctx, bool written)
{
	struct one_of_crowd *one = ctx;
	char key[64];
	print_key(one->number, key);
	if (!written || !recorded(key))
		atomic_fetch_add(&one->crowd->lost, 1);
	if (atomic_fetch_add(&one->crowd->answered[one->number], 1))
		atomic_fetch_add(&one->crowd->twice, 1);
	count_answer(&one->crowd->answers, written);
}

static void *send_hooks(void *ctx)
{
	struct crowd *crowd = ctx;
	static struct one_of_crowd all[HOOKS];
	char source[64];
	for (unsigned number; (number = atomic_fetch_add(&crowd->next, 1)) < HOOKS;) {
		all[number] = (struct one_of_crowd){crowd, number};
		snprintf(source, sizeof(source), "quay.io/ns/image-%u", number);
		const struct queue_item item = {source, "t", "dst.io"};
		if (queue_add(crowd->queue, &item, 1, look_at_record, &all[number]) != QUEUE_TAKEN)
			atomic_fetch_add(&crowd->lost, 1);
	}
	return NULL;
}

static void settle_some(struct crowd *crowd, const struct queue_entry *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned number = 0;
		enum queue_verdict verdict = (enum queue_verdict)(list[i].id % 5);
		sscanf(list[i].item.source, "quay.io/ns/image-%u", &number);
		crowd->confirmed[number] |= verdict == QUEUE_DONE;
		queue_settle(crowd->queue, list[i].id, verdict, "why", NOW);
	}
}

static void *run_images(void *ctx)
{
	struct crowd *crowd = ctx;
	while (!atomic_load(&crowd->over)) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct queue_entry *list;
		size_t count;
		if (queue_take(crowd->queue, NOW, true, 50, arena, &list, &count))
			settle_some(crowd, list, count);
		if (!count)
			pause_ms(1);
	}
	return NULL;
}

static void test_a_crowd(void **state)
{
	static struct crowd crowd = {.answers = NO_ANSWERS};
	pthread_t senders[THREADS], runner;
	char key[64];
	(void)state;
	crowd.queue = started_for(2 * HOOKS);
	assert_int_equal(pthread_create(&runner, NULL, run_images, &crowd), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&senders[i], NULL, send_hooks, &crowd), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(senders[i], NULL);
	await_answers(&crowd.answers, HOOKS);
	atomic_store(&crowd.over, true);
	pthread_join(runner, NULL);
	queue_free(&crowd.queue);
	assert_int_equal(crowd.lost, 0);
	assert_int_equal(crowd.twice, 0);
	assert_int_equal(crowd.answers.written, HOOKS);
	for (unsigned i = 0; i < HOOKS; i++) {
		print_key(i, key);
		if (recorded(key) == crowd.confirmed[i])
			fail_msg("%s is %sin the record", key, recorded(key) ? "" : "not ");
	}
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(test_failed_write),
		in_a_folder(test_retry),
		in_a_folder(test_unwritable_from_the_start),
		in_a_folder(test_one_write_for_all),
		in_a_folder(test_named_again_meanwhile),
		in_a_folder(test_end),
		in_a_folder(test_end_without_disk),
		in_a_folder(test_nothing_to_write),
		in_a_folder(test_a_crowd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
