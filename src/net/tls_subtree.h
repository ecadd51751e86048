/*
 * One name and one subtree of names of the same form (RFC 5280 section 4.2.1.10): DNS names,
 * addresses, directory names, mail addresses and URIs. Pure.
 */
#pragma once

#include "net/tls_der.h"

/* True for the tag of one of the nine forms of a GeneralName. */
bool tls_subtree_is_name(unsigned char tag);
/* True when base can be the base of a subtree: it has a known form, and an address has a mask. */
bool tls_subtree_valid(const struct tls_der *base);
/*
 * True when name, a GeneralName of base's form, lies within the subtree. doubt is the result where
 * that is unclear: for unknown forms, malformed names and bases, and a wildcard that stands for
 * names both inside and outside.
 */
bool tls_subtree_holds(const struct tls_der *base, const struct tls_der *name, bool doubt);
