/* One source, several readers: all get every byte, it is read once, no reader waits for long. */
#include "copy/share/flow.h"

#include "base/scoped.h"

#include <pthread.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	MIB = 1024 * 1024,
	LARGE = 5 * FLOW_RING_MAX + 12345,
	PATIENT_MS = 600000, /* nobody is dropped */
	READERS = 3,
	PIECE = 70000,
};

/* Bytes that depend on their offset. */
struct pattern {
	struct reader reader;
	int64_t offset, fails_at;
	unsigned ends;
	bool more; /* than was announced */
};

static char byte_at(int64_t offset)
{
	return (char)((offset * 2654435761u) >> 13);
}

static bool read_pattern(struct reader *reader, void *at, size_t size, size_t *got,
			 struct error *err)
{
	struct pattern *pattern = (struct pattern *)reader;
	if (pattern->offset >= pattern->fails_at)
		return error_set(err, ERROR_NETWORK, "broken");
	if ((int64_t)size > pattern->fails_at - pattern->offset)
		size = (size_t)(pattern->fails_at - pattern->offset);
	*got = size > 3 ? size - 3 : size;
	for (size_t i = 0; i < *got; i++)
		((char *)at)[i] = byte_at(pattern->offset + (int64_t)i);
	pattern->offset += (int64_t)*got;
	return true;
}

static bool end_pattern(struct reader *reader, struct error *err)
{
	struct pattern *pattern = (struct pattern *)reader;
	pattern->ends++;
	return !pattern->more || error_set(err, ERROR_CORRUPT, "more");
}

static struct flow *start(struct pattern *pattern, int64_t size)
{
	struct flow_source source = {.reader = &pattern->reader, .end = end_pattern, .size = size};
	pattern->reader.read = read_pattern;
	if (!pattern->fails_at)
		pattern->fails_at = size;
	struct flow *flow = flow_new(&source);
	assert_non_null(flow);
	return flow;
}

/* Reads up to the offset; false when a read failed. */
static bool read_to(struct flow *flow, struct flow_cursor *cursor, int64_t offset, size_t piece,
		    struct error *err)
{
	static _Thread_local char bytes[PIECE];
	while (cursor->offset < offset) {
		int64_t begun = cursor->offset;
		size_t got = 0;
		if ((int64_t)piece > offset - begun)
			piece = (size_t)(offset - begun);
		if (!flow_read(flow, cursor, bytes, piece, &got, err))
			return false;
		for (size_t i = 0; i < got; i++)
			if (bytes[i] != byte_at(begun + (int64_t)i))
				return error_set(err, ERROR_CORRUPT, "another byte");
		if (!got)
			return error_set(err, ERROR_CORRUPT, "an early end");
	}
	return true;
}

struct reading {
	struct flow *flow;
	struct flow_cursor cursor;
	size_t piece;
	bool ok;
	pthread_t thread;
};

static void *read_all(void *ctx)
{
	struct reading *reading = ctx;
	struct error err;
	reading->ok = flow_wait(reading->flow, &reading->cursor, &err) &&
		      read_to(reading->flow, &reading->cursor, LARGE, reading->piece, &err) &&
		      flow_end(reading->flow, &err);
	return NULL;
}

static void test_all_at_once(void **state)
{
	struct pattern pattern = {0};
	scoped(flow_free) struct flow *flow = start(&pattern, LARGE);
	struct reading readings[READERS] = {{.piece = PIECE}, {.piece = 1000}, {.piece = 16384}};
	(void)state;
	for (size_t i = 0; i < READERS; i++) {
		readings[i].flow = flow;
		readings[i].cursor.grace_ms = PATIENT_MS;
		assert_true(flow_join(flow, &readings[i].cursor));
	}
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readings[i].thread, NULL, read_all, &readings[i]),
				 0);
	for (size_t i = 0; i < READERS; i++) {
		pthread_join(readings[i].thread, NULL);
		assert_true(readings[i].ok);
		flow_leave(flow, &readings[i].cursor);
	}
	assert_int_equal(pattern.offset, LARGE);
	assert_int_equal(pattern.ends, 1);
}

