/*
 * The handler only stores the signal and writes to an eventfd that is never drained, so every
 * waiter, now or later, sees it as readable. As process 1 of a container the kernel would ignore
 * signals without a handler; here is where they get one.
 *
 * timeout(1) and a terminal's Ctrl-C reach the program and then its group: two signals for one
 * request, so a signal that follows within a second is an echo. The time limit is our own alarm;
 * the first signal after it is the user's first.
 *
 * The flag cannot end a wait for a file system that hangs. For that the first request sets an
 * alarm: nine seconds later the process ends, whatever it is doing.
 */
#include "base/cancel.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int requested;
static _Atomic int64_t requested_at; /* clock_ms() of the first request */
static _Atomic int64_t signalled_at; /* clock_ms() of the signal in requested */
static atomic_int event = -1;

static void wake_all(void)
{
	const uint64_t one = 1;
	if (event < 0)
		return;
	if (write(event, &one, sizeof(one)) < 0)
		atomic_store(&requested_at, clock_ms() - CANCEL_GRACE_MS);
	alarm(CANCEL_END_S);
}

/* Another signal after the first one, whose number is first. */
static void asked_again(int first, int signal_number)
{
	int64_t now = clock_ms();
	if (signal_number == SIGALRM) {
		if (now - atomic_load(&requested_at) >= (CANCEL_END_S - 1) * 1000)
			_exit(cancel_status(first));
	} else if (first == SIGALRM) {
		atomic_store(&signalled_at, now);
		atomic_store(&requested, signal_number);
	} else if (now - atomic_load(&signalled_at) >= CANCEL_ECHO_MS) {
		_exit(cancel_status(signal_number));
	}
}

void cancel_now(int signal_number)
{
	int none = 0;
	int saved = errno;
	/* The times are set first: a thread that sees the flag must not read an old time. */
	if (!atomic_load(&requested)) {
		atomic_store(&requested_at, clock_ms());
		atomic_store(&signalled_at, clock_ms());
	}
	if (atomic_compare_exchange_strong(&requested, &none, signal_number))
		wake_all();
	else
		asked_again(none, signal_number);
	errno = saved;
}

bool cancel_install(void)
{
	struct sigaction action = {.sa_handler = cancel_now, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGALRM);
	sigemptyset(&ignore.sa_mask);
	if (event < 0)
		event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return event >= 0 && sigaction(SIGINT, &action, NULL) == 0 &&
	       sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0 &&
	       sigaction(SIGPIPE, &ignore, NULL) == 0;
}

void cancel_own(void)
{
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void cancel_after(unsigned seconds)
{
	/* An earlier request has already set the alarm for its own purpose. */
	if (!cancel_requested())
		alarm(seconds);
	if (cancel_requested())
		alarm(CANCEL_END_S);
}

bool cancel_requested(void)
{
	return atomic_load(&requested) != 0;
}

bool cancel_urgent(void)
{
	return cancel_requested() && clock_ms() - atomic_load(&requested_at) >= CANCEL_GRACE_MS;
}

bool cancel_final(void)
{
	return cancel_requested() &&
	       clock_ms() - atomic_load(&requested_at) >= CANCEL_GRACE_MS + CANCEL_LAST_MS;
}

int cancel_signal(void)
{
	return atomic_load(&requested);
}

const char *cancel_name(int signal_number)
{
	switch (signal_number) {
	case SIGALRM:
		return "the time limit";
	case SIGINT:
		return "SIGINT";
	case SIGTERM:
		return "SIGTERM";
	default:
		return "a signal";
	}
}

int cancel_status(int signal_number)
{
	return signal_number == SIGALRM ? EXIT_FAILURE : 128 + signal_number;
}

int cancel_fd(void)
{
	return event;
}

bool cancel_sleep(unsigned milliseconds)
{
	int64_t end = clock_ms() + milliseconds;
	while (!cancel_requested()) {
		int64_t left = end - clock_ms();
		if (left <= 0)
			return true;
		struct pollfd wait = {.fd = event, .events = POLLIN};
		poll(&wait, 1, left > 1000 ? 1000 : (int)left);
	}
	return false;
}

bool cancel_may_read(int fd)
{
	struct pollfd wait[] = {{.fd = fd, .events = POLLIN}, {.fd = event, .events = POLLIN}};
	while (poll(wait, 2, -1) < 0 || !(wait[0].revents || wait[1].revents))
		;
	return wait[0].revents;
}

bool cancel_may_write(int fd, int64_t patience_ms)
{
	int64_t begin = clock_ms();
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	if (fd < 0) /* the stream is in memory */
		return true;
	do {
		if (poll(&wait, 1, cancel_final() ? 0 : 100) > 0)
			return true;
	} while (!cancel_final() && (patience_ms < 0 || clock_ms() - begin < patience_ms));
	return false;
}
