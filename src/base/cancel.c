/*
 * The handler only stores the signal and writes to an eventfd that is never drained, so every
 * waiter, now or later, sees it as readable. As process 1 of a container the kernel would ignore
 * signals without a handler; here is where they get one.
 *
 * A run has a clock of its own, a timerfd: it expires at the deadline, or at once when the run is
 * asked to stop, and nobody reads it either. One descriptor for both, the clock and the event of
 * the process, is an epoll. Whether the deadline has passed is judged by the time alone, so a
 * system that is short of descriptors only wakes waiters later.
 *
 * timeout(1) and a terminal's Ctrl-C reach the program and then its group: two signals for one
 * wish. So what follows within a second is an echo. The end of the time comes from us; the first
 * signal after it is the first one of the user.
 *
 * A file system that hangs cannot be waited for in a way the request ends. A timer of the kernel's
 * is for that: nine seconds after the request its signal ends the process. It is no thread, since
 * files are read before the process is confined, and what confines it holds for the one thread that
 * asks for it and those that come later. A wish for one run has no such end: other runs would pay.
 *
 * A server lets end what is under way: there a signal is only noted at first, and nobody is woken.
 *
 * What follows a run, such as messages about it, has to be done within these nine seconds. It works
 * for a request of its own, which begins without the signal that ended the run; a second signal
 * ends the process anyway.
 */
#include "base/cancel.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* The signals of the process. */
static atomic_int requested;
static _Atomic int64_t requested_at;
static atomic_int event = -1;
static timer_t end;
static atomic_bool ends;      /* end was made */
static atomic_int deferred_s; /* 0: a signal takes effect at once */
static atomic_int noted;      /* a signal that was deferred, at this time */
static _Atomic int64_t noted_at;

static _Thread_local struct cancel *current;

/* --- the process --------------------------------------------------------------------------- */

static void end_in(int seconds)
{
	const struct itimerspec last = {.it_value = {.tv_sec = seconds}};
	if (atomic_load(&ends))
		timer_settime(end, 0, &last, NULL);
}

static void wake_all(void)
{
	const uint64_t one = 1;
	/* Whoever is not woken looks once a second. */
	if (event >= 0 && write(event, &one, sizeof(one)) < 0)
		errno = 0;
	end_in(CANCEL_END_S);
}

/* Notes a signal. False: it is not deferred, or is a second one. */
static bool defer(int signal_number, int64_t now)
{
	int none = 0, seconds = atomic_load(&deferred_s);
	if (!seconds || atomic_load(&requested))
		return false;
	if (!atomic_load(&noted))
		atomic_store(&noted_at, now);
	if (atomic_compare_exchange_strong(&noted, &none, signal_number))
		end_in(CANCEL_END_S + seconds);
	else if (now - atomic_load(&noted_at) >= CANCEL_ECHO_MS)
		_exit(128 + signal_number);
	return true;
}

void cancel_now(int signal_number)
{
	int none = 0;
	int saved = errno;
	int64_t now = clock_ms();
	if (defer(signal_number, now)) {
		errno = saved;
		return;
	}
	/* The time first: whoever sees the signal must not take it for long past. */
	if (!atomic_load(&requested))
		atomic_store(&requested_at, now);
	if (atomic_compare_exchange_strong(&requested, &none, signal_number))
		wake_all();
	else if (now - atomic_load(&requested_at) >= CANCEL_ECHO_MS)
		_exit(cancel_status(signal_number));
	errno = saved;
}

/* The end came, of a request or of a run whose deadline has long passed. */
static void end_process(int signal_number, siginfo_t *info, void *context)
{
	int reason = cancel_signal();
	(void)signal_number;
	(void)context;
	if (info->si_code == SI_TIMER)
		_exit(cancel_status(reason ? reason : CANCEL_TIME));
}

static bool make_end(timer_t *out)
{
	struct sigevent what = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	return timer_create(CLOCK_MONOTONIC, &what, out) == 0;
}

/* What one process cannot have from another one. Without a timer all else works as well. */
static bool make_event(void)
{
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_store(&ends, make_end(&end));
	return event >= 0;
}

bool cancel_install(void)
{
	struct sigaction action = {.sa_handler = cancel_now, .sa_flags = SA_RESTART};
	struct sigaction last = {.sa_sigaction = end_process, .sa_flags = SA_RESTART | SA_SIGINFO};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigemptyset(&last.sa_mask);
	sigemptyset(&ignore.sa_mask);
	return sigaction(SIGALRM, &last, NULL) == 0 && (event >= 0 || make_event()) &&
	       sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0 &&
	       sigaction(SIGPIPE, &ignore, NULL) == 0;
}

