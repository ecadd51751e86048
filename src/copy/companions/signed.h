/* Checks the demand for a signature, before any part of the image is written. */
#pragma once

#include "copy/image.h"

/*
 * If the task demands a signature: reads the manifest of the source's digest, and looks for a
 * signature of it that meets the demand (oci/signer.h): a sigstore bundle among the referrers, or
 * simple signing under cosign's tag. ERROR_UNSIGNED: there is none; err says what was found
 * instead.
 */
bool signed_check(struct image *image, struct error *err);
