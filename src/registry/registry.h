/*
 * Registries as the rest of the program sees them: one client for the whole run, and repositories.
 *
 * A struct repository is a plain record naming one repository on one side of the copy; it is
 * immutable and may be used by any thread at once. manifests.h, push.h, blobs.h, upload.h, tags.h
 * and referrals.h say what can be done with it, and registry_store.h makes a store of it.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "net/http.h"
#include "oci/reference.h"
#include "registry/credential.h"

struct ecr_keys;
struct registry;
struct helpers;
struct host;

struct registry_options {
	struct http *http;
	const struct credentials *credentials;
	struct helpers *helpers;    /* see helpers.h; NULL: this process starts them */
	const struct ecr_keys *aws; /* see ecr.h; NULL: there are none */
	unsigned keep_pulls;        /* see host_pull() in host.h */
	/* Called after each HTTP request that was answered, from any thread; may be NULL. */
	void (*counted)(void *ctx, bool target);
	void *ctx;
};

/* How one side of the copy reaches a host: enough for whatever is asked there. */
struct access {
	struct registry *registry;
	struct host *host;
	const struct credential *credential; /* NULL: anonymous */
	bool target; /* we write here: tokens are asked with pull and push */
};

struct repository {
	struct access access;
	const char *name; /* "library/nginx" */
	bool mirror;      /* it stands in for another registry, which is asked next */
};

/* options and what it points to must outlive the client. NULL without memory. */
struct registry *registry_new(const struct registry_options *options);
void registry_free(struct registry **registry);

/* Before another round: hosts that could not be reached are tried again at once. */
void registry_forgive(struct registry *registry);

/* The repository that ref names; strings of ref must outlive it. ERROR_MEMORY only. */
bool registry_open(struct registry *registry, const struct reference *ref, bool target,
		   struct repository *out, struct error *err);
/* A stable name of the registry, for tables: host as configured. */
const char *registry_host_name(const struct repository *repository);
