/* Names of hosts: how they are compared, and which of them no public server has. Pure. */
#pragma once

#include "base/str.h"

/* Without the final dot that makes a name absolute: "example.com." is example.com. */
struct str hostname_bare(struct str host);
/*
 * True for a name that every parser takes for one: letters, digits, '-' and '_' in labels of which
 * none is empty, the last of them no number. An address is none.
 */
bool hostname_proper(const char *host);
/* True when host is domain, or a name below it. Without regard to case and a final dot. */
bool hostname_within(struct str host, const char *domain);
/*
 * True for names that lead into whatever network asks for them: localhost, names without a dot, and
 * those in domains that the public name servers do not have (RFC 6761, 6762, 8375, and customary
 * ones). An address is not a name, and none of these.
 */
bool hostname_internal(struct str host);
/* True for the names under which clouds offer their machines' credentials. */
bool hostname_metadata(struct str host);
