/*
 * The state: what one run remembers for the next ones. When the digests of sources were first seen,
 * which destination tags this program has written, and hints (hints.h).
 *
 * It decides nothing about what is in sync: both registries are asked for that. It knows what they
 * cannot say: how long an image has been at its source (copy/judge/cooldown.h), and which tags are
 * ours to remove.
 *
 * Several runs may use one state at the same time: state_read() takes over what others have stored
 * in the meantime, and what this run has changed since it last stored anything stays. Texts are
 * read and written by the caller. No secret is kept. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "oci/reference.h"
#include "state/hints.h"

struct sync_state;

/*
 * A digest that no run has met at its source for so many days is dropped. A tag that was written
 * stays until it is removed. More than STATE_MAX of a kind are not kept.
 */
enum { STATE_DAYS = HINTS_DAYS, STATE_MAX = 100000 };

/* A tag that was written. The strings live as long as the state. */
struct written_tag {
	struct reference destination; /* host, repository and tag; its digest is NULL */
	const char *digest;           /* what was written */
	const char *source;           /* HOST/PATH@DIGEST that it was copied from; NULL: not said */
	int64_t when;                 /* it was written, in seconds since 1970 */
	int64_t met;                  /* a run last found it in sync; no earlier than when */
};

/* A state without anything; NULL without memory. */
struct sync_state *state_new(void);
void state_free(struct sync_state **state);
/* The hints of the state. */
struct hints *state_hints(struct sync_state *state);

/*
 * The image with that digest is at the source's repository now. Returns when it was first seen
 * there, under any tag; now if never. Without memory or room it is not kept: then *kept is false.
 */
int64_t state_see(struct sync_state *state, const struct reference *source, const char *digest,
		  int64_t now, bool *kept);

/* This program has written a tag, whose met does not count. All is copied. */
void state_wrote(struct sync_state *state, const struct written_tag *written);
/* The destination tag was found in sync; counts only if this program has written it. */
void state_met(struct sync_state *state, const struct reference *destination, int64_t now);
/* This program has removed the destination tag, or found that it is gone. */
void state_removed(struct sync_state *state, const struct reference *destination, int64_t now);
/* True when this program has written the destination's tag, and what. */
bool state_written(struct sync_state *state, const struct reference *destination,
		   struct written_tag *out);
/*
 * All tags that this program has written to the repository and to those below its path; repository
 * "": to the whole host. In arena, in no particular order. False without memory.
 */
bool state_written_below(struct sync_state *state, const char *host, const char *repository,
			 struct arena *arena, struct written_tag **list, size_t *count);

/*
 * Takes the state of a document that state_write() has written, perhaps by another process, now is
 * in seconds since 1970. What is not in text any more and was not changed here is forgotten.
 * ERROR_CONFIG: text is damaged, and says where; then nothing is changed. ERROR_UNSUPPORTED: it is
 * something else, or of a later release, and should stay.
 */
bool state_read(struct sync_state *state, struct str text, int64_t now, struct error *err);
/* Appends all of it as a document, without names that contain a secret. One thread at a time. */
void state_write(struct sync_state *state, struct buf *out);
/* What state_write() wrote last is where the next run will read it. */
void state_stored(struct sync_state *state);
/* True when something was changed that is not stored. */
bool state_changed(struct sync_state *state);
/* True when something could not be kept because there was too much of it. */
bool state_full(struct sync_state *state);
