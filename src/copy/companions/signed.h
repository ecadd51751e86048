/* The demand that an image is signed, checked before anything of it is written. */
#pragma once

#include "copy/image.h"

/*
 * Where the task demands a signature: reads the manifest of the source's digest, and looks there
 * for one of it that fits what is demanded (oci/signer.h): a sigstore bundle among its referrers,
 * or simple signing under cosign's tag. ERROR_UNSIGNED: there is none, with what was found instead.
 */
bool signed_check(struct image *image, struct error *err);
