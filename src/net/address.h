/* Which network addresses a server may send us to. Pure. */
#pragma once

#include "base/scoped.h"

#include <stdbool.h>
#include <sys/socket.h>

/*
 * True for addresses that no server on the internet has a reason to send us to: unspecified,
 * loopback, private (RFC 1918, RFC 4193), shared (RFC 6598), link-local, multicast and reserved
 * ones, those of cloud metadata services, and all of them inside an IPv6 address (mapped, NAT64,
 * 6to4, ISATAP; Teredo as a whole). What is neither IPv4 nor IPv6 counts as one of them.
 */
bool address_internal(const struct sockaddr *address);
/* True for addresses of this machine alone: 127.0.0.0/8 and ::1; in either form. */
bool address_loopback(const struct sockaddr *address);
/* True for link-local addresses, where cloud machines find their credentials, in either form. */
bool address_link_local(const struct sockaddr *address);
/* True where clouds offer metadata, with credentials, to their machines; in either form. */
bool address_metadata(const struct sockaddr *address);
/* Reads an address in text, IPv6 in brackets or not. False for a name. */
bool address_parse(const char *host, struct sockaddr_storage *out);
