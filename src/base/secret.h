/*
 * Every live secret, so that no output can contain one.
 *
 * Whoever learns a password or token registers it once; secret_mask() is applied by the log sink,
 * the terminal and the report. Masked are the text itself and its forms in base64, percent-encoding
 * and JSON. Safe from any thread.
 */
#pragma once

#include "base/buf.h"

/* Remembers text; shorter than 4 bytes it is ignored, it would mask ordinary words. */
void secret_register(struct str text);
/* Registers user:password in base64 as well, the form of a Basic header. */
void secret_register_basic(struct str user, struct str password);
/* Appends text to out with every registered secret replaced by "***". */
void secret_mask(struct str text, struct buf *out);
/*
 * Overwrites the values of environment variables that are secrets or of which one is made, in
 * place: what a process was started with can be read from outside. Those of proxies stay, libcurl
 * reads them whenever it wants. While nobody else reads the environment.
 */
void secret_leave_environment(void);
/* Wipes and forgets all. At the end of the process. */
void secret_forget(void);
