/*
 * The state of one registry host, as learnt during the run. Private to registry/.
 *
 * One thread sends the first request to a host while the others wait. It finds out whether the host
 * speaks https, and how to log in, so that this happens only once. If it fails, another thread
 * makes the next try. A host that stays out of reach is given up by net/limiter.h; a mirror is
 * skipped sooner, since there is another server to ask.
 */
#pragma once

#include "base/flight.h"
#include "net/url.h"
#include "registry/challenge.h"
#include "registry/profile.h"

#include <pthread.h>

enum { HOST_PULLS_ANY = -1, HOST_PAGE_FIRST = 1000 };

struct host {
	const char *name;    /* the configured name: "docker.io" */
	const char *address; /* the host that requests go to: "registry-1.docker.io" */
	const struct profile *profile;
	bool insecure; /* certificates are not checked; http is tried where https fails */
	bool settled; /* it has answered over scheme; only the probing thread uses this, unlocked */

	pthread_mutex_t lock; /* guards the members below */
	pthread_cond_t changed;
	struct flight probe; /* the first request; it has landed: the host is known */
	const char *scheme;  /* "https" or "http"; fixed once settled, or once probe has landed */
	struct url origin;   /* the URL for scheme; text NULL: not parsed yet */
	struct challenge challenge;
	struct arena *arena;    /* holds the strings of origin and challenge */
	int64_t pulls_left;     /* manifests it still allows; HOST_PULLS_ANY: it has not said */
	unsigned pulling;       /* manifests being read, each of which counts */
	unsigned mounts_undone; /* mounts from a known location that it answered with 202 */
	bool counts;            /* it has said how many requests it still allows */
	bool patches;           /* it refuses a PUT with bytes, but not a PATCH */
	unsigned page;          /* number of tags to ask for in a page of a list */
	int64_t body_max;       /* the largest body it accepts; 0: no limit is known */
	bool inside;            /* it has answered from an address of an internal network */
	struct flight ping;     /* the question to the root of the API */
	unsigned pings_failed;  /* number of requests to the root that failed */
};

bool host_init(struct host *host, struct arena *arena, const char *name, bool insecure);
void host_finish(struct host *host);

/*
 * Waits until the host is known or the caller is the thread to probe it: then *probing is set, and
 * host_leave() must follow. Fails while an unknown host is shunned, with the reason for that.
 */
bool host_enter(struct host *host, bool *probing, struct error *err);
/* Ends probing. reason: why the exchange failed, even if it was answered; NULL: it did not. */
void host_leave(struct host *host, const struct error *reason);
/* Shuns a host that is not known for a while, if reason shows that it is out of reach. */
void host_shun(struct host *host, const struct error *reason, int64_t milliseconds);
/* Ends the time in which the host is shunned. */
void host_forgive(struct host *host);
/* The base URL "https://address/"; its strings live as long as the host. */
bool host_origin(struct host *host, struct url *out, struct error *err);
/* Switches between https and http; only while probing. */
void host_use_scheme(struct host *host, const char *scheme);
/* Copies the challenge to arena; scheme CHALLENGE_NONE: there was none. False without memory. */
bool host_challenge(struct host *host, struct arena *arena, struct challenge *out);
/* Keeps realm and service of the challenge. False without memory. */
bool host_learn(struct host *host, const struct challenge *challenge);
/*
 * True for the thread that is to ask the root of the API; it must call host_pinged(), which the
 * other threads wait for. False: that was done before.
 */
bool host_ping(struct host *host);
/*
 * Ends host_ping(). answered false: another thread asks, unless too many requests have failed.
 * True: the root is not asked again.
 */
bool host_pinged(struct host *host, bool answered);
/*
 * Docker Hub counts manifests that are read, and each answer, also to HEAD, says how many more it
 * allows in a window of time: "ratelimit-remaining: 76;w=21600". host_allows() takes that value.
 * host_pull() asks to read a manifest, and host_pulled() must follow; ERROR_LIMITED, without a
 * request, if that would leave less than keep.
 */
void host_allows(struct host *host, struct str remaining);
/* True for a host that is known to count requests, or has sent any such header. */
bool host_counts(struct host *host);
bool host_pull(struct host *host, unsigned keep, struct error *err);
void host_pulled(struct host *host);
/* Records that the host itself is in an internal network. */
void host_lies_inside(struct host *host);
/* True when that was recorded. */
bool host_is_inside(struct host *host);
/* The number of tags to ask for in a page of a list; 0: ask without a number. */
unsigned host_page(struct host *host);
/* Records the number that the host has accepted. */
void host_learn_page(struct host *host, unsigned size);
/* True when a mount is worth a try. */
bool host_mounts(struct host *host);
/* Records that the host opened an upload instead of mounting a blob. */
void host_mount_undone(struct host *host);
/* The way to upload a blob of size bytes; with PROFILE_CHUNKS *most is the size of the chunks. */
enum profile_upload host_upload(struct host *host, int64_t size, int64_t *most);
/*
 * A body of size bytes was too large (413). True when smaller ones may be accepted; *most is their
 * new maximum, 0 if that is not new.
 */
bool host_too_large(struct host *host, int64_t size, int64_t *most);
/* A PUT with bytes was refused: from now on the bytes are sent by PATCH. */
void host_wants_patch(struct host *host);