void cancel_defer(unsigned seconds)
{
	atomic_store(&deferred_s, (int)seconds);
}

void cancel_hurry(void)
{
	int none = 0, signal_number = atomic_load(&noted);
	if (!signal_number)
		return;
	atomic_store(&requested_at, clock_ms());
	if (atomic_compare_exchange_strong(&requested, &none, signal_number))
		wake_all();
}

void cancel_own(void)
{
	current = NULL;
	make_event();
}

/* --- a run --------------------------------------------------------------------------------- */

static struct itimerspec at_ms(int64_t milliseconds)
{
	return (struct itimerspec){.it_value = {.tv_sec = (time_t)(milliseconds / 1000),
						.tv_nsec = (long)(milliseconds % 1000) * 1000000}};
}

/* One descriptor for the clock and, if process, the event of the process; -1: none can be had. */
static int join(int clock, bool process)
{
	struct epoll_event readable = {.events = EPOLLIN};
	int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return -1;
	if (epoll_ctl(fd, EPOLL_CTL_ADD, clock, &readable) == 0 &&
	    (!process || event < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, event, &readable) == 0))
		return fd;
	close(fd);
	return -1;
}

static void open_clock(struct cancel *cancel)
{
	cancel->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	cancel->fd = cancel->clock >= 0 ? join(cancel->clock, !cancel->excused) : -1;
	cancel->open = true;
}

static void set_deadline(struct cancel *cancel, int64_t deadline)
{
	const struct itimerspec late = at_ms(deadline);
	cancel->deadline = deadline;
	if (cancel->clock >= 0)
		timerfd_settime(cancel->clock, TFD_TIMER_ABSTIME, &late, NULL);
}

void cancel_open(struct cancel *cancel, unsigned seconds)
{
	*cancel = (struct cancel){.open = false};
	open_clock(cancel);
	if (!seconds)
		return;
	set_deadline(cancel, clock_ms() + (int64_t)seconds * 1000);
	struct itimerspec last = at_ms(cancel->deadline + CANCEL_END_S * 1000);
	cancel->ends = event >= 0 && make_end(&cancel->end);
	if (cancel->ends)
		timer_settime(cancel->end, TIMER_ABSTIME, &last, NULL);
}

/* When the process is ended, as far as is known; 0: it is not. */
static int64_t end_of_process(const struct cancel *run)
{
	int64_t asked = atomic_load(&requested) ? atomic_load(&requested_at) : 0;
	if (run && run->deadline && (!asked || run->deadline < asked))
		asked = run->deadline;
	return asked ? asked + CANCEL_END_S * 1000 : 0;
}

void cancel_open_after(struct cancel *cancel, unsigned seconds)
{
	int64_t deadline = clock_ms() + (int64_t)seconds * 1000;
	int64_t last = end_of_process(current) - CANCEL_LAST_MS;
	*cancel = (struct cancel){.after = true, .excused = atomic_load(&requested) != 0};
	open_clock(cancel);
	set_deadline(cancel, last > 0 && last < deadline ? last : deadline);
}

/* No clock of its own: a run may have a hundred parts at a time, and few descriptors. */
void cancel_open_part(struct cancel *part, unsigned seconds)
{
	*part = (struct cancel){.whole = current,
				.fd = current ? current->fd : -1,
				.clock = -1,
				.open = true,
				.deadline = clock_ms() + (int64_t)seconds * 1000};
}

void cancel_open_help(struct cancel *part)
{
	struct cancel *run = current;
	while (run && run->whole)
		run = run->whole;
	*part = (struct cancel){.whole = run, .fd = run ? run->fd : -1, .clock = -1, .open = true};
}

void cancel_close(struct cancel *cancel)
{
	if (!cancel->open)
		return;
	if (current == cancel)
		current = NULL;
	if (cancel->ends)
		timer_delete(cancel->end);
	if (!cancel->whole && cancel->fd >= 0)
		close(cancel->fd);
	if (cancel->clock >= 0)
		close(cancel->clock);
	*cancel = (struct cancel){.open = false};
}

void cancel_run(struct cancel *cancel)
{
	const struct itimerspec now = at_ms(1); /* long past; 0 would stop the clock */
	if (atomic_load(&cancel->wished))
		return;
	atomic_store(&cancel->wished_at, clock_ms());
	atomic_store(&cancel->wished, true);
	if (cancel->clock >= 0)
		timerfd_settime(cancel->clock, TFD_TIMER_ABSTIME, &now, NULL);
}

