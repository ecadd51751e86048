/* The demand that an image is signed, checked before anything of it is written. */
#pragma once

#include "copy/copier_private.h"

/*
 * Reads the manifest with that digest at the task's source, and looks there for a signature of it
 * that fits what the task demands (oci/signer.h): a sigstore bundle among its referrers, or simple
 * signing under cosign's tag. ERROR_UNSIGNED: there is none, with what was found instead.
 */
bool signed_check(struct image *image, const char *digest, const struct task *task,
		  struct error *err);
