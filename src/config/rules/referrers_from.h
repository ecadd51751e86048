/*
 * Where the referrers of images are as well, as --referrers-from and the field `referrers-from` of
 * a rule say: HOST/PATH, in which {host}, {path}, {flat}, {namespace} and {name} stand for parts of
 * the source's name (naming.h). Vendors of hardened images keep attestations in a registry of their
 * own, and cosign puts signatures into the repository that COSIGN_REPOSITORY names. Pure.
 */
#pragma once

#include "oci/reference.h"

/* True for a text that can name repositories. ERROR_CONFIG quotes it and says what is wrong. */
bool referrers_from_check(const char *text, struct error *err);
/*
 * The repository that text, which has passed the check, names for the images of source: host and
 * repository. ERROR_CONFIG: for this source it names none.
 */
bool referrers_from_name(struct arena *arena, const char *text, const struct reference *source,
			 struct reference *out, struct error *err);
