/*
 * The handles of a run: the last one returned is the next one used, so few connections serve many
 * workers and each stays warm.
 *
 * Opening a connection costs round trips and, with TLS, milliseconds of CPU on both sides. So a
 * thread that finds none free first waits for one, in the order of arrival, as long as the others
 * are used for brief exchanges and a wait costs less than a connection (opening.h). For a server
 * that answers at once few connections are opened, one after the other; for others all at once, a
 * moment later. Any thread.
 */
#pragma once

#include "net/handle.h"

/* NULL without memory. */
struct handles *handles_new(void);
/* Frees the idle handles, and closes their connections. */
void handles_close_idle(struct handles *handles);
/* Frees it and the idle handles; no handle may be in use. *handles may be NULL. */
void handles_free(struct handles **handles);

/*
 * The handles that are interchangeable: those of one origin, trust and proxy, named by key. Valid
 * as long as handles. NULL without memory.
 */
struct handles_line *handles_line(struct handles *handles, const char *key);

/*
 * Begins an exchange. NULL: no handle is free, and the caller makes one. In either case the
 * exchange must be ended.
 */
struct handle *handles_begin(struct handles *handles, struct handle_turn *turn);
/* Ends an exchange, and keeps the handle for the next one unless it is broken or NULL. */
void handles_end(struct handles *handles, const struct handle_turn *turn, struct handle *handle);
/*
 * Opens a socket as socket(2) does. Where the process has no descriptor left, idle connections are
 * closed for it, and it waits up to five seconds for those in use. -1: *err says why that was not
 * enough, or ERROR_CANCELED; for any other reason it is left as it was.
 */
int handles_socket(struct handles *handles, int family, int type, int protocol, struct error *err);
