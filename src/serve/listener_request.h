/*
 * A request as it is read: its target, its headers, and why it is refused. Pure.
 *
 * Everything is a copy in the arena of the request, so that it does not depend on the connection.
 */
#pragma once

#include "serve/listener.h"

#include "base/buf.h"

#include <stdint.h>

/* What a client asked, apart from the body. */
struct listener_head {
	struct arena *arena;
	const char *method, *path, *peer;
	struct listener_header *headers, *fields; /* fields: of the query */
	size_t header_count, header_space, field_count;
	uint64_t body_bytes; /* what Content-Length announces; 0 without one */
	bool failed;         /* out of memory */
};

/* Takes target apart, "/path?query" or "http://host/path?query". False: malformed. */
bool listener_request_target(struct listener_head *head, const char *target);
/* Adds a header; value may be NULL. */
void listener_request_header(struct listener_head *head, struct str name, struct str value);
/*
 * The status with which this head is refused, by its headers and those limits; 0: it is not.
 * size: bytes of the request line and the headers.
 */
unsigned listener_request_refusal(struct listener_head *head, size_t size,
				  const struct listener_options *options);
/* What a refused client reads; constant. */
struct str listener_request_words(unsigned status);
/* The value of the first of the count entries that has the name; NULL: none has. */
const char *listener_request_find(const struct listener_header *entries, size_t count,
				  const char *name, bool any_case);
