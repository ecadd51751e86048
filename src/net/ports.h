/*
 * The TCP ports that a run may connect to: those of the servers and proxies that its files and
 * variables name, and 443.
 *
 * The kernel is asked to hold the process to them (base/landlock.h), which it does by number alone
 * and without a word of explanation; so connections are held to them here as well, with one.
 * Filled before the first thread, constant afterwards.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/socket.h>

enum { PORTS_MAX = 65536 };

struct ports {
	uint8_t bits[PORTS_MAX / 8];
};

void ports_add(struct ports *ports, unsigned port);
bool ports_has(const struct ports *ports, unsigned port);
/*
 * Adds the port of "host", "host:port" or "[address]:port". Without one it is 443, and 80 as well
 * where plain: the server may be spoken to without TLS.
 */
void ports_add_host(struct ports *ports, struct str host, bool plain);
/*
 * Adds the port of an address with or without a scheme, login and path; without a port those that
 * its scheme has. Texts that are no addresses add what they seem to say.
 */
void ports_add_url(struct ports *ports, struct str url);
/*
 * True when a connection may be made to address, where host is asked for; ports may be NULL, for
 * any. ERROR_REFUSED says what allows it.
 */
bool ports_allow(const struct ports *ports, const char *host, const struct sockaddr *address,
		 struct error *err);
/* Writes all of them to list, in order, at most max; returns how many there are. */
size_t ports_list(const struct ports *ports, uint16_t *list, size_t max);
