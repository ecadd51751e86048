/*
 * Keeps the state (state/state.h) of a session: reads it from where --state says before a run, and
 * stores it after.
 *
 * The file of hints that imgsync's --manifests names is such a state. There, whatever is wrong is a
 * warning, since a run without hints comes to the same result. Without --state a run may copy what
 * is too new, so there it is an error. Any thread.
 */
#pragma once

#include "cmd/run.h"

struct state_keeper;

/*
 * Makes session->keeper if a state is to be kept; first is the first run, which was loaded. Before
 * the process is confined. False: why was reported.
 */
bool state_keeper_open(struct session *session, const struct run *first);
void state_keeper_close(struct state_keeper **keeper);
/* The file that is read and replaced; NULL: there is none. */
const char *state_keeper_file(const struct state_keeper *keeper);
/* The state; keeper may be NULL, and so may the state. */
struct sync_state *state_keeper_state(const struct state_keeper *keeper);
/* After it was loaded: nothing had been stored. keeper may be NULL. */
bool state_keeper_is_new(struct state_keeper *keeper);
/* Takes what is stored, before the run begins. False: why was reported. */
bool state_keeper_load(const struct run *run);
/* Stores what is new, unless it is a dry run. False: why was reported. */
bool state_keeper_save(const struct run *run);
