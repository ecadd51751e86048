/* The servers that a run may talk to, as far as its files and variables name them. */
#pragma once

#include "cmd/run.h"

struct named_server {
	struct str name;      /* HOST or HOST:PORT, or with url a URL */
	const char *registry; /* the name, if it is a registry that is to hold images; else NULL */
	const char *place;    /* where it is named; NULL: in the environment */
	bool url;
	bool plain; /* it may be used without TLS */
};

/* Calls take(ctx, server) for each, more than once for some. run was loaded. */
void servers_each(const struct run *run, void (*take)(void *ctx, const struct named_server *server),
		  void *ctx);
