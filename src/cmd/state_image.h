/*
 * The state in a registry, as an artifact under one tag: an empty config, and one layer with the
 * document. For runners that keep no files. It is read and written through stores, so it may be
 * wherever images can be.
 */
#pragma once

#include "oci/digest.h"
#include "state/state.h"
#include "store/store.h"

#define STATE_IMAGE_TYPE "application/vnd.image-syncer.state.v1"

/* Where it is, and what was read there last. */
struct state_image {
	const struct stores *stores;
	const struct reference *name; /* with a tag */
	char held[DIGEST_TEXT_SIZE];  /* the digest of its manifest; "": there is none */
};

/*
 * Reads the artifact into state; *found is false if there is none. A damaged one is reported and,
 * if keep, kept under the tag TAG.damaged: then none was found. ERROR_CONFIG: the tag holds
 * something else, which is not touched.
 */
bool state_image_read(struct state_image *at, struct sync_state *state, bool keep, bool *found,
		      struct error *err);
/* Takes what others have stored in the meantime, and replaces the artifact. */
bool state_image_store(struct state_image *at, struct sync_state *state, struct error *err);
