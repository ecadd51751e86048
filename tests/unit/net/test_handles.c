/* Who gets which handle, and when there is none. */
#include "net/handles.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

/* Takes all descriptors that are left, beside count that are taken; how many there are then. */
static size_t take_descriptors(int *taken, size_t count, size_t most)
{
	while (count < most && (taken[count] = dup(STDERR_FILENO)) >= 0)
		count++;
	assert_int_equal(errno, EMFILE);
	return count;
}

static void *close_later(void *ctx)
{
	const struct timespec pause = {.tv_nsec = 30000000};
	nanosleep(&pause, NULL);
	close(*(int *)ctx);
	return NULL;
}

/* An idle connection makes room for another; where none is idle, one in use will end. */
static void test_no_descriptor_is_left(void **state)
{
	enum { MOST = 64 };
	int taken[MOST];
	struct rlimit before, limit;
	pthread_t thread;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = MOST;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	struct handles *handles = handles_new();
	struct handles_line *line = handles_line(handles, "https://reg");
	struct handle_turn turn = begin_new(handles, line, false);
	handles_end(handles, &turn, make(line));
	size_t count = take_descriptors(taken, 0, MOST);
	struct error err = {0};
	int first = handles_socket(handles, AF_INET, SOCK_STREAM, 0, &err);
	assert_true(first >= 0);
	assert_null(handles_begin(handles, &turn));
	handles_end(handles, &turn, NULL);
	count = take_descriptors(taken, count, MOST);
	assert_int_equal(pthread_create(&thread, NULL, close_later, &taken[--count]), 0);
	int second = handles_socket(handles, AF_INET, SOCK_STREAM, 0, &err);
	pthread_join(thread, NULL);
	assert_true(second >= 0);
	assert_int_equal(err.kind, ERROR_NONE);
	count = take_descriptors(taken, count, MOST);
	assert_int_equal(handles_socket(handles, AF_INET, SOCK_STREAM, 0, &err), -1);
	assert_int_equal(err.kind, ERROR_NETWORK);
	assert_non_null(strstr(err.text, "ulimit -n"));
	close(first);
	close(second);
	while (count)
		close(taken[--count]);
	setrlimit(RLIMIT_NOFILE, &before);
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
		cmocka_unit_test(test_no_descriptor_is_left),
	};
	curl_global_init(CURL_GLOBAL_ALL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
