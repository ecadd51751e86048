/* The request to stop: the flag, what it wakes, and the two grace periods. */
#include "base/cancel.h"
#include "base/clock.h"
#include "base/retry.h"
#include "test_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static int quiet(void)
{
	if (cancel_fd() != -1 || !cancel_install() || cancel_fd() < 0)
		return 1;
	struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
	bool silent = poll(&wait, 1, 0) == 0 && !cancel_requested() && !cancel_urgent() &&
		      !cancel_final() && cancel_reason() == 0;
	return silent && cancel_sleep(1) ? 0 : 2;
}

static int signalled(void)
{
	struct error err = {.kind = ERROR_NETWORK};
	if (!cancel_install() || raise(SIGTERM) != 0)
		return 1;
	struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
	if (poll(&wait, 1, 0) != 1 || !cancel_requested() || cancel_reason() != SIGTERM)
		return 2;
	/* A wait ends at once, and nothing is tried again. */
	if (cancel_sleep(600000))
		return 3;
	if (retry_wait(&retry_default, 0, &err) || !err.stopped)
		return 4;
	error_canceled(&err);
	return err.kind == ERROR_CANCELED && strcmp(err.text, "stopped by SIGTERM") == 0 ? 0 : 5;
}

/* What timeout(1) does: the program, then its group. */
static int echoed(void)
{
	if (!cancel_install())
		return 1;
	raise(SIGTERM);
	raise(SIGTERM);
	poll(NULL, 0, CANCEL_ECHO_MS / 2);
	raise(SIGINT);
	return cancel_reason() == SIGTERM ? 0 : 2;
}

static int impatient(void)
{
	if (!cancel_install())
		return 1;
	raise(SIGTERM);
	poll(NULL, 0, CANCEL_ECHO_MS + 10);
	raise(SIGINT);
	return 2;
}

/* The end of the time is nobody's first signal, and a signal after it has its own echo. */
static int late_and_echoed(void)
{
	struct cancel run;
	if (!cancel_install())
		return 1;
	cancel_open(&run, 1);
	cancel_enter(&run);
	poll(NULL, 0, 1000 + CANCEL_ECHO_MS + 10);
	if (cancel_reason() != CANCEL_TIME)
		return 2;
	raise(SIGTERM);
	raise(SIGTERM);
	return cancel_reason() == SIGTERM ? 0 : 3;
}

/* What follows a run may still wait after the signal, but not up to the end of the process. */
static int after_a_signal(void)
{
	struct cancel run, after;
	if (!cancel_install())
		return 1;
	cancel_open(&run, 0);
	cancel_enter(&run);
	raise(SIGTERM);
	cancel_open_after(&after, 3600);
	if (!cancel_requested() || after.deadline > clock_ms() + CANCEL_END_S * 1000 - 900)
		return 2;
	cancel_enter(&after);
	struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
	if (cancel_requested() || cancel_urgent() || cancel_reason() || poll(&wait, 1, 0) != 0)
		return 3;
	return cancel_sleep(1) ? 0 : 4;
}

/* It has an end without grace. */
static int after_its_time(void)
{
	struct cancel after;
	if (!cancel_install())
		return 1;
	cancel_open_after(&after, 1);
	cancel_enter(&after);
	if (cancel_requested() || cancel_sleep(600000))
		return 2;
	return cancel_requested() && cancel_urgent() && cancel_final() ? 0 : 3;
}

/* A signal that comes later concerns it like any run. */
static int after_and_interrupted(void)
{
	struct cancel after;
	if (!cancel_install())
		return 1;
	cancel_open_after(&after, 3600);
	cancel_enter(&after);
	raise(SIGTERM);
	return cancel_reason() == SIGTERM && !cancel_urgent() && !cancel_sleep(600000) ? 0 : 2;
}

/* So does the end of a run's time, if it is near. */
static int after_a_late_run(void)
{
	struct cancel run, after;
	if (!cancel_install())
		return 1;
	cancel_open(&run, 1);
	cancel_enter(&run);
	cancel_open_after(&after, 3600);
	return after.deadline == run.deadline + (CANCEL_END_S - 1) * 1000 ? 0 : 2;
}

