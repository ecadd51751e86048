/* The request to stop: the flag, what it wakes, and the two grace periods. */
#include "base/cancel.h"
#include "base/clock.h"
#include "base/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int end_of(pid_t child)
{
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Of a program whose lines are counted. */
void __gcov_dump(void) __attribute__((weak));

/* Each test has a process of its own, since there is one flag in each. */
static pid_t in_child(int (*body)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (!child) {
		int status = body();
		if (__gcov_dump)
			__gcov_dump();
		_exit(status);
	}
	return child;
}

static int quiet(void)
{
	if (cancel_fd() != -1 || !cancel_install() || cancel_fd() < 0)
		return 1;
	struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
	bool silent = poll(&wait, 1, 0) == 0 && !cancel_requested() && !cancel_urgent() &&
		      !cancel_final() && cancel_signal() == 0;
	return silent && cancel_sleep(1) ? 0 : 2;
}

static int signalled(void)
{
	struct error err = {.kind = ERROR_NETWORK};
	if (!cancel_install() || raise(SIGTERM) != 0)
		return 1;
	struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
	if (poll(&wait, 1, 0) != 1 || !cancel_requested() || cancel_signal() != SIGTERM)
		return 2;
	/* A wait ends at once, and nothing is tried again. */
	if (cancel_sleep(600000))
		return 3;
	if (retry_wait(&retry_default, 0, &err) || err.kind != ERROR_CANCELED)
		return 4;
	return 0;
}

static int impatient(void)
{
	if (!cancel_install())
		return 1;
	raise(SIGINT);
	raise(SIGINT);
	return 2;
}

static int patient(void)
{
	if (!cancel_install())
		return 1;
	int64_t start = clock_ms();
	cancel_now(SIGINT);
	while (!cancel_final())
		poll(NULL, 0, 50);
	return cancel_urgent() && clock_ms() - start >= CANCEL_GRACE_MS + CANCEL_LAST_MS ? 0 : 2;
}

/* The time is over: that asks like a signal, but a signal behind it is no second one. */
static int late(void)
{
	struct error err = {.kind = ERROR_NETWORK};
	if (!cancel_install())
		return 1;
	cancel_after(1);
	if (cancel_sleep(60000) || !cancel_requested() || cancel_signal() != SIGALRM)
		return 2;
	if (retry_wait(&retry_default, 0, &err) || err.kind != ERROR_CANCELED)
		return 3;
	raise(SIGTERM);
	return cancel_signal() == SIGTERM ? 0 : 4;
}

/* Once a signal has asked, the end of the time changes nothing. */
static int late_after_a_signal(void)
{
	if (!cancel_install())
		return 1;
	raise(SIGINT);
	raise(SIGALRM);
	return cancel_signal() == SIGINT ? 0 : 2;
}

static void test_the_end_of_the_time(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(late)), 0);
	assert_int_equal(end_of(in_child(late_after_a_signal)), 0);
}

static void test_quiet(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(quiet)), 0);
}

static void test_signalled(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(signalled)), 0);
}

static void test_second_signal_ends_at_once(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(impatient)), 128 + SIGINT);
}

static void test_grace_periods(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(patient)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_signalled),
		cmocka_unit_test(test_second_signal_ends_at_once),
		cmocka_unit_test(test_grace_periods),
		cmocka_unit_test(test_the_end_of_the_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
