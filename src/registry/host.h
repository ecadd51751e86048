/*
 * What the run has learnt about one registry host. Private to registry/.
 *
 * The first request to a host is made by one thread while the others wait: it finds out whether the
 * host speaks https, and how it wants us to log in, so that nobody asks twice. When it fails, the
 * next try is another thread's. A host that stays out of reach is given up by net/limiter.h; a
 * mirror is left alone sooner, since there is another place to ask.
 */
#pragma once

#include "base/flight.h"
#include "net/url.h"
#include "registry/challenge.h"
#include "registry/profile.h"

#include <pthread.h>

enum { HOST_PULLS_ANY = -1, HOST_PAGE_FIRST = 1000 };

struct host {
	const char *name;    /* as configured: "docker.io" */
	const char *address; /* where requests go: "registry-1.docker.io" */
	const struct profile *profile;
	bool insecure; /* certificates are not checked; http is tried where https fails */
	bool settled; /* it has answered by scheme; for the one that finds out, who needs no lock */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct flight probe; /* the first request; it has landed: the host is known */
	const char *scheme;  /* "https" or "http"; fixed once settled, or once probe has landed */
	struct url origin;   /* for scheme; text NULL: not parsed yet */
	struct challenge challenge;
	struct arena *arena;    /* holds the strings of origin and challenge */
	int64_t pulls_left;     /* as the registry last said; HOST_PULLS_ANY before */
	unsigned pulling;       /* manifests being read, each of which counts */
	unsigned mounts_undone; /* it answered 202 for a blob that another repository has */
	bool patches;           /* a PUT with bytes is refused, a PATCH is not */
	unsigned page;          /* tags in a page of a list */
	int64_t body_max;       /* the most bytes it takes at once; 0: no limit is known */
	bool complained;        /* its failure as a mirror was reported */
	bool inside;            /* it has answered from an address of an internal network */
	struct flight ping;     /* the question to the root of the API */
	unsigned pings_failed;
};

bool host_init(struct host *host, struct arena *arena, const char *name, bool insecure);
void host_finish(struct host *host);

/*
 * Waits until the host is known or the caller is the one to find out: then *probing is set and
 * host_leave() must follow. Fails with the reason for which an unknown host is shunned.
 */
bool host_enter(struct host *host, bool *probing, struct error *err);
/* Ends probing. reason: why the exchange failed, which may be after an answer; NULL: it did not. */
void host_leave(struct host *host, const struct error *reason);
/* Leaves a host that is not known alone for a while, where reason says that nobody is there. */
void host_shun(struct host *host, const struct error *reason, int64_t milliseconds);
/* Ends that. */
void host_forgive(struct host *host);
/* The base URL "https://address/"; its strings live as long as the host. */
bool host_origin(struct host *host, struct url *out, struct error *err);
/* Switches between https and http; only while probing. */
void host_use_scheme(struct host *host, const char *scheme);
/* A copy of the challenge in arena; scheme CHALLENGE_NONE before any. False without memory. */
bool host_challenge(struct host *host, struct arena *arena, struct challenge *out);
/* Remembers realm and service of challenge. False without memory. */
bool host_learn(struct host *host, const struct challenge *challenge);
/*
 * True for the one thread that is to ask the root of the API; it calls host_pinged() afterwards,
 * for which the others wait. False: that was done before.
 */
bool host_ping(struct host *host);
/* answered false: another thread is to ask, unless too many did. True: nobody asks again. */
bool host_pinged(struct host *host, bool answered);
/*
 * Docker Hub counts manifests that are read and says with each answer, HEAD included, how many more
 * it allows in a window of time: "ratelimit-remaining: 76;w=21600". host_pull() asks to read one;
 * ERROR_LIMITED, without asking the registry, when that would leave less than keep. After it comes
 * host_pulled().
 */
void host_allows(struct host *host, struct str remaining);
bool host_pull(struct host *host, unsigned keep, struct error *err);
void host_pulled(struct host *host);
/* Remembers that the host itself is in an internal network; whether it is. */
void host_lies_inside(struct host *host);
bool host_is_inside(struct host *host);
/* How many tags to ask for in a page of a list; 0: none are named. What the host took. */
unsigned host_page(struct host *host);
void host_learn_page(struct host *host, unsigned size);
/* True for the first caller: worth a warning, what follows is more of the same. */
bool host_complain(struct host *host);
/* Whether a mount is worth a try; what to tell when one was not done. */
bool host_mounts(struct host *host);
void host_mount_undone(struct host *host);
/* How to upload a blob of size bytes; with PROFILE_CHUNKS *most is the size of the chunks. */
enum profile_upload host_upload(struct host *host, int64_t size, int64_t *most);
/*
 * A body of size bytes was too large (413). True when smaller ones may do; *most is their size from
 * now on, 0 if that was known already.
 */
bool host_too_large(struct host *host, int64_t size, int64_t *most);
/* A PUT with bytes was refused: from now on they go by PATCH. */
void host_wants_patch(struct host *host);