/* Whatever blocks: the process ends, and its status tells why. */
static int stuck(void)
{
	if (!cancel_install())
		return 1;
	raise(SIGTERM);
	for (;;)
		pause();
}

static int stuck_and_late(void)
{
	struct cancel run;
	if (!cancel_install())
		return 2;
	cancel_open(&run, 1);
	for (;;)
		pause();
}

/* A run that has ended is not what the process ends for. */
static int late_but_over(void)
{
	struct cancel run;
	if (!cancel_install())
		return 1;
	cancel_open(&run, 1);
	cancel_enter(&run);
	cancel_sleep(60000);
	cancel_enter(NULL);
	cancel_close(&run);
	poll(NULL, 0, (CANCEL_END_S + 1) * 1000);
	return 0;
}

/* Nobody writes, nobody reads: both waits end by the flag alone. */
static int at_pipes(void)
{
	static const char block[4096];
	int ends[2], empty[2];
	if (!cancel_install() || pipe(ends) != 0 || pipe(empty) != 0)
		return 1;
	if (!cancel_may_write(ends[1], -1) || write(ends[1], block, 1) != 1)
		return 2;
	if (!cancel_may_read(ends[0]))
		return 3;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], block, sizeof(block)) > 0)
		;
	if (cancel_may_write(ends[1], 1))
		return 4;
	cancel_now(SIGTERM);
	bool kept = cancel_may_read(ends[0]) && !cancel_may_read(empty[0]) && !cancel_final();
	return kept && !cancel_may_write(ends[1], -1) && cancel_final() ? 0 : 5;
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
	struct cancel run;
	if (!cancel_install())
		return 1;
	cancel_open(&run, 1);
	cancel_enter(&run);
	if (cancel_requested() || cancel_sleep(60000) || cancel_reason() != CANCEL_TIME)
		return 2;
	error_set(&err, ERROR_LIMITED, "HTTP 429");
	if (retry_wait(&retry_default, 0, &err) || err.kind != ERROR_LIMITED ||
	    !error_is_stop(&err) ||
	    strcmp(err.text, "HTTP 429; stopped by the time limit before the next try") != 0)
		return 3;
	if (cancel_status(CANCEL_TIME) != 1)
		return 4;
	raise(SIGTERM);
	return cancel_reason() == SIGTERM ? 0 : 5;
}

/* Once a signal has asked, the end of the time changes nothing; the signal of our timer is ours. */
static int late_after_a_signal(void)
{
	struct cancel run;
	if (!cancel_install())
		return 1;
	raise(SIGALRM);
	if (cancel_requested())
		return 2;
	cancel_open(&run, 1);
	cancel_enter(&run);
	raise(SIGINT);
	poll(NULL, 0, 1100);
	return cancel_reason() == SIGINT ? 0 : 3;
}

static bool readable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	return poll(&wait, 1, 0) == 1;
}

/* What is asked of one run concerns neither another one nor the process nor the next run. */
static int apart(void)
{
	struct cancel one, other;
	struct error err;
	if (!cancel_install())
		return 1;
	cancel_open(&one, 0);
	cancel_open(&other, 3600);
	cancel_enter(&one);
	cancel_run(&one);
	if (!cancel_requested() || !readable(cancel_fd()) || cancel_reason() != CANCEL_WISH)
		return 2;
	if (cancel_sleep(60000) || cancel_urgent() || error_canceled(&err) ||
	    strcmp(err.text, "stopped by request") != 0)
		return 3;
	if (cancel_enter(&other) != &one || cancel_requested() || readable(cancel_fd()) ||
	    !cancel_sleep(1))
		return 4;
	if (cancel_enter(NULL) != &other || cancel_requested() || readable(cancel_fd()))
		return 5;
	cancel_close(&one);
	cancel_open(&one, 0);
	cancel_enter(&one);
	if (cancel_requested() || readable(cancel_fd()))
		return 6;
	/* A signal concerns all, those that begin later as well. */
	raise(SIGTERM);
	cancel_close(&other);
	cancel_open(&other, 0);
	bool first = cancel_reason() == SIGTERM && readable(cancel_fd());
	cancel_enter(&other);
	return first && cancel_reason() == SIGTERM && readable(cancel_fd()) ? 0 : 7;
}

