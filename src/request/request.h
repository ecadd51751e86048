/*
 * A request: what somebody asked for, and what becomes of it.
 *
 * mentions.h finds the images, judge.h decides about each, a run brings those that are accepted,
 * and answer.h tells. Plain records in one arena.
 */
#pragma once

#include "request/mentions.h"

enum request_state {
	REQUEST_REFUSED,  /* the policy, or the image itself, does not allow it */
	REQUEST_ACCEPTED, /* nothing was tried yet */
	REQUEST_FAILED,   /* it was tried */
	REQUEST_COPIED,
	REQUEST_PRESENT, /* it was there already */
	REQUEST_WOULD_COPY,
};

/* One image that was asked for. */
struct request_image {
	const struct mention *mention;
	struct reference image; /* what is copied; without a host: it is no name */
	enum request_state state;
	const char *why;         /* refused or failed: our own words; NULL: detail says it */
	const char *detail;      /* the same: what others have written; or NULL */
	const char *source;      /* accepted: the image, as a rule has it */
	const char *destination; /* accepted: the repository that it goes to */
	struct reference copy;   /* accepted: the image there */
	bool by_digest;          /* the tag beside its digest was left out */
};

struct mirror_request {
	struct request_image *items;
	size_t count;
	bool more;          /* the text names more images than are looked at */
	bool barred;        /* whoever asks may not */
	bool tentative;     /* nothing is written: a plan, or a dry run */
	const char *broken; /* why nothing could be tried; NULL: it could */
};

/* Who asks, as the workflow says. NULL: it does not. */
struct requester {
	const char *user, *association;
	const char *const *teams;
	size_t team_count;
};
