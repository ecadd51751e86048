/*
 * What registries send when an image was pushed: one file for each vendor reads its payload.
 *
 * A message names images by host, repository and tag, all of which have passed oci/reference.h.
 * Nothing is contacted and nothing is kept between calls, so any thread may read.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum { EVENTS_IMAGES_MAX = 4096 };

struct event_image {
	const char *host; /* of the registry, as the payload says it; NULL: it does not */
	const char *repository;
	const char *tag;
};

struct event_images {
	struct event_image *items;
	size_t count;
	size_t others;      /* events that name no pushed tag: deletions, pings, digests alone */
	const char *answer; /* JSON that has to be the body of the answer; NULL: any body will do */
};

/* A request, as far as the readers need it. */
struct event_message {
	struct str body;
	const char *(*header)(const void *ctx, const char *name); /* NULL: absent */
	const void *ctx;
};

/* A vendor, and how it can show that it knows a secret. */
struct event_kind {
	const char *name; /* "harbor" */
	/*
	 * Reads a message; what it names lives in arena. ERROR_CONFIG names the field that is
	 * wrong: 400. ERROR_MEMORY: try again later. More than EVENTS_IMAGES_MAX images are an
	 * error.
	 */
	bool (*read)(struct arena *arena, const struct event_message *message,
		     struct event_images *out, struct error *err);
	/*
	 * Whether the message carries the secret, in a header or as an HMAC of its body; in
	 * constant time. An empty secret is never carried. NULL: this vendor cannot.
	 */
	bool (*proves)(const struct event_message *message, struct str secret);
	/* The registry, when the payload does not say; NULL: the configuration has to say it. */
	const char *host;
};

/* The kind of that name; NULL: there is none. */
const struct event_kind *events_find(struct str name);
/* The kind of that number, from 0, in the order of the documents; NULL after the last. */
const struct event_kind *events_kind(size_t number);
