/*
 * Whether the chain that a server sent leads to an anchor and is for that server (RFC 5280 section
 * 6). Pure, but for the memo.
 */
#pragma once

#include "net/tls_certificate.h"

struct tls_memo;

enum { TLS_PATH_SENT_MAX = 20 };

struct tls_path_query {
	/* the server's certificate first, the others in any order */
	const struct tls_certificate *sent;
	size_t count; /* from 1 to TLS_PATH_SENT_MAX */
	const struct tls_certificate *anchors;
	size_t anchor_count;
	struct str host;    /* the server's name; ignored when address is given */
	struct str address; /* the server's address in network order; empty: it has a name */
	int64_t now;
	struct tls_memo *memo; /* NULL: none */
};

struct tls_path_verdict {
	enum tls_fault fault;
	/* The authority at fault, if it is not the server's own certificate; else "". */
	char authority[TLS_CERTIFICATE_TITLE_SIZE];
};

/*
 * The verdict is TLS_FAULT_NONE when one path is free of faults. Otherwise it is the fault of the
 * first path that was tried.
 */
void tls_path_check(const struct tls_path_query *query, struct tls_path_verdict *out);
