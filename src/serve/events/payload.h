/* What the files of the kinds share. Private to serve/events/. */
#pragma once

#include "doc/node.h"
#include "serve/events/events.h"

typedef bool payload_reader(struct arena *arena, const struct event_message *message,
			    struct event_images *out, struct error *err);

payload_reader dockerhub_read, harbor_read, quay_read, github_read, gitlab_read, acr_read,
	aliyun_read, distribution_read, zot_read, nexus_read;

/* A message that is being read. */
struct payload {
	struct arena *arena;
	struct event_images *out;
	struct error *err;
	const char *where; /* what the fields of this event are below, for errors: "events[]." */
	size_t room;       /* for images */
};

/* A field that is a name, or a part of one. */
struct payload_name {
	const char *field; /* "target.tag" */
	struct str text;   /* empty: there is none */
	enum node_kind kind;
};

struct payload_image {
	struct payload_name host, repository, tag;
};

/* Parses the body. *out becomes empty. */
bool payload_open(struct payload *payload, const struct event_message *message,
		  const struct node **root);
/* A header of the message; the empty slice when it is absent. */
struct str payload_header(const struct event_message *message, const char *name);
/* The value at the end of a path such as "target.tag"; NULL when any part of it is missing. */
const struct node *payload_get(const struct node *node, const char *path);
/* The same, if it is a string; otherwise the empty slice. */
struct str payload_text(const struct node *node, const char *path);
/* True when the value is that string. */
bool payload_is(const struct node *node, const char *path, const char *text);
/* The same as a name. A value that is not a string is an error once the name is used. */
struct payload_name payload_name(const struct node *node, const char *path);
/* The host of a URL, with or without a scheme. */
struct str payload_host(struct str url);
/* Sets *out to a list or a map. ERROR_CONFIG when it is missing or something else. */
bool payload_expect(const struct payload *payload, const struct node *node, const char *path,
		    enum node_kind kind, const struct node **out);
/* Counts an event that names no pushed tag. Returns true. */
bool payload_other(struct payload *payload);
/*
 * Adds an image if each of its names is valid. Without a tag, or with a digest for one, it is
 * another event. A host that an image's name cannot begin with, such as "registry", is left out.
 */
bool payload_add(struct payload *payload, const struct payload_image *image);
