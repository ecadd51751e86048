/* Where a request went, and where its answer points to. Private to registry/. */
#pragma once

#include "registry/request.h"

/* The URL the request went to, before any redirect. */
bool location_asked(const struct repository *repository, struct arena *arena,
		    const struct request *request, struct url *out, struct error *err);
/* The URL of the header Location of answer, relative to the URL of request. */
bool location_given(const struct repository *repository, struct arena *arena,
		    const struct request *request, const struct http_answer *answer,
		    struct url *out, struct error *err);
/*
 * The URL of the next page of a listing (RFC 8288, relation "next"), relative to the request's;
 * text NULL when this was the last one.
 */
bool location_next(const struct repository *repository, struct arena *arena,
		   const struct request *request, const struct http_answer *answer, struct url *out,
		   struct error *err);
