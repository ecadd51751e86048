/*
 * The TCP ports that a run may connect to: those of the servers and proxies that its files and
 * variables name, and 443. The token server and the storage of a self-hosted registry often have
 * ports of their own that no file names: with such a registry, 80 and all ports from 1024 on are
 * open as well.
 *
 * The kernel enforces them for the process (base/landlock.h), but without an explanation; so
 * connections are checked here as well, with a message. Filled before the first thread starts,
 * constant afterwards.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/socket.h>

enum { PORTS_MAX = 65536 };

struct ports {
	bool open; /* all ports from 1024 on are allowed; bits does not list them */
	uint8_t bits[PORTS_MAX / 8];
};

void ports_add(struct ports *ports, unsigned port);
bool ports_has(const struct ports *ports, unsigned port);
/*
 * Adds the port of "host", "host:port" or "[address]:port". Without a port it is 443 and, when
 * plain (the server may be used without TLS), 80 as well.
 */
void ports_add_host(struct ports *ports, struct str host, bool plain);
/*
 * Adds the port of a URL of http or https; without a port, that of its scheme. A malformed URL adds
 * the port it seems to name.
 */
void ports_add_url(struct ports *ports, struct str url);
/* Opens 80 and all from 1024 on. */
void ports_open(struct ports *ports);
/*
 * True when the port of address is allowed; ports NULL allows any. ERROR_REFUSED says how to allow
 * it; host is for that message.
 */
bool ports_allow(const struct ports *ports, const char *host, const struct sockaddr *address,
		 struct error *err);
/* Writes the added ports to list in ascending order, at most max; returns their total number. */
size_t ports_list(const struct ports *ports, uint16_t *list, size_t max);
