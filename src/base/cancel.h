/*
 * The request to stop: SIGINT and SIGTERM for the process; for a run also the end of its time, or
 * somebody's wish; for an image the end of the time that it has.
 *
 * A run owns a struct cancel, and each thread knows the one it works for: cancel_enter() says
 * which, and the pool hands it on with each loop. All questions below are about that run and the
 * process together; a thread that works for no run asks about the process alone. What was asked of
 * one run means nothing to the next.
 *
 * Everything that waits, waits in a way the request can end: cancel_sleep(), or a poll that
 * includes cancel_fd(). What is under way gets a grace period: cancel_urgent() becomes true when it
 * is over, and then transfers are dropped. Safe from any thread; cancel_now() also from signal
 * handlers.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
	CANCEL_ECHO_MS = 1000, /* a signal that follows sooner is the same request once more */
	CANCEL_GRACE_MS = 3500,
	CANCEL_LAST_MS = 1000,
	CANCEL_END_S = 9, /* whatever still blocks then is not waited for: docker kills at ten */
};

/* Why a run is to stop, beside the numbers of signals; 0: it is not. */
enum { CANCEL_TIME = -1, CANCEL_WISH = -2, CANCEL_PART = -3 };

/*
 * The request to stop one run, or a part of one. It stays where it is while it is open; zeroed it
 * is closed.
 */
struct cancel {
	struct cancel *whole; /* the run that this is a part of; NULL: it is none */
	atomic_bool wished;
	_Atomic int64_t wished_at;
	int64_t deadline; /* clock_ms(); 0: none */
	int clock, fd;    /* of the deadline, and what is readable once the run is to stop */
	timer_t end;
	bool ends;    /* end was made */
	bool after;   /* see cancel_open_after() */
	bool excused; /* the process had been asked to stop before */
	bool open;
};

/*
 * Installs the handlers for SIGINT and SIGTERM and ignores SIGPIPE. A second signal ends the
 * process at once, unless it is an echo of the first. CANCEL_END_S after a signal, or after the
 * deadline of a run that is still open, the process is over, whatever it does.
 */
bool cancel_install(void);
/*
 * From now on the first signal only says that nothing new is to begin, see cancel_closing(): what
 * is under way goes on as if there had been none, until cancel_hurry() or a second signal, which
 * ends the process. Without either the process is over that many seconds later than usual.
 */
void cancel_defer(unsigned seconds);
/* The signal that was deferred takes effect. Nothing if there was none. */
void cancel_hurry(void);
/* In a process that was forked: it works for no run, and its signals are its own. */
void cancel_own(void);
/* Asks all runs of the process to stop, as this signal does. */
void cancel_now(int signal_number);

/* Opens the request of a run that has seconds, 0: as long as it takes. */
void cancel_open(struct cancel *cancel, unsigned seconds);
/*
 * Opens the request of what follows the run that this thread works for, and may still be done after
 * a stop. What has been asked so far does not concern it, only what is asked from now on. It has
 * seconds at most, without grace, and less where the process would be ended sooner.
 */
void cancel_open_after(struct cancel *cancel, unsigned seconds);
/*
 * Opens the request of a part, an image, of the run that this thread works for: it has seconds of
 * its own, and ends with the run. Waiters notice its end within a second.
 */
void cancel_open_part(struct cancel *part, unsigned seconds);
/*
 * Opens the request of threads that help with something which may outlive the image that this
 * thread works for: a part of the run, without a time of its own.
 */
void cancel_open_help(struct cancel *part);
/* No thread but this one may still work for it. */
void cancel_close(struct cancel *cancel);
/* Asks one run to stop, from any thread while it is open. */
void cancel_run(struct cancel *cancel);
/*
 * The same without a grace period: what is under way is dropped. For a part, whose waiters notice
 * it within a second.
 */
void cancel_drop(struct cancel *part);
/* From now on this thread works for that run, NULL: for none. Returns for which it did. */
struct cancel *cancel_enter(struct cancel *cancel);
/* The run that this thread works for, NULL: none. For threads that it starts. */
struct cancel *cancel_current(void);

/* True once somebody asked to stop: start no new work. */
bool cancel_requested(void);
/* The same, also after a signal that was deferred: begin no run and no image. */
bool cancel_closing(void);
/* The signal that asked the process to stop, whether or not it was deferred; 0: none did. */
int cancel_signal(void);
/* True when the grace period is over: drop what is under way. */
bool cancel_urgent(void);
/* True CANCEL_LAST_MS later: drop also what only cleans up. */
bool cancel_final(void);
/* Why: the signal that asked, else CANCEL_TIME, CANCEL_WISH or CANCEL_PART; 0 if nobody did. */
int cancel_reason(void);
/* A reason in words for people: "SIGTERM", "the time limit". */
const char *cancel_name(int reason);
/* The exit status of a run that ended for this reason: 128 more than a signal, else 1. */
int cancel_status(int reason);
/* Readable once cancel_requested(); -1 when nothing can ask. Never read from it. */
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
