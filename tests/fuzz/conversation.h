/*
 * Registries that say whatever the fuzzer wants: an HTTP server on the loopback, in a thread, that
 * reads requests and gives the next answer of a script to each.
 *
 * The client reaches it as its proxy, so one server stands for every host that a script sends the
 * client to, and nothing ever leaves the machine. Beside that the server watches: the password it
 * is to look for may reach one host only.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

struct conversation;

/* What happened. */
struct conversation_seen {
	bool manifest_put; /* a PUT of a manifest was answered with 2xx */
	bool leaked;       /* the password went to another host */
};

/*
 * Starts to answer. script: the answers, whole, with a line "~~~~" between two. When they are used
 * up, connections are closed. password: as it is and, with its user, in base64; home: the host that
 * may see it.
 */
struct conversation *conversation_start(struct str script, const char *const password[2],
					const char *home);
/* Ends it, once the client has closed its connections. */
struct conversation_seen conversation_end(struct conversation *conversation);
/* Sets up proxies and trust in the environment; once, before the first client. */
void conversation_environment(void);
