/*
 * What `probe` has met at one registry, for people and as JSON. Plain record; texts are as others
 * sent them and are made harmless here.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

enum { PROBE_REPORT_CERTIFICATES = 20, PROBE_REPORT_LIMITS = 8 };

struct probe_certificate {
	const char *subject, *issuer;
	const char *names; /* that it is for, "reg.example.com, *.example.com"; "": none */
	int64_t not_after; /* in seconds since 1970 */
};

struct probe_limit {
	const char *header, *value;
};

/* Texts are NULL where nothing is known; milliseconds are -1. */
struct probe_report {
	const char *target;  /* as asked for */
	const char *address; /* that was connected to, or tried */
	const char *proxy;
	int64_t lookup_ms, connect_ms, tls_ms;
	const char *scheme;
	const char *version, *suite;
	bool unchecked; /* certificates are not checked */
	struct probe_certificate certificates[PROBE_REPORT_CERTIFICATES];
	size_t certificate_count;
	const char *challenge; /* "bearer", "basic", or "" if it asks for no login */
	const char *realm, *service;
	const char *token_server; /* where it was met: "203.0.113.9:443" */
	const char *login;        /* the place of the login; NULL: anonymous */
	const char *user;
	bool accepted; /* the registry has answered requests with it */
	bool unsent;   /* the login is not sent, since nobody asks for it, or it may not go there */
	const char *scope;
	const char *tag;   /* that was looked for */
	size_t tags;       /* listed on the first page */
	bool listed, more; /* there was a list; it has more pages */
	int first, next;   /* requests for the first tag, and for each further one; -1 */
	struct probe_limit limits[PROBE_REPORT_LIMITS];
	size_t limit_count;
	const char *listing; /* the kind of list of repositories */
	bool reads;
	bool pushing, pushes; /* whether it was tried, and with which result */
	const char *error;    /* what went wrong first */
};

/* Appends some ten lines. now: seconds since 1970. */
void probe_report_text(const struct probe_report *report, int64_t now, struct buf *out);
/* Appends one JSON document about all of them. */
void probe_report_json(const struct probe_report *reports, size_t count, struct buf *out);
