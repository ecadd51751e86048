/* Who gets which handle, and when there is none. */
#include "net/handles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <curl/curl.h>

static struct handle *make(struct handles_line *line)
{
	struct handle *handle = handle_new("reg.example.com", false, 0);
	assert_non_null(handle);
	handle->turn.line = line;
	return handle;
}

static struct handle_turn begin_new(struct handles *handles, struct handles_line *line, bool brief)
{
	struct handle_turn turn = {.line = line, .brief = brief};
	assert_null(handles_begin(handles, &turn));
	return turn;
}

static void test_last_returned_first_used(void **state)
{
	(void)state;
	struct handles *handles = handles_new();
	struct handles_line *line = handles_line(handles, "https://reg");
	struct handle_turn a = begin_new(handles, line, false), b = begin_new(handles, line, false);
	struct handle *first = make(line), *second = make(line);
	handles_end(handles, &a, first);
	handles_end(handles, &b, second);
	assert_ptr_equal(handles_begin(handles, &a), second);
	assert_ptr_equal(handles_begin(handles, &b), first);
	handles_end(handles, &a, second);
	handles_end(handles, &b, first);
	handles_free(&handles);
}

static void test_lines_do_not_mix(void **state)
{
	(void)state;
	struct handles *handles = handles_new();
	struct handles_line *line = handles_line(handles, "https://reg");
	struct handles_line *other = handles_line(handles, "https://reg insecure");
	assert_ptr_equal(handles_line(handles, "https://reg"), line);
	assert_ptr_not_equal(line, other);
	struct handle_turn turn = begin_new(handles, line, true);
	handles_end(handles, &turn, make(line));
	struct handle_turn there = begin_new(handles, other, true);
	handles_end(handles, &there, NULL);
	handles_free(&handles);
}

static void test_broken_ones_go(void **state)
{
	(void)state;
	struct handles *handles = handles_new();
	struct handles_line *line = handles_line(handles, "https://reg");
	struct handle_turn turn = begin_new(handles, line, true);
	struct handle *handle = make(line);
	handle->broken = true;
	handles_end(handles, &turn, handle);
	turn = begin_new(handles, line, true);
	handles_end(handles, &turn, NULL);
	handles_free(&handles);
}

/* Somebody is busy and never comes back: the wait for his handle has an end. */
static void test_waiting_ends(void **state)
{
	(void)state;
	struct handles *handles = handles_new();
	struct handles_line *line = handles_line(handles, "https://reg");
	struct handle_turn busy = begin_new(handles, line, true);
	struct handle_turn next = begin_new(handles, line, true);
	handles_end(handles, &next, NULL);
	handles_end(handles, &busy, NULL);
	handles_free(&handles);
}

static void test_few_are_kept(void **state)
{
	enum { MANY = 70, KEPT = 64 };
	(void)state;
	struct handles *handles = handles_new();
	struct handles_line *line = handles_line(handles, "https://reg");
	struct handle_turn turns[MANY];
	size_t kept = 0;
	for (size_t i = 0; i < MANY; i++)
		turns[i] = begin_new(handles, line, false);
	for (size_t i = 0; i < MANY; i++)
		handles_end(handles, &turns[i], make(line));
	struct handle *taken[MANY];
	while (kept < MANY && (taken[kept] = handles_begin(handles, &turns[kept])))
		kept++;
	assert_int_equal(kept, KEPT);
	for (size_t i = 0; i < kept; i++)
		handles_end(handles, &turns[i], taken[i]);
	handles_free(&handles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_returned_first_used),
		cmocka_unit_test(test_lines_do_not_mix),
		cmocka_unit_test(test_broken_ones_go),
		cmocka_unit_test(test_waiting_ends),
		cmocka_unit_test(test_few_are_kept),
	};
	curl_global_init(CURL_GLOBAL_ALL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