/* A reader can join as long as the first byte is still there. */
static void test_late(void **state)
{
	struct pattern pattern = {0};
	scoped(flow_free) struct flow *flow = start(&pattern, LARGE);
	struct flow_cursor first = {.grace_ms = PATIENT_MS}, second = {.grace_ms = PATIENT_MS},
			   third = {0};
	struct error err;
	(void)state;
	assert_true(flow_join(flow, &first));
	assert_true(read_to(flow, &first, FLOW_RING_MAX / 2, PIECE, &err));
	assert_true(flow_open(flow));
	assert_true(flow_join(flow, &second));
	assert_true(read_to(flow, &second, FLOW_RING_MAX / 2, PIECE, &err));
	assert_true(read_to(flow, &first, FLOW_RING_MAX + 1, PIECE, &err));
	assert_false(flow_open(flow));
	assert_false(flow_join(flow, &third));
	assert_false(third.joined);
	/* The first reader goes on, wherever the other one is. */
	flow_leave(flow, &first);
	assert_true(read_to(flow, &second, LARGE, PIECE, &err));
}

static void test_a_small_one_stays(void **state)
{
	struct pattern pattern = {0};
	scoped(flow_free) struct flow *flow = start(&pattern, 1000);
	struct flow_cursor first = {.grace_ms = PATIENT_MS}, second = {.grace_ms = PATIENT_MS};
	struct error err;
	(void)state;
	assert_true(flow_join(flow, &first));
	assert_true(read_to(flow, &first, 1000, PIECE, &err));
	assert_true(flow_end(flow, &err));
	flow_leave(flow, &first);
	assert_true(flow_join(flow, &second));
	assert_true(read_to(flow, &second, 1000, 7, &err));
	assert_true(flow_end(flow, &err));
	assert_int_equal(pattern.ends, 1);
}

/* A reader that does not read is dropped and gets an error; the others get all bytes. */
static void test_too_slow(void **state)
{
	struct pattern pattern = {0};
	scoped(flow_free) struct flow *flow = start(&pattern, LARGE);
	struct flow_cursor quick = {.grace_ms = PATIENT_MS}, slow = {.grace_ms = 1};
	struct error err;
	char byte;
	size_t got = 0;
	(void)state;
	assert_true(flow_join(flow, &quick));
	assert_true(flow_join(flow, &slow));
	assert_true(read_to(flow, &slow, 100, PIECE, &err));
	assert_true(read_to(flow, &quick, LARGE, PIECE, &err));
	assert_true(slow.dropped);
	assert_false(quick.dropped);
	assert_false(flow_read(flow, &slow, &byte, 1, &got, &err));
	assert_int_equal(slow.offset, 100);
	assert_true(flow_leave(flow, &slow) > 0);
	assert_int_equal(flow_leave(flow, &quick), 0);
}

/* A reader that has left is not waited for, however long its grace. */
static void test_gone(void **state)
{
	struct pattern pattern = {0};
	scoped(flow_free) struct flow *flow = start(&pattern, LARGE);
	struct flow_cursor one = {.grace_ms = PATIENT_MS}, other = {.grace_ms = PATIENT_MS};
	struct error err;
	(void)state;
	assert_true(flow_join(flow, &one));
	assert_true(flow_join(flow, &other));
	flow_leave(flow, &other);
	assert_true(read_to(flow, &one, LARGE, PIECE, &err));
}

/* The bytes before a failure are good; then all readers get the error, and none may join. */
static void test_failure(void **state)
{
	struct pattern pattern = {.fails_at = 1000};
	scoped(flow_free) struct flow *flow = start(&pattern, LARGE);
	struct flow_cursor one = {.grace_ms = PATIENT_MS}, other = {.grace_ms = PATIENT_MS},
			   late = {0};
	struct error err;
	(void)state;
	assert_true(flow_join(flow, &one));
	assert_true(flow_join(flow, &other));
	assert_false(read_to(flow, &one, LARGE, PIECE, &err));
	assert_int_equal(one.offset, 1000);
	assert_int_equal(err.kind, ERROR_NETWORK);
	assert_true(read_to(flow, &other, 1000, PIECE, &err));
	assert_false(flow_wait(flow, &other, &err));
	assert_string_equal(err.text, "broken");
	assert_false(other.dropped);
	assert_false(flow_join(flow, &late));
}

static void test_more_than_announced(void **state)
{
	struct pattern pattern = {.more = true};
	scoped(flow_free) struct flow *flow = start(&pattern, 1000);
	struct flow_cursor one = {.grace_ms = PATIENT_MS}, other = {.grace_ms = PATIENT_MS};
	struct error err;
	(void)state;
	assert_true(flow_join(flow, &one));
	assert_true(flow_join(flow, &other));
	assert_true(read_to(flow, &one, 1000, PIECE, &err));
	assert_false(flow_end(flow, &err));
	assert_true(read_to(flow, &other, 1000, PIECE, &err));
	assert_false(flow_end(flow, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_int_equal(pattern.ends, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_a_small_one_stays),
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_more_than_announced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
