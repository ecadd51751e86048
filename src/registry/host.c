/* Strings of an older challenge stay in the arena: they change at most a few times in a run. */
#include "registry/host.h"

#include "oci/reference.h"

#include <string.h>

enum {
	BODY_MIN = 64 * 1024, /* a host that refuses smaller bodies refuses all */
	PINGS_MAX = 3,        /* failed requests to the root of the API */
};

bool host_init(struct host *host, struct arena *arena, const char *name, bool insecure)
{
	*host = (struct host){.insecure = insecure,
			      .scheme = "https",
			      .pulls_left = HOST_PULLS_ANY,
			      .page = HOST_PAGE_FIRST};
	host->name = arena_string(arena, name);
	host->address = host->name ? reference_api_host(host->name) : NULL;
	host->profile = profile_of(name);
	host->body_max = host->profile->whole_max;
	host->arena = arena_new();
	if (!host->name || !host->arena) {
		arena_free(&host->arena);
		return false;
	}
	pthread_mutex_init(&host->lock, NULL);
	pthread_cond_init(&host->changed, NULL);
	return true;
}

void host_finish(struct host *host)
{
	pthread_cond_destroy(&host->changed);
	pthread_mutex_destroy(&host->lock);
	arena_free(&host->arena);
}

bool host_enter(struct host *host, bool *probing, struct error *err)
{
	pthread_mutex_lock(&host->lock);
	enum flight_turn turn = flight_board(&host->probe, &host->changed, &host->lock, NULL, err);
	pthread_mutex_unlock(&host->lock);
	*probing = turn == FLIGHT_LEAD;
	return turn != FLIGHT_FAILED;
}

/* True for failures after which the host is as unknown as before. */
static bool is_unknown(const struct error *reason)
{
	return reason->kind == ERROR_UNREACHABLE || reason->kind == ERROR_TLS ||
	       reason->kind == ERROR_NOT_TLS || reason->kind == ERROR_NETWORK ||
	       reason->kind == ERROR_CONFIG || error_is_stop(reason);
}

void host_leave(struct host *host, const struct error *reason)
{
	pthread_mutex_lock(&host->lock);
	if (reason && is_unknown(reason))
		flight_drop(&host->probe, &host->changed);
	else
		flight_land(&host->probe, &host->changed);
	pthread_mutex_unlock(&host->lock);
}

void host_shun(struct host *host, const struct error *reason, int64_t milliseconds)
{
	if (reason->kind != ERROR_UNREACHABLE && reason->kind != ERROR_TLS &&
	    reason->kind != ERROR_NOT_TLS)
		return;
	pthread_mutex_lock(&host->lock);
	flight_ground(&host->probe, host->arena, milliseconds, reason);
	pthread_mutex_unlock(&host->lock);
}

void host_forgive(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	flight_forgive(&host->probe);
	pthread_mutex_unlock(&host->lock);
}

/* Parses the origin, which is kept only as a whole. Caller holds the lock. */
static bool parse_origin(struct host *host, struct error *err)
{
	struct url origin;
	const char *text = arena_printf(host->arena, "%s://%s/", host->scheme, host->address);
	if (!text)
		return error_memory(err);
	if (!url_parse(host->arena, text, &origin, err))
		return false;
	host->origin = origin;
	return true;
}

bool host_origin(struct host *host, struct url *out, struct error *err)
{
	bool ok = true;
	pthread_mutex_lock(&host->lock);
	if (!host->origin.text)
		ok = parse_origin(host, err);
	*out = host->origin;
	pthread_mutex_unlock(&host->lock);
	return ok;
}

void host_use_scheme(struct host *host, const char *scheme)
{
	pthread_mutex_lock(&host->lock);
	host->scheme = scheme;
	host->origin = (struct url){0};
	pthread_mutex_unlock(&host->lock);
}

static bool copy_text(struct arena *arena, const char *text, const char **out)
{
	*out = text ? arena_string(arena, text) : NULL;
	return !text || *out;
}

static bool copy_challenge(struct arena *arena, const struct challenge *from, struct challenge *out)
{
	*out = (struct challenge){.scheme = from->scheme};
	return copy_text(arena, from->realm, &out->realm) &&
	       copy_text(arena, from->service, &out->service);
}

