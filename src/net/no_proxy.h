/*
 * The hosts that are reached without a proxy: NO_PROXY, in the grammar of Go's programs.
 *
 * Entries are separated by commas or blanks:
 *	*                            everything
 *	example.com                  that host and all below it
 *	.example.com, *.example.com  only what is below it
 *	10.1.2.3, fd00::1, [fd00::1] an address
 *	10.0.0.0/8, fd00::/8         a network
 * Any entry but * and a network may end with :PORT, and then holds for that port alone. Case and a
 * final dot do not matter. An entry that cannot be read covers nothing. localhost and the addresses
 * of this machine itself are always covered. Pure; immutable once parsed.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct no_proxy_entry;

/* Zeroed memory is the empty list. */
struct no_proxy {
	bool all;
	struct no_proxy_entry *entries;
	size_t count;
};

/* Parses text, which must outlive *out. False without memory. */
bool no_proxy_parse(struct arena *arena, struct str text, struct no_proxy *out);
/* True when host:port, as struct url has them, is reached without a proxy. */
bool no_proxy_covers(const struct no_proxy *list, const char *host, const char *port);
