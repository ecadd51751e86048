/* Pieces that several threads read: their reader gets each byte once, or all before a gap. */
#include "copy/pieces.h"

#include "base/scoped.h"
#include "copy/ladder.h"

#include "test_parts_store.h"

enum { MIB = 1024 * 1024, BEGIN = 12345, SIZE = 37 * MIB + 4321 };

static struct pieces *order(struct parts_store *parts, int64_t end)
{
	const struct pieces_order order = {.from = &parts->store,
					   .blob = &parts->blob,
					   .etag = "\"a\"",
					   .begin = BEGIN,
					   .end = end};
	struct pieces *pieces = pieces_new(&order);
	assert_non_null(pieces);
	return pieces;
}

/* Reads what comes, at most up to end; returns where it ended. */
static int64_t read_to(struct parts_store *parts, struct pieces *pieces, int64_t offset,
		       int64_t end, struct error *err)
{
	static char bytes[300001];
	size_t got = 1;
	*err = (struct error){0};
	while (got && offset < end) {
		size_t most = sizeof(bytes);
		if ((int64_t)most > end - offset)
			most = (size_t)(end - offset);
		if (!pieces_read(pieces, bytes, most, &got, err))
			break;
		parts_assert(parts, offset, bytes, got);
		offset += (int64_t)got;
	}
	return offset;
}

static void test_in_order(void **state)
{
	static const int64_t lengths[] = {1,       PIECES_SHORTEST, MIB,      MIB + 1,
					  3 * MIB, PIECES_RING,     INT64_MAX};
	(void)state;
	for (unsigned count = 1; count <= LADDER_MOST; count += 2)
		for (size_t i = 0; i < array_count(lengths); i++) {
			struct parts_store parts;
			struct pieces_view view;
			struct error err;
			parts_start(&parts, SIZE);
			struct pieces *pieces = order(&parts, SIZE);
			pieces_set(pieces, count, lengths[i]);
			assert_int_equal(read_to(&parts, pieces, BEGIN, INT64_MAX, &err), SIZE);
			assert_int_equal(err.kind, ERROR_NONE);
			pieces_look(pieces, &view);
			assert_false(view.failed);
			assert_int_equal(view.received, SIZE - BEGIN);
			pieces_free(&pieces);
			assert_true(parts.most <= (int)count);
			assert_true(parts.parts <= SIZE / PIECES_SHORTEST + 1);
			assert_int_equal(parts.rest, 0);
			parts_finish(&parts);
		}
}

/* More, fewer, and none: what was begun is finished, and its bytes are handed out. */
static void test_other_numbers(void **state)
{
	struct parts_store parts;
	struct error err;
	(void)state;
	parts_start(&parts, SIZE);
	struct pieces *pieces = order(&parts, SIZE);
	pieces_set(pieces, 2, 2 * MIB);
	int64_t at = read_to(&parts, pieces, BEGIN, 5 * MIB, &err);
	pieces_set(pieces, 100, MIB / 2);
	at = read_to(&parts, pieces, at, 15 * MIB, &err);
	pieces_set(pieces, 3, MIB);
	at = read_to(&parts, pieces, at, 20 * MIB, &err);
	pieces_set(pieces, 0, MIB);
	assert_int_equal(at, 20 * MIB);
	at = read_to(&parts, pieces, at, INT64_MAX, &err);
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
	assert_true(at < SIZE);
	assert_true(parts.most <= LADDER_MOST);
	pieces_free(&pieces);
	parts_finish(&parts);
}

/* A reader that takes nothing: the threads read no further than the ring reaches. */
static void test_bounded(void **state)
{
	struct parts_store parts;
	struct pieces_view view = {0};
	struct error err;
	(void)state;
	parts_start(&parts, SIZE);
	struct pieces *pieces = order(&parts, SIZE);
	pieces_set(pieces, LADDER_MOST, MIB);
	while (view.received < PIECES_RING)
		pieces_look(pieces, &view);
	int64_t at = read_to(&parts, pieces, BEGIN, BEGIN + MIB - 1, &err);
	pieces_look(pieces, &view);
	assert_int_equal(view.received, PIECES_RING);
	assert_int_equal(read_to(&parts, pieces, at, INT64_MAX, &err), SIZE);
	pieces_free(&pieces);
	parts_finish(&parts);
}