bool host_challenge(struct host *host, struct arena *arena, struct challenge *out)
{
	pthread_mutex_lock(&host->lock);
	bool ok = copy_challenge(arena, &host->challenge, out);
	pthread_mutex_unlock(&host->lock);
	return ok;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool host_learn(struct host *host, const struct challenge *challenge)
{
	bool ok = true;
	struct challenge copy;
	pthread_mutex_lock(&host->lock);
	bool same = host->challenge.scheme == challenge->scheme &&
		    same_text(host->challenge.realm, challenge->realm) &&
		    same_text(host->challenge.service, challenge->service);
	if (!same)
		ok = copy_challenge(host->arena, challenge, &copy);
	if (!same && ok)
		host->challenge = copy;
	pthread_mutex_unlock(&host->lock);
	return ok;
}

bool host_ping(struct host *host)
{
	struct error none;
	pthread_mutex_lock(&host->lock);
	enum flight_turn turn = flight_board(&host->ping, &host->changed, &host->lock, NULL, &none);
	pthread_mutex_unlock(&host->lock);
	return turn == FLIGHT_LEAD;
}

bool host_pinged(struct host *host, bool answered)
{
	pthread_mutex_lock(&host->lock);
	host->pings_failed += !answered;
	bool done = answered || host->pings_failed >= PINGS_MAX;
	if (done)
		flight_land(&host->ping, &host->changed);
	else
		flight_drop(&host->ping, &host->changed);
	pthread_mutex_unlock(&host->lock);
	return done;
}

unsigned host_page(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	unsigned size = host->page;
	pthread_mutex_unlock(&host->lock);
	return size;
}

void host_learn_page(struct host *host, unsigned size)
{
	pthread_mutex_lock(&host->lock);
	host->page = size;
	pthread_mutex_unlock(&host->lock);
}

void host_lies_inside(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	host->inside = true;
	pthread_mutex_unlock(&host->lock);
}

bool host_is_inside(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	bool inside = host->inside;
	pthread_mutex_unlock(&host->lock);
	return inside;
}

/* The largest number of manifests that are read while one answer is on its way. */
enum { PULLS_OVERTAKEN = 32 };

void host_allows(struct host *host, struct str remaining)
{
	struct str number;
	int64_t left = 0;
	if (remaining.len) {
		pthread_mutex_lock(&host->lock);
		host->counts = true;
		pthread_mutex_unlock(&host->lock);
	}
	/* Without a window the header limits the rate of requests (GitLab), not manifests. */
	if (!str_cut(&remaining, ';', &number) || !str_starts(str_trim(remaining), "w=") ||
	    !str_to_int64(str_trim(number), &left))
		return;
	pthread_mutex_lock(&host->lock);
	/* Answers overtake each other: a little more is an old answer, much more a new window. */
	bool first = host->pulls_left == HOST_PULLS_ANY;
	if (first || left < host->pulls_left || left > host->pulls_left + PULLS_OVERTAKEN)
		host->pulls_left = left;
	pthread_mutex_unlock(&host->lock);
}

bool host_counts(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	bool counts = host->counts || host->profile->counts_reads;
	pthread_mutex_unlock(&host->lock);
	return counts;
}

/* Caller holds the lock. */
static bool may_pull(const struct host *host, unsigned keep)
{
	return host->pulls_left == HOST_PULLS_ANY ||
	       host->pulls_left - (int64_t)host->pulling > (int64_t)keep;
}

bool host_pull(struct host *host, unsigned keep, struct error *err)
{
	pthread_mutex_lock(&host->lock);
	/* Reads under way may or may not be counted yet, so near the limit this waits for them. */
	while (!may_pull(host, keep) && host->pulling)
		pthread_cond_wait(&host->changed, &host->lock);
	bool ok = may_pull(host, keep);
	int64_t left = host->pulls_left;
	host->pulling += ok;
	pthread_mutex_unlock(&host->lock);
	if (ok)
		return true;
	error_set(err, ERROR_LIMITED,
		  "%s allows only %lld more manifests for now, and %u are reserved (--keep-pulls)",
		  host->name, (long long)left, keep);
	err->exhausted = true;
	return false;
}

void host_pulled(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	host->pulling--;
	pthread_cond_broadcast(&host->changed);
	pthread_mutex_unlock(&host->lock);
}

bool host_mounts(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	bool worth = host->mounts_undone < host->profile->mount_tries;
	pthread_mutex_unlock(&host->lock);
	return worth;
}

void host_mount_undone(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	host->mounts_undone++;
	pthread_mutex_unlock(&host->lock);
}

enum profile_upload host_upload(struct host *host, int64_t size, int64_t *most)
{
	enum profile_upload way = PROFILE_WHOLE;
	pthread_mutex_lock(&host->lock);
	*most = host->body_max;
	if (host->profile->chunk_max && host->body_max && size > host->body_max)
		way = PROFILE_CHUNKS;
	else if (host->patches)
		way = PROFILE_ONE_PATCH;
	pthread_mutex_unlock(&host->lock);
	return way;
}

bool host_too_large(struct host *host, int64_t size, int64_t *most)
{
	int64_t smaller = size / 4;
	*most = 0;
	if (!host->profile->chunk_max)
		return false;
	if (smaller > host->profile->chunk_max)
		smaller = host->profile->chunk_max;
	if (smaller < BODY_MIN)
		smaller = BODY_MIN;
	pthread_mutex_lock(&host->lock);
	if (!host->body_max || smaller < host->body_max)
		host->body_max = *most = smaller;
	bool hope = host->body_max < size;
	pthread_mutex_unlock(&host->lock);
	return hope;
}

void host_wants_patch(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	host->patches = true;
	pthread_mutex_unlock(&host->lock);
}
