/* Where a request went, and where its answer points to. Private to registry/. */
#pragma once

#include "registry/request.h"

/* The URL the request went to, before any redirect. */
bool location_asked(const struct access *access, struct arena *arena, const struct request *request,
		    struct url *out, struct error *err);
/*
 * Registers the query of to, the target of a redirect, as a secret if from is another server: such
 * a query holds a signature that gives access to whoever has it.
 */
void location_hide(const struct url *from, const struct url *to);
/* The URL in the Location header of answer, resolved against the URL of request. */
bool location_given(const struct access *access, struct arena *arena, const struct request *request,
		    const struct http_answer *answer, struct url *out, struct error *err);
/* True when the auth file says that the repository's tokens are issued at url. */
bool location_issues_tokens(const struct access *access, const struct url *url);
/*
 * Fills err for url, to which the registry at origin sends requests for purpose although the policy
 * forbids it. Always false.
 */
bool location_refuse(const struct url *origin, const struct url *url, enum url_purpose purpose,
		     struct error *err);
/*
 * True when url, which a server of the registry at origin named, may have an internal address: it
 * is the registry itself, a neighbour of it by name if the registry has an internal address as
 * well, or a host that the auth file names.
 */
bool location_trusted(const struct access *access, const struct url *origin, const struct url *url);
