/*
 * Which credentials the rules use, and which entries look like slips.
 *
 * The place for this is between parsing the rules and the first request.
 */
#pragma once

#include "config/config.h"

/* One repository that a rule names. */
struct usage_side {
	const char *host, *repository; /* normalised, as in struct reference */
	const char *place;             /* the place of the rule */
	bool source;                   /* it is read from, so its mirrors may be asked as well */
};

/*
 * Adds a problem for each fault of an entry that a side needs, and one warning for all other
 * entries with faults. Warns about entries of the auth file that no side uses (except x-..., which
 * hold anchors) and about hosts that look like a typo of a well-known registry; logs which file a
 * login of docker's comes from. If problems has mistakes already, rules may be missing, so unused
 * entries are not reported.
 *
 * Then gives docker's credsStore, if there is one, to every host of a side that has no login, and
 * the certificates in certs.d to every host without a ca. False without memory.
 */
bool usage_settle(struct arena *arena, struct config *config, const struct usage_side *sides,
		  size_t count, struct problems *problems);
