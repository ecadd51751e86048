/*
 * A dry run reads the state and stores nothing: it is asked what would happen, often for somebody
 * else's change and without the right to write, and must not start the clock of an image.
 *
 * A server reads the state before each run, since other processes may share it.
 */
#include "cmd/state_keeper.h"

#include "base/log.h"
#include "cmd/state_file.h"

#include <pthread.h>

struct state_keeper {
	struct sync_state *state;
	struct state_place place;
	bool dry_run;
	bool lenient;         /* what is wrong is a warning */
	bool found;           /* there is something stored */
	bool full_told;       /* that there is too much was reported */
	pthread_mutex_t lock; /* held by whoever reads or stores; guards found and full_told */
};

const char *state_keeper_file(const struct state_keeper *keeper)
{
	return keeper ? keeper->place.file : NULL;
}

struct sync_state *state_keeper_state(const struct state_keeper *keeper)
{
	return keeper ? keeper->state : NULL;
}

/* Returns whether the run may go on. */
static bool complain(const struct state_keeper *keeper, const struct error *err)
{
	if (keeper->lenient)
		log_warn("hints for the next run: %s", err->text);
	else
		log_error("--state: %s", err->text);
	return keeper->lenient;
}

bool state_keeper_open(struct session *session, const struct run *first)
{
	const struct options *options = first->options;
	struct state_place place = first->config.state;
	struct error err;
	bool hints = options->hints && !place.file && !place.image.host;
	if (hints)
		place.file = options->hints;
	if (!place.file && !place.image.host)
		return true;
	struct state_keeper *keeper = arena_new_of(session->arena, struct state_keeper);
	struct sync_state *state = keeper ? state_new() : NULL;
	if (!state) {
		log_error("out of memory");
		return false;
	}
	*keeper = (struct state_keeper){
		.state = state, .place = place, .dry_run = options->dry_run, .lenient = hints};
	pthread_mutex_init(&keeper->lock, NULL);
	session->keeper = keeper;
	if (!place.file || state_file_prepare(place.file, options->dry_run, &err))
		return true;
	/* A file that cannot be replaced may still be read. */
	if (hints && err.kind == ERROR_CONFIG)
		state_keeper_close(&session->keeper);
	return complain(keeper, &err);
}

void state_keeper_close(struct state_keeper **keeper)
{
	if (!*keeper)
		return;
	state_free(&(*keeper)->state);
	pthread_mutex_destroy(&(*keeper)->lock);
	*keeper = NULL;
}

/* Caller holds the lock. */
static bool load(struct state_keeper *keeper, struct error *err)
{
	return state_file_read(keeper->state, keeper->place.file, !keeper->dry_run, &keeper->found,
			       err);
}

bool state_keeper_load(const struct run *run)
{
	struct state_keeper *keeper = run->session->keeper;
	struct error err;
	if (!keeper)
		return true;
	pthread_mutex_lock(&keeper->lock);
	bool ok = load(keeper, &err);
	pthread_mutex_unlock(&keeper->lock);
	return ok || complain(keeper, &err);
}

static void tell_full(struct state_keeper *keeper)
{
	if (keeper->full_told || !state_full(keeper->state))
		return;
	keeper->full_told = true;
	log_warn("the state has no room for more than %d digests and %d tags: what is beyond is "
		 "not remembered; keep a state for each part of the rules (docs/state.md)",
		 STATE_MAX, STATE_MAX);
}

/* Caller holds the lock. */
static bool save(struct state_keeper *keeper, struct error *err)
{
	tell_full(keeper);
	if (keeper->found && !state_changed(keeper->state))
		return true;
	keeper->found = state_file_store(keeper->state, keeper->place.file, err);
	return keeper->found;
}

bool state_keeper_save(const struct run *run)
{
	struct state_keeper *keeper = run->session->keeper;
	struct error err;
	if (!keeper || keeper->dry_run)
		return true;
	pthread_mutex_lock(&keeper->lock);
	bool ok = save(keeper, &err);
	pthread_mutex_unlock(&keeper->lock);
	return ok || complain(keeper, &err);
}
