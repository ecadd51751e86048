/* Where a request went, and where its answer points to. Private to registry/. */
#pragma once

#include "registry/request.h"

/* The URL the request went to, before any redirect. */
bool location_asked(const struct access *access, struct arena *arena, const struct request *request,
		    struct url *out, struct error *err);
/*
 * Registers the query of to as a secret if it is where from, of another server, sends a request on
 * to: there a signature gives access to whoever has it.
 */
void location_hide(const struct url *from, const struct url *to);
/* The URL of the header Location of answer, relative to the URL of request. */
bool location_given(const struct access *access, struct arena *arena, const struct request *request,
		    const struct http_answer *answer, struct url *out, struct error *err);
/* True when the auth file says that the repository's tokens are issued at url. */
bool location_issues_tokens(const struct access *access, const struct url *url);
/*
 * The error for url, where the registry at origin sends what is for purpose and which the policy
 * forbids. Always false.
 */
bool location_refuse(const struct url *origin, const struct url *url, enum url_purpose purpose,
		     struct error *err);
/*
 * True when url, which a server of the registry at origin named, may be on a machine of an internal
 * network: it is the registry itself, it is named like the registry and that is in such a network
 * as well, or the auth file names it.
 */
bool location_trusted(const struct access *access, const struct url *origin, const struct url *url);
