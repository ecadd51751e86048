/*
 * Every live secret, so that no output can contain one.
 *
 * Whoever learns a password or token registers it once; secret_mask() is applied by the log sink,
 * the terminal and the report. Masked are the text itself and its forms in base64 (with and without
 * padding, and as in URLs), percent-encoding and JSON. Safe from any thread.
 */
#pragma once

#include "base/buf.h"

enum { SECRET_SHORTEST = 4 };

/* Remembers text; with fewer than SECRET_SHORTEST bytes it is ignored: it would mask words. */
void secret_register(struct str text);
/* Registers user:password in base64 as well, the form of a Basic header. */
void secret_register_basic(struct str user, struct str password);
/*
 * Appends text to out with every registered secret replaced by "***". Once there was no memory to
 * remember one, nothing is known to be harmless: out is marked as failed.
 */
void secret_mask(struct str text, struct buf *out);
/*
 * Remembers text, as it is, until SECRET_PASSING others came: for what is good for one request, of
 * which a run has as many as it has blobs.
 */
enum { SECRET_PASSING = 64 };
void secret_register_passing(struct str text);
/*
 * From now on fresh(form, passing) is called for each form that was not known before, by the thread
 * that registers it and before secret_register() returns, one call at a time. It must register
 * nothing. NULL ends it.
 */
void secret_watch(void (*fresh)(struct str form, bool passing));
/*
 * Overwrites, in place, the values of environment variables that hold a secret or a part of one,
 * whose name says that they do, and all inputs of an Action: what a process was started with can be
 * read from outside. Those of proxies stay readable for this process, as libcurl reads them
 * whenever it wants. While nobody else reads the environment.
 */
void secret_leave_environment(void);
/* Wipes and forgets all. At the end of the process. */
void secret_forget(void);
