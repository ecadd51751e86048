/*
 * What the rules make of the credentials: which are used, and what looks like a slip.
 *
 * For the time between parsing the rules and the first request.
 */
#pragma once

#include "config/config.h"

/* One repository that a rule names. */
struct usage_side {
	const char *host, *repository; /* normalised, as in struct reference */
	const char *place;             /* of the rule */
	bool source;                   /* read from it, so its mirrors may be asked as well */
};

/*
 * Tells what is wrong with the entries that a side needs, each a mistake, and in one warning which
 * others have faults. Warns about entries of the auth file that no side uses (but for x-..., a
 * place for anchors) and about hosts that look like a well-known registry misspelt; names the
 * origin of docker's logins in the log. Where problems has mistakes already, rules may be missing,
 * and what is unused is not known.
 *
 * Then gives docker's credsStore, if there is one, to every host of a side that has no login, and
 * the certificate authority of certs.d to every host without a ca. False without memory.
 */
bool usage_settle(struct arena *arena, struct config *config, const struct usage_side *sides,
		  size_t count, struct problems *problems);
