/*
 * One client for all registries of a run, and the repositories that it opens.
 *
 * A struct repository is a plain record that names one repository on one side of the copy; it is
 * immutable and may be used by any thread. manifests.h, push.h, blobs.h, upload.h, tags.h and
 * referrals.h have its operations, and registry_store.h makes a store of it.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "net/http.h"
#include "oci/reference.h"
#include "registry/credential.h"
#include "store/store.h"

struct creation;
struct ecr_keys;
struct registry;
struct helpers;
struct host;

struct registry_options {
	struct http *http;
	const struct credentials *credentials;
	struct helpers *helpers;    /* see helpers.h; NULL: this process starts helpers itself */
	const struct ecr_keys *aws; /* see ecr.h; NULL: there are none */
	unsigned keep_pulls;        /* see host_pull() in host.h */
	bool keep_lists;            /* what known.h says stays, although it takes memory */
	struct stores folders;      /* mirrors that are no registries; may be left out */
	/* Called after each HTTP request that got an answer, from any thread; may be NULL. */
	void (*counted)(void *ctx, bool target);
	void *ctx;
};

/* How one side of the copy reaches a host; enough for any request to it. */
struct access {
	struct registry *registry;
	struct host *host;
	const struct credential *credential; /* NULL: anonymous */
	bool target; /* this side is written to: tokens are for pull and push */
	bool chosen; /* a server named the host, which then may not have an internal address */
};

struct repository {
	struct access access;
	const char *name; /* "library/nginx" */
	bool mirror;      /* it is a mirror of another registry, which is asked next */
	const struct creation *creation; /* what a push may create; NULL: nothing */
};

/* options and what it points to must outlive the client. NULL without memory. */
struct registry *registry_new(const struct registry_options *options);
void registry_free(struct registry **registry);

/* Before another round: lets hosts that could not be reached be tried again at once. */
void registry_forgive(struct registry *registry);

/*
 * The repository that ref names; strings of ref must outlive it. ERROR_MEMORY; ERROR_UNSUPPORTED:
 * it is a folder.
 */
bool registry_open(struct registry *registry, const struct reference *ref, bool target,
		   struct repository *out, struct error *err);
/* A stable name of the registry, for tables: the host as configured. */
const char *registry_host_name(const struct repository *repository);