void cancel_drop(struct cancel *part)
{
	atomic_store(&part->wished_at, clock_ms() - CANCEL_GRACE_MS - CANCEL_LAST_MS);
	atomic_store(&part->wished, true);
}

struct cancel *cancel_enter(struct cancel *cancel)
{
	struct cancel *before = current;
	current = cancel;
	return before;
}

struct cancel *cancel_current(void)
{
	return current;
}

/* --- what a thread asks -------------------------------------------------------------------- */

/* The signal that concerns this thread; 0: none does. */
static int signal_for(const struct cancel *cancel)
{
	return cancel && cancel->excused ? 0 : atomic_load(&requested);
}

/* Why this one is to stop, whatever it is a part of. */
static int own_reason(const struct cancel *cancel)
{
	/* Which of the two came first; once that is known it stays so. */
	bool late = cancel->deadline && clock_ms() >= cancel->deadline;
	int time = cancel->whole ? CANCEL_PART : CANCEL_TIME;
	if (!atomic_load(&cancel->wished))
		return late ? time : 0;
	return late && cancel->deadline < atomic_load(&cancel->wished_at) ? time : CANCEL_WISH;
}

int cancel_reason(void)
{
	int reason = signal_for(current);
	if (!reason && current && current->whole)
		reason = own_reason(current->whole);
	return reason || !current ? reason : own_reason(current);
}

bool cancel_requested(void)
{
	return cancel_reason() != 0;
}

bool cancel_closing(void)
{
	return atomic_load(&noted) || cancel_requested();
}

int cancel_signal(void)
{
	int reason = atomic_load(&requested);
	return reason ? reason : atomic_load(&noted);
}

/* Milliseconds since the first request that concerns this thread, < 0: there is none. */
static int64_t asked_for(void)
{
	int64_t now = clock_ms(), since = -1;
	if (signal_for(current))
		since = now - atomic_load(&requested_at);
	for (const struct cancel *each = current; each; each = each->whole) {
		if (atomic_load(&each->wished) && now - each->wished_at > since)
			since = now - each->wished_at;
		if (each->deadline && now - each->deadline > since)
			since = now - each->deadline;
	}
	if (current && current->after && now >= current->deadline)
		since += CANCEL_GRACE_MS + CANCEL_LAST_MS;
	return since;
}

bool cancel_urgent(void)
{
	return asked_for() >= CANCEL_GRACE_MS;
}

bool cancel_final(void)
{
	return asked_for() >= CANCEL_GRACE_MS + CANCEL_LAST_MS;
}

const char *cancel_name(int reason)
{
	switch (reason) {
	case CANCEL_TIME:
		return "the time limit";
	case CANCEL_WISH:
		return "request";
	case CANCEL_PART:
		return "the time limit of one image";
	case SIGINT:
		return "SIGINT";
	case SIGTERM:
		return "SIGTERM";
	default:
		return "a signal";
	}
}

int cancel_status(int reason)
{
	return reason < 0 ? EXIT_FAILURE : 128 + reason;
}

int cancel_fd(void)
{
	return current && current->fd >= 0 ? current->fd : event;
}

/* --- waits --------------------------------------------------------------------------------- */

bool cancel_sleep(unsigned milliseconds)
{
	int64_t end_ms = clock_ms() + milliseconds;
	while (!cancel_requested()) {
		int64_t left = end_ms - clock_ms();
		if (left <= 0)
			return true;
		struct pollfd wait = {.fd = cancel_fd(), .events = POLLIN};
		poll(&wait, 1, left > 1000 ? 1000 : (int)left);
	}
	return false;
}

bool cancel_may_read(int fd)
{
	struct pollfd wait[] = {{.fd = fd, .events = POLLIN},
				{.fd = cancel_fd(), .events = POLLIN}};
	while (poll(wait, 2, 1000) <= 0 || !wait[0].revents)
		if (cancel_requested())
			return false;
	return true;
}

bool cancel_may_write(int fd, int64_t patience_ms)
{
	int64_t begin = clock_ms();
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	if (fd < 0) /* of a stream in memory */
		return true;
	do {
		if (poll(&wait, 1, cancel_final() ? 0 : 100) > 0)
			return true;
	} while (!cancel_final() && (patience_ms < 0 || clock_ms() - begin < patience_ms));
	return false;
}
