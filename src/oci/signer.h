/*
 * Who must have signed an image, and under which name: what require-signed demands.
 *
 * Plain records.
 */
#pragma once

#include "oci/public_key.h"
#include "oci/reference.h"

struct signer {
	struct public_key key;
	const char *repository; /* "host/repository" the signature must name; NULL: any or none */
	bool source;            /* it must name the image's own source instead */
};

/*
 * Reads what a signature must name: a repository, or the word "source". ERROR_CONFIG: it is
 * neither.
 */
bool signer_name(struct arena *arena, struct str text, struct signer *out, struct error *err);
/* That text again, for lists of images; NULL: a signature need not name anything. */
const char *signer_named(const struct signer *signer);
/* True when both demand the same, or both are NULL; the file of the key does not count. */
bool signer_equal(const struct signer *a, const struct signer *b);
/* The repository that a signature of an image from source must name; NULL: any, or no memory. */
const char *signer_repository(struct arena *arena, const struct signer *signer,
			      const struct reference *source);
/*
 * True when claimed, the name in a signature, is the repository that is demanded of an image from
 * source. A tag or digest behind it does not count, and Docker Hub has its many names.
 */
bool signer_accepts(const struct signer *signer, const struct reference *source,
		    struct str claimed);
