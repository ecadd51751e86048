/* Names of hosts: how they are compared, and which of them belong to no public server. Pure. */
#pragma once

#include "base/str.h"

/* Without the final dot that makes a name absolute: "example.com." is example.com. */
struct str hostname_bare(struct str host);
/*
 * True for a text that every parser takes for a name: non-empty labels of letters, digits, '-' and
 * '_', the last label not a number. False for an address.
 */
bool hostname_proper(const char *host);
/* True when host is domain or a name below it. Case and a final dot do not matter. */
bool hostname_within(struct str host, const char *domain);
/*
 * True for names that lead into whatever network asks for them: localhost, names without a dot, and
 * those in domains that public DNS does not have (RFC 6761, 6762, 8375, and common usage). False
 * for an address.
 */
bool hostname_internal(struct str host);
/* True for the names under which clouds offer their machines' credentials. */
bool hostname_metadata(struct str host);
