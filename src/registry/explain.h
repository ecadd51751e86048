/*
 * What a refusal of a registry probably means, in words for people. Private to registry/, pure.
 */
#pragma once

#include "base/error.h"

struct refusal {
	const char *host;       /* as configured */
	const char *repository; /* "team/app" */
	const char *place;      /* of the login that was sent; NULL: none was */
	const char *unsent;     /* of a login that is configured and was not sent, or NULL */
	const char *realm; /* host of the token server that unsent may not go to; NULL: not asked */
	const char *scope; /* what was asked for, or NULL */
	bool password;     /* it is the login itself that was refused, whatever it was for */
	bool target;       /* we wanted to write */
	bool listing;      /* it was the list of tags */
};

/*
 * Rewrites err, an answer's error with its HTTP status: a refusal gets host, login, repository and
 * scope in front, and what is known about this kind of registry behind. Always false.
 */
bool explain_refusal(const struct refusal *refusal, struct error *err);
