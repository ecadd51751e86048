/*
 * A dry run reads the state and stores nothing: it is asked what would happen, often for somebody
 * else's change and without the right to write, and must not start the clock of an image.
 *
 * A server reads the state before each run, since other processes may share it.
 */
#include "cmd/state_keeper.h"

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/state_file.h"
#include "cmd/state_image.h"

#include <pthread.h>

/* How long storing may take in a registry. */
enum { SECONDS_MAX = 120 };

struct state_keeper {
	struct sync_state *state;
	struct state_place place;
	struct state_image image; /* without a file */
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
	struct state_place place = {0};
	struct error err;
	/* What was loaded may be released before the session ends. */
	if (options->state && !state_place_parse(session->arena, options->state, &place, &err)) {
		log_error("--state: %s", err.text);
		return false;
	}
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
	keeper->image.name = &keeper->place.image;
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
static bool load(struct state_keeper *keeper, const struct run *run, struct error *err)
{
	keeper->image.stores = &run->stores;
	if (!keeper->place.file)
		return state_image_read(&keeper->image, keeper->state, !keeper->dry_run,
					&keeper->found, err);
	const struct state_file file = {keeper->place.file, keeper->lenient};
	return state_file_read(keeper->state, &file, !keeper->dry_run, &keeper->found, err);
}

bool state_keeper_load(const struct run *run)
{
	struct state_keeper *keeper = run->session->keeper;
	struct error err;
	if (!keeper)
		return true;
	pthread_mutex_lock(&keeper->lock);
	bool ok = load(keeper, run, &err);
	pthread_mutex_unlock(&keeper->lock);
	/* That it was stopped is reported as it is for the run. */
	return ok || (err.kind != ERROR_CANCELED && complain(keeper, &err));
}

bool state_keeper_is_new(struct state_keeper *keeper)
{
	if (!keeper)
		return false;
	pthread_mutex_lock(&keeper->lock);
	bool found = keeper->found;
	pthread_mutex_unlock(&keeper->lock);
	return !found;
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

/* After a stop as well, when no other request may begin. */
static bool store_image(struct state_keeper *keeper, const struct run *run, struct error *err)
{
	scoped(cancel_close) struct cancel after = {0};
	keeper->image.stores = &run->stores;
	cancel_open_after(&after, SECONDS_MAX);
	struct cancel *before = cancel_enter(&after);
	bool ok = state_image_store(&keeper->image, keeper->state, err);
	cancel_enter(before);
	return ok;
}

/* Caller holds the lock. */
static bool save(struct state_keeper *keeper, const struct run *run, struct error *err)
{
	tell_full(keeper);
	if (keeper->found && !state_changed(keeper->state))
		return true;
	const struct state_file file = {keeper->place.file, keeper->lenient};
	keeper->found = file.path ? state_file_store(keeper->state, &file, err)
				  : store_image(keeper, run, err);
	return keeper->found;
}

bool state_keeper_save(const struct run *run)
{
	struct state_keeper *keeper = run->session->keeper;
	struct error err;
	if (!keeper || keeper->dry_run)
		return true;
	pthread_mutex_lock(&keeper->lock);
	bool ok = save(keeper, run, &err);
	pthread_mutex_unlock(&keeper->lock);
	return ok || complain(keeper, &err);
}
