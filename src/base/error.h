/*
 * One failure: what kind, which HTTP status if any, when to come back, and a sentence for people.
 *
 * The caller owns the struct and passes it last; it is never NULL. Functions that can fail return
 * bool, and error_set() and error_wrap() return false so that failing is one statement. The kind
 * alone drives retry, exit code and report; nobody parses the text. Expected answers, a 404 on a
 * lookup for example, are not errors.
 */
#pragma once

#include "base/scoped.h"
#include "base/str.h"

#include <stdbool.h>

enum error_kind {
	ERROR_NONE,
	ERROR_CONFIG,      /* a file, flag or variable is wrong */
	ERROR_DENIED,      /* 401, 403: the registry refuses our login */
	ERROR_MISSING,     /* the named thing does not exist */
	ERROR_LIMITED,     /* 429: too many requests */
	ERROR_UNAVAILABLE, /* 5xx and the like: the server has a problem */
	ERROR_NETWORK,     /* connection lost, stalled, timed out */
	ERROR_UNREACHABLE, /* no connection at all: name not found, refused */
	ERROR_TLS,         /* certificate or handshake refused */
	ERROR_NOT_TLS,     /* the server does not speak TLS on this port */
	ERROR_CORRUPT,     /* bytes do not match their digest, or an answer makes no sense */
	ERROR_DAMAGED,     /* the same of a file here, which does not get better by waiting */
	ERROR_IMMUTABLE,   /* the target tag may not change */
	ERROR_MOVED,       /* the target tag has changed since a plan was made */
	ERROR_PLATFORM,    /* the image lacks a platform that is required */
	ERROR_REFERRER,    /* the image lacks a referrer of a type that is required */
	ERROR_UNSIGNED,    /* the image lacks the signature that is required */
	ERROR_UNSUPPORTED, /* valid, but one of the sides cannot do it */
	ERROR_REFUSED,     /* our own policy forbids the request */
	ERROR_FULL,        /* the registry has no room: a quota or a disk is used up */
	ERROR_REJECTED,    /* another 4xx: the server says the request itself is wrong */
	ERROR_MEMORY,      /* out of memory or descriptors */
	ERROR_IO,          /* a local file could not be read or written */
	ERROR_CANCELED,    /* a signal or the time limit asked us to stop */
};

enum { ERROR_TEXT_SIZE = 768 };

struct error {
	enum error_kind kind;
	int http_status; /* 0: no HTTP answer was involved */
	int retry_after; /* seconds the server asked us to wait; -1: it did not say */
	bool exhausted;  /* all retries have been used up */
	bool awaited;    /* the limiter already spaces the next try (net/limiter.h) */
	bool stopped;    /* a stop prevented the next try, so this failure is one thread's alone */
	/* bytes at the end of text that are common to many failures and reported once */
	unsigned shared;
	char text[ERROR_TEXT_SIZE]; /* what, where, and what to do about it */
};

/*
 * Fills err with kind and text, which may be made of err's text until now; all other members become
 * unknown. Returns false.
 */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...) printf_like(3, 4);

/* Puts "words: " in front of the text. Returns false. */
bool error_wrap(struct error *err, const char *format, ...) printf_like(2, 3);

/* True for both kinds of it. */
bool error_is_corrupt(const struct error *err);

/* "out of memory" with kind ERROR_MEMORY. Returns false. */
bool error_memory(struct error *err);

/*
 * Marks a failure whose next try a stop prevented: the kind stays, and the text gets
 * "; stopped by SIGTERM before the next try". Returns false.
 */
bool error_stopped(struct error *err);

/* True when the failure says nothing about the server: a stop came before its answer. */
bool error_is_stop(const struct error *err);

/* "stopped by SIGTERM", or whatever asked the run to stop. Returns false. */
bool error_canceled(struct error *err);

/* The word the report uses for a kind: "denied", "missing", ... */
const char *error_kind_name(enum error_kind kind);
/* The kind of that word; the first one where several have it. False: there is none. */
bool error_kind_named(struct str word, enum error_kind *out);
