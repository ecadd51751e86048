/*
 * Where the server listens: an address in words becomes an open socket.
 *
 * Called once, before there are threads: it looks names up, changes the umask for a moment, and
 * removes from the environment what systemd left there.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct listener_address {
	int fd;           /* does not block, and is closed when another program is started; -1 */
	const char *path; /* the socket file that was made; NULL: none */
	dev_t dev;        /* dev and ino identify it */
	ino_t ino;
	unsigned port;    /* 0: a unix socket */
	bool is_public;   /* other machines can reach it */
	bool handed_over; /* by systemd, which goes on listening there */
};

/*
 * Listens on text ("HOST:PORT", ":PORT" for all addresses of the machine, "unix:PATH"), or takes
 * the socket that systemd hands over. ERROR_CONFIG says what is wrong with the address, ERROR_IO
 * what the system refused.
 */
bool listener_address_open(const char *text, struct arena *arena, struct listener_address *out,
			   struct error *err);
/*
 * Ends the listening, for all that share the socket unless it was handed over, and removes the
 * socket file that was made, as far as that is allowed.
 */
void listener_address_close(struct listener_address *address);
