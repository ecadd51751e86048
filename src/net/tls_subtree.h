/*
 * One name and one subtree of names of the same form (RFC 5280 section 4.2.1.10): DNS names,
 * addresses, directory names, mail addresses and URIs. Pure.
 */
#pragma once

#include "net/tls_der.h"

/* Whether this is the tag of one of the nine forms of a GeneralName. */
bool tls_subtree_is_name(unsigned char tag);
/* Whether base can be the base of a subtree: of a form there is, addresses with a mask. */
bool tls_subtree_valid(const struct tls_der *base);
/*
 * Whether name, a GeneralName of base's form, lies within the subtree. doubt is the answer where
 * that cannot be said: for forms that are not known here, for names and bases that are not made as
 * they should be, and for a wildcard that stands for names within and for others.
 */
bool tls_subtree_holds(const struct tls_der *base, const struct tls_der *name, bool doubt);
