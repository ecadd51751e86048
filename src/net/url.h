/*
 * URLs, and the one decision about where a request may go and whether it may carry credentials.
 *
 * Every URL is parsed by curl_url(), the parser of the transfer itself. Every URL that a server
 * chose (a redirect, an upload Location, a Link, a token realm) passes url_may_send(); no other
 * code decides. Pure apart from memory; any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct url {
	const char *text; /* the whole URL, normalised */
	const char *scheme;
	const char *host; /* lower-case, without a final dot; IPv6 in brackets */
	const char *port; /* always set */
};

/* What a request is for. */
enum url_purpose {
	URL_API,      /* a path of the registry itself, or a Link of a listing */
	URL_UPLOAD,   /* the Location of a started upload */
	URL_REDIRECT, /* the target of a redirected GET or HEAD */
	URL_TOKEN,    /* the realm of a challenge */
};

enum url_verdict { URL_DENY, URL_ANONYMOUS, URL_WITH_AUTH };

/*
 * Parses an absolute http or https URL. A final dot of the host name is removed, so that a host has
 * one name. ERROR_REFUSED: another scheme, user info, a fragment, or a host that would be a
 * different one when the transfer or another parser reads its text.
 */
bool url_parse(struct arena *arena, const char *text, struct url *out, struct error *err);
/* Parses text relative to base (RFC 3986 section 5). */
bool url_resolve(struct arena *arena, const struct url *base, const char *text, struct url *out,
		 struct error *err);
/*
 * The same for a path of ours at a server, whose URL has no path but "/": without a parser where
 * that would change nothing. *out shares texts with *origin.
 */
bool url_at(struct arena *arena, const struct url *origin, const char *path, struct url *out,
	    struct error *err);
/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);
/* The verdict for sending to url on behalf of registry, whose origin the user configured. */
enum url_verdict url_may_send(const struct url *registry, const struct url *url,
			      enum url_purpose purpose);
/* The text without its query, for messages: queries of signed URLs are secrets. */
struct str url_public(const struct url *url);
