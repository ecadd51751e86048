/*
 * The request to stop: SIGINT and SIGTERM, the time limit, or a caller's own cancel_now().
 *
 * One flag per process. Every wait can be ended by the flag: it is a cancel_sleep(), or a poll that
 * includes cancel_fd(). Transfers under way get a grace period; when it is over cancel_urgent()
 * becomes true, and they are dropped. Safe from any thread; cancel_now() also from signal handlers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	CANCEL_ECHO_MS = 1000, /* a signal that follows sooner is an echo of the first */
	CANCEL_GRACE_MS = 3500,
	CANCEL_LAST_MS = 1000,
	CANCEL_END_S = 9, /* the process ends even if something blocks: docker kills after ten */
};

/*
 * Installs the handlers for SIGINT and SIGTERM and ignores SIGPIPE. A second signal ends the
 * process at once, unless it is an echo of the first; the time limit does not count as the first
 * signal.
 */
bool cancel_install(void);
/* For a forked process: gives it a flag and a descriptor of its own. */
void cancel_own(void);
/* Asks the run to stop after that many seconds, with SIGALRM as its signal. */
void cancel_after(unsigned seconds);
/* Asks the run to stop; cancel_signal() then returns signal_number. */
void cancel_now(int signal_number);
/* True once the run was asked to stop: no new work may start. */
bool cancel_requested(void);
/* True when the grace period is over: transfers under way are to be dropped. */
bool cancel_urgent(void);
/* True CANCEL_LAST_MS later: requests that only clean up are to be dropped as well. */
bool cancel_final(void);
/* The signal that asked the run to stop; 0: none. */
int cancel_signal(void);
/* The name of such a signal for messages: "SIGTERM", "the time limit". */
const char *cancel_name(int signal_number);
/*
 * The exit status of a run that signal_number ended: 1 for the time limit, else 128 plus the
 * number.
 */
int cancel_status(int signal_number);
/* Readable once cancel_requested(); -1 before cancel_install(). Never read from it. */
int cancel_fd(void);
/* Sleeps for milliseconds; false when woken by a request to stop. */
bool cancel_sleep(unsigned milliseconds);
/* Waits until fd is readable or at its end. False: the run is to stop. */
bool cancel_may_read(int fd);
/*
 * Waits until fd takes at least 4096 bytes. False: cancel_final() or the end of patience_ms came
 * first. A patience_ms below 0 has no end.
 */
bool cancel_may_write(int fd, int64_t patience_ms);
