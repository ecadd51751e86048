/*
 * The handles of a run: the last one returned is the next one used, so few connections serve many
 * workers and each stays warm.
 *
 * Opening a connection costs round trips and, with TLS, milliseconds of CPU on both sides. Who
 * finds none free therefore waits for one while others are busy with short exchanges on theirs: for
 * twice as long as opening one takes, anew whenever somebody opened one, and 50 ms at most. To a
 * server nearby few connections are opened then, one after the other; to one far away all at once,
 * a moment later. Any thread.
 */
#pragma once

#include "net/handle.h"

struct handles;

/* NULL without memory. */
struct handles *handles_new(void);
/* Frees the idle handles, and closes their connections. */
void handles_close_idle(struct handles *handles);
/* Frees the idle handles with it; none may be leased any more. *handles may be NULL. */
void handles_free(struct handles **handles);

/*
 * All handles that may serve each other's requests: of one origin, trust and proxy, which key
 * names. It stays as long as handles. NULL without memory.
 */
struct handles_line *handles_line(struct handles *handles, const char *key);

/*
 * Begins an exchange. NULL: no handle is free, the caller makes one. Either way the exchange must
 * be ended.
 */
struct handle *handles_begin(struct handles *handles, struct handle_turn *turn);
/* Ends an exchange, and keeps the handle for the next one unless it is broken or NULL. */
void handles_end(struct handles *handles, const struct handle_turn *turn, struct handle *handle);
