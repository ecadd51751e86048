/*
 * Explains what a registry's refusal probably means. Private to registry/, pure.
 */
#pragma once

#include "base/error.h"

struct refusal {
	const char *host;       /* as configured */
	const char *repository; /* "team/app" */
	const char *place;      /* that of the login that was sent; NULL: none was */
	const char *unsent;     /* that of a configured login that was not sent, or NULL */
	const char *realm;      /* host of the token server that unsent must not go to, or NULL */
	const char *scope;      /* the scope that was asked for, or NULL */
	bool password;          /* the login itself was refused, whatever it was for */
	bool target;            /* the repository is a destination */
	bool listing;           /* the list of tags was asked for */
};

/*
 * Rewrites err, an answer's error with its HTTP status, or one of TLS: a refusal gets host, login,
 * repository and scope in front, and at the end a hint for this kind of registry. What is the same
 * for all repositories, such as a wrong password, is marked as shared. Always false.
 */
bool explain_refusal(const struct refusal *refusal, struct error *err);