/* A part of a run ends before it, or with it, and means nothing to the run. */
static int parts(void)
{
	struct cancel run, part;
	struct error err;
	if (!cancel_install())
		return 1;
	cancel_open(&run, 0);
	cancel_enter(&run);
	cancel_open_part(&part, 1);
	cancel_enter(&part);
	if (cancel_requested() || readable(cancel_fd()))
		return 2;
	if (cancel_sleep(60000) || cancel_reason() != CANCEL_PART || cancel_urgent())
		return 3;
	error_canceled(&err);
	if (strcmp(err.text, "stopped by the time limit of one image") != 0)
		return 4;
	cancel_enter(&run);
	cancel_close(&part);
	if (cancel_requested() || readable(cancel_fd()))
		return 5;
	cancel_open_part(&part, 3600);
	cancel_enter(&part);
	cancel_run(&run);
	return cancel_reason() == CANCEL_WISH && !cancel_sleep(60000) && readable(cancel_fd()) ? 0
											       : 6;
}

/* Helpers of an image outlive it, end with the run, and can be dropped at once. */
static int helpers(void)
{
	struct cancel run, part, help;
	if (!cancel_install())
		return 1;
	cancel_open(&run, 0);
	cancel_enter(&run);
	cancel_open_part(&part, 0);
	cancel_enter(&part);
	if (!cancel_requested())
		return 2;
	cancel_open_help(&help);
	cancel_enter(&help);
	if (cancel_requested() || help.whole != &run)
		return 3;
	cancel_drop(&help);
	if (!cancel_requested() || !cancel_final() || cancel_sleep(60000))
		return 4;
	cancel_enter(&run);
	if (cancel_requested())
		return 5;
	cancel_close(&help);
	cancel_open_help(&help);
	cancel_run(&run);
	cancel_enter(&help);
	if (!cancel_requested() || cancel_urgent() || !readable(cancel_fd()))
		return 6;
	cancel_enter(NULL);
	cancel_open_help(&help);
	return help.whole || cancel_requested() ? 7 : 0;
}

/* Without descriptors the end of the time comes as well. */
static int without_descriptors(void)
{
	const struct rlimit none = {1, 1}; /* standard input */
	struct cancel run;
	if (!cancel_install() || setrlimit(RLIMIT_NOFILE, &none) != 0)
		return 1;
	cancel_open(&run, 1);
	cancel_enter(&run);
	if (cancel_requested() || cancel_sleep(60000) || cancel_reason() != CANCEL_TIME)
		return 2;
	cancel_close(&run);
	return 0;
}

static void test_runs_apart(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(apart)), 0);
	assert_int_equal(end_of(in_child(parts)), 0);
	assert_int_equal(end_of(in_child(helpers)), 0);
	assert_int_equal(end_of(in_child(without_descriptors)), 0);
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

static void test_an_echo_is_no_second_signal(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(echoed)), 0);
	assert_int_equal(end_of(in_child(late_and_echoed)), 0);
}

static void test_what_follows_a_run(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(after_a_signal)), 0);
	assert_int_equal(end_of(in_child(after_its_time)), 0);
	assert_int_equal(end_of(in_child(after_and_interrupted)), 0);
	assert_int_equal(end_of(in_child(after_a_late_run)), 0);
}

static void test_what_blocks_has_an_end(void **state)
{
	(void)state;
	pid_t child = in_child(stuck), late_one = in_child(stuck_and_late);
	pid_t over = in_child(late_but_over);
	assert_int_equal(end_of(in_child(at_pipes)), 0);
	assert_int_equal(end_of(child), 128 + SIGTERM);
	assert_int_equal(end_of(late_one), 1);
	assert_int_equal(end_of(over), 0);
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
		cmocka_unit_test(test_an_echo_is_no_second_signal),
		cmocka_unit_test(test_what_follows_a_run),
		cmocka_unit_test(test_what_blocks_has_an_end),
		cmocka_unit_test(test_grace_periods),
		cmocka_unit_test(test_the_end_of_the_time),
		cmocka_unit_test(test_runs_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
