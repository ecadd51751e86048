/*
 * The request to stop: SIGINT and SIGTERM, the end of the time, or a caller's own cancel_now().
 *
 * One flag per process. Everything that waits, waits in a way the flag can end: cancel_sleep(), or
 * a poll that includes cancel_fd(). What is under way gets a grace period: cancel_urgent() becomes
 * true when it is over, and then transfers are dropped. Safe from any thread; cancel_now() also
 * from signal handlers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	CANCEL_ECHO_MS = 1000, /* a signal that follows sooner is the same request once more */
	CANCEL_GRACE_MS = 3500,
	CANCEL_LAST_MS = 1000,
	CANCEL_END_S = 9, /* whatever still blocks then is not waited for: docker kills at ten */
};

/*
 * Installs the handlers for SIGINT and SIGTERM and ignores SIGPIPE. A second signal ends the
 * process at once, unless it is an echo of the first; the end of the time is no first signal.
 */
bool cancel_install(void);
/* In a process that was forked: from now on the flag and its descriptor are its own. */
void cancel_own(void);
/* Asks the run to stop when seconds have passed, with SIGALRM as the signal that asked. */
void cancel_after(unsigned seconds);
/* Asks the run to stop; signal_number is what cancel_signal() will tell. */
void cancel_now(int signal_number);
/* True once somebody asked to stop: start no new work. */
bool cancel_requested(void);
/* True when the grace period is over: drop what is under way. */
bool cancel_urgent(void);
/* True CANCEL_LAST_MS later: drop also what only cleans up. */
bool cancel_final(void);
/* The signal that asked, 0 if none did. */
int cancel_signal(void);
/* A signal that asked, in words for people: "SIGTERM", "the time limit". */
const char *cancel_name(int signal_number);
/* The exit status of a run that signal_number ended: 1 for the time limit, else 128 more. */
int cancel_status(int signal_number);
/* Readable once cancel_requested(); -1 before cancel_install(). Never read from it. */
int cancel_fd(void);
/* Sleeps for milliseconds; false when woken by a request to stop. */
bool cancel_sleep(unsigned milliseconds);
/* Waits until fd has something to read, or its end. False: the run is to stop. */
bool cancel_may_read(int fd);
/*
 * Waits until fd takes bytes, 4096 at least. False: nobody reads them, and cancel_final() or the
 * end of patience_ms came first; < 0: nothing but a stop ends the wait.
 */
bool cancel_may_write(int fd, int64_t patience_ms);
