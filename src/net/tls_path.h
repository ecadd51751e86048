/*
 * Whether what a server sent can be traced to an anchor, and is for that server (RFC 5280 section
 * 6). Pure.
 */
#pragma once

#include "net/tls_certificate.h"

enum { TLS_PATH_SENT_MAX = 20 };

struct tls_path_query {
	const struct tls_certificate *sent; /* the server's own first, the others in any order */
	size_t count;                       /* from 1 to TLS_PATH_SENT_MAX */
	const struct tls_certificate *anchors;
	size_t anchor_count;
	struct str host;    /* what the server is called; not asked for when address is given */
	struct str address; /* in network order; empty when it is called by name */
	int64_t now;
};

struct tls_path_verdict {
	enum tls_fault fault;
	/* What is at fault, when that is an authority above the server's certificate; else "". */
	char authority[TLS_CERTIFICATE_TITLE_SIZE];
};

/*
 * The verdict is TLS_FAULT_NONE when there is one path on which nothing is wrong. Otherwise it is
 * what was wrong with the first one that was tried.
 */
void tls_path_check(const struct tls_path_query *query, struct tls_path_verdict *out);
