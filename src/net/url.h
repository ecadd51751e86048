/*
 * URLs, and the one decision who may receive a request and whether it may carry credentials.
 *
 * Every URL is parsed by curl_url(), the parser of the transfer itself. Whatever a server chose (a
 * redirect, an upload Location, a Link, a token realm) passes url_may_send(); no other code
 * decides. Pure apart from memory; any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct url {
	const char *text; /* normalised, whole */
	const char *scheme;
	const char *host; /* lower-case, without a final dot; IPv6 in brackets */
	const char *port; /* always set */
};

/* What a request is for. */
enum url_purpose {
	URL_API,      /* a path of the registry itself, or a Link of a listing */
	URL_UPLOAD,   /* the Location of a started upload */
	URL_REDIRECT, /* where a GET or HEAD was sent on to */
	URL_TOKEN,    /* the realm of a challenge */
};

enum url_verdict { URL_DENY, URL_ANONYMOUS, URL_WITH_AUTH };

/*
 * Parses an absolute http or https URL. The final dot of an absolute host name is taken off, so
 * that a host has one name. ERROR_REFUSED: other schemes, user info, fragments, a host that would
 * be another one when its text is parsed again, as the transfer does, or by another parser.
 */
bool url_parse(struct arena *arena, const char *text, struct url *out, struct error *err);
/* Parses text relative to base (RFC 3986 section 5). */
bool url_resolve(struct arena *arena, const struct url *base, const char *text, struct url *out,
		 struct error *err);
/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);
/* The verdict for sending to url on behalf of registry, whose origin the user configured. */
enum url_verdict url_may_send(const struct url *registry, const struct url *url,
			      enum url_purpose purpose);
/* The text without its query, for messages: queries of signed URLs are secrets. */
struct str url_public(const struct url *url);
