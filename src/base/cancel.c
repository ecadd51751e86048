/*
 * The handler only stores the signal and writes to an eventfd that is never drained, so every
 * waiter, now or later, sees it as readable. As process 1 of a container the kernel would ignore
 * signals without a handler; here is where they get one.
 */
#include "base/cancel.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int requested;
static _Atomic int64_t requested_at;
static atomic_int event = -1;

void cancel_now(int signal_number)
{
	int none = 0;
	int saved = errno;
	/* The time first: whoever sees the flag must not take it for long past. */
	if (!atomic_load(&requested))
		atomic_store(&requested_at, clock_ms());
	if (atomic_compare_exchange_strong(&requested, &none, signal_number)) {
		const uint64_t one = 1;
		if (event >= 0 && write(event, &one, sizeof(one)) < 0)
			atomic_store(&requested_at, clock_ms() - CANCEL_GRACE_MS);
	} else if (none == SIGALRM) {
		atomic_store(&requested, signal_number);
	} else if (signal_number != SIGALRM) {
		_exit(128 + signal_number);
	}
	errno = saved;
}

bool cancel_install(void)
{
	struct sigaction action = {.sa_handler = cancel_now, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigemptyset(&action.sa_mask);
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
	alarm(seconds);
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