static void test_faults(void **state)
{
	static const struct {
		enum parts_fault fault;
		enum error_kind kind;
	} rows[] = {
		{PARTS_WHOLE, ERROR_UNSUPPORTED},  {PARTS_OTHER, ERROR_UNSUPPORTED},
		{PARTS_NO_USE, ERROR_UNSUPPORTED}, {PARTS_DENIED, ERROR_DENIED},
		{PARTS_BROKEN, ERROR_NETWORK},
	};
	static const unsigned afters[] = {0, 1, 7, 20};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		for (size_t j = 0; j < array_count(afters); j++) {
			struct parts_store parts;
			struct error err;
			parts_start(&parts, SIZE);
			parts.fault = rows[i].fault;
			parts.after = afters[j];
			struct pieces *pieces = order(&parts, SIZE);
			pieces_set(pieces, 4, MIB);
			int64_t at = read_to(&parts, pieces, BEGIN, INT64_MAX, &err);
			assert_int_equal(err.kind, rows[i].kind);
			assert_true(at < SIZE && at <= BEGIN + (int64_t)(afters[j] + 1) * MIB);
			pieces_free(&pieces);
			assert_true(parts.parts <= afters[j] + 4 * 3);
			parts_finish(&parts);
		}
}

/* What broke off goes on where it stopped. */
static void test_a_piece_is_resumed(void **state)
{
	struct parts_store parts;
	struct error err;
	(void)state;
	parts_start(&parts, SIZE);
	parts.fault = PARTS_ONCE;
	parts.after = 5;
	struct pieces *pieces = order(&parts, SIZE);
	pieces_set(pieces, 4, MIB);
	assert_int_equal(read_to(&parts, pieces, BEGIN, INT64_MAX, &err), SIZE);
	pieces_free(&pieces);
	assert_int_equal(parts.parts, (SIZE - BEGIN + MIB - 1) / MIB + 1);
	parts_finish(&parts);
}

static void test_more_than_was_asked_for(void **state)
{
	struct parts_store parts;
	struct pieces_view view;
	struct error err;
	(void)state;
	parts_start(&parts, SIZE);
	parts.fault = PARTS_LONGER;
	struct pieces *pieces = order(&parts, SIZE);
	pieces_set(pieces, 1, MIB);
	int64_t at = read_to(&parts, pieces, BEGIN, INT64_MAX, &err);
	assert_int_equal(at, BEGIN + MIB);
	assert_int_equal(err.kind, ERROR_CORRUPT);
	pieces_look(pieces, &view);
	assert_true(view.failed);
	pieces_free(&pieces);
	parts_finish(&parts);
}

static void *release_later(void *ctx)
{
	const struct timespec pause = {.tv_nsec = 30000000};
	nanosleep(&pause, NULL);
	parts_release(ctx);
	return NULL;
}

/* Before a byte came, and while its reader waits for one. */
static void test_closed_early(void **state)
{
	(void)state;
	for (int started = 0; started < 2; started++) {
		struct parts_store parts;
		pthread_t thread;
		parts_start(&parts, SIZE);
		parts.fault = PARTS_WAITS;
		struct pieces *pieces = order(&parts, SIZE);
		assert_int_equal(pthread_create(&thread, NULL, release_later, &parts), 0);
		if (started)
			pieces_set(pieces, LADDER_MOST, MIB);
		pieces_free(&pieces);
		assert_null(pieces);
		pieces_free(&pieces);
		pthread_join(thread, NULL);
		parts_finish(&parts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_other_numbers),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_a_piece_is_resumed),
		cmocka_unit_test(test_more_than_was_asked_for),
		cmocka_unit_test(test_closed_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
