/* The state in a file (state/state.h). */
#pragma once

#include "state/state.h"

struct state_file {
	const char *path; /* NULL: the state is elsewhere */
	bool cache;       /* whatever is there may be replaced */
};

/*
 * Makes the folders above the file. ERROR_CONFIG: it is no file; ERROR_IO: it cannot be written. A
 * dry run only looks.
 */
bool state_file_prepare(const char *path, bool dry_run, struct error *err);
/*
 * Reads the file into state; *found is false if there is none. A damaged one is reported and, if
 * keep, kept beside it as FILE.damaged: then none was found. ERROR_CONFIG: it cannot be read.
 * ERROR_UNSUPPORTED: it is no state, or of a later release; if it is only a cache, it counts as
 * damaged.
 */
bool state_file_read(struct sync_state *state, const struct state_file *file, bool keep,
		     bool *found, struct error *err);
/*
 * Takes what others have stored in the meantime, and replaces the file. Other processes that do the
 * same wait for each other; the caller sees to it that threads do. ERROR_IO.
 */
bool state_file_store(struct sync_state *state, const struct state_file *file, struct error *err);
