/*
 * What a refusal of a registry probably means, in words for people. Private to registry/, pure.
 */
#pragma once

#include "base/error.h"

struct refusal {
	const char *host;       /* as configured */
	const char *repository; /* "team/app" */
	const char *place;      /* of the login that was used; NULL: anonymous */
	const char *scope;      /* what was asked for, or NULL */
	bool target;            /* we wanted to write */
	bool listing;           /* it was the list of tags */
};

/*
 * Rewrites err, an answer's error with its HTTP status: a refusal gets host, login, repository and
 * scope in front, and what is known about this kind of registry behind. Always false.
 */
bool explain_refusal(const struct refusal *refusal, struct error *err);
