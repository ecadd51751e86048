/* A signal that is deferred: what is under way ends as if there had been none. */
#include "base/cancel.h"
#include "test_child.h"

#include "base/error.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

/* A server that was asked to stop: what is under way does not notice. */
static int deferred(void)
{
	struct cancel run, part;
	struct error err;
	if (!cancel_install())
		return 1;
	cancel_defer(60);
	cancel_open(&run, 3600);
	cancel_enter(&run);
	/* Nobody has asked yet. */
	cancel_hurry();
	if (cancel_closing() || cancel_signal() || cancel_requested())
		return 2;
	raise(SIGTERM);
	raise(SIGINT);
	struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
	if (!cancel_closing() || cancel_signal() != SIGTERM || cancel_requested() ||
	    cancel_reason() || cancel_urgent() || poll(&wait, 1, 0) != 0 || !cancel_sleep(1))
		return 3;
	/* Nor do those that begin later. */
	cancel_open_part(&part, 3600);
	cancel_enter(&part);
	if (!cancel_closing() || cancel_requested() || !cancel_sleep(1))
		return 4;
	cancel_enter(NULL);
	if (!cancel_closing() || cancel_requested())
		return 5;
	cancel_enter(&run);
	error_canceled(&err);
	return strcmp(err.text, "stopped by SIGTERM") == 0 ? 0 : 6;
}

/* Its grace begins when it takes effect, and so does the time in which an echo may come. */
static int deferred_and_hurried(void)
{
	struct cancel run;
	if (!cancel_install())
		return 1;
	cancel_defer(60);
	cancel_open(&run, 0);
	cancel_enter(&run);
	raise(SIGINT);
	poll(NULL, 0, CANCEL_ECHO_MS + 10);
	cancel_hurry();
	struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
	if (cancel_reason() != SIGINT || cancel_signal() != SIGINT || !cancel_closing() ||
	    cancel_urgent() || poll(&wait, 1, 0) != 1 || cancel_sleep(600000))
		return 2;
	raise(SIGTERM);
	cancel_hurry();
	return cancel_reason() == SIGINT ? 0 : 3;
}

static int deferred_and_impatient(void)
{
	if (!cancel_install())
		return 1;
	cancel_defer(60);
	raise(SIGTERM);
	raise(SIGTERM);
	if (!cancel_closing())
		return 2;
	poll(NULL, 0, CANCEL_ECHO_MS + 10);
	raise(SIGINT);
	return 3;
}

static int hurried_and_impatient(void)
{
	if (!cancel_install())
		return 1;
	cancel_defer(60);
	raise(SIGTERM);
	cancel_hurry();
	poll(NULL, 0, CANCEL_ECHO_MS + 10);
	raise(SIGINT);
	return 2;
}

/* Nobody hurries: it has as many seconds more as it was deferred. */
static int deferred_and_stuck(void)
{
	if (!cancel_install())
		return 1;
	cancel_defer(1);
	raise(SIGTERM);
	for (;;)
		pause();
}

/* What blocks after all has the usual time from then on. */
static int hurried_and_stuck(void)
{
	if (!cancel_install())
		return 1;
	cancel_defer(3600);
	raise(SIGTERM);
	cancel_hurry();
	for (;;)
		pause();
}

/* What ends by itself while the signal is deferred is nobody's cancelled run. */
static int deferred_and_late(void)
{
	struct cancel run;
	if (!cancel_install())
		return 1;
	cancel_defer(60);
	cancel_open(&run, 1);
	cancel_enter(&run);
	raise(SIGTERM);
	return !cancel_sleep(600000) && cancel_reason() == CANCEL_TIME && cancel_signal() == SIGTERM
		       ? 0
		       : 2;
}

static void test_deferred(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(deferred)), 0);
	assert_int_equal(end_of(in_child(deferred_and_late)), 0);
}

static void test_hurried(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(deferred_and_hurried)), 0);
}

static void test_second_signal_ends_at_once(void **state)
{
	(void)state;
	assert_int_equal(end_of(in_child(deferred_and_impatient)), 128 + SIGINT);
	assert_int_equal(end_of(in_child(hurried_and_impatient)), 128 + SIGINT);
}

static void test_what_blocks_has_an_end(void **state)
{
	(void)state;
	pid_t child = in_child(deferred_and_stuck), hurried = in_child(hurried_and_stuck);
	assert_int_equal(end_of(hurried), 128 + SIGTERM);
	assert_int_equal(end_of(child), 128 + SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deferred),
		cmocka_unit_test(test_hurried),
		cmocka_unit_test(test_second_signal_ends_at_once),
		cmocka_unit_test(test_what_blocks_has_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
