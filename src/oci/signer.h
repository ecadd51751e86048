/*
 * The requirement of require-signed: whose key must have signed an image, and under which name.
 * Plain records.
 */
#pragma once

#include "oci/public_key.h"
#include "oci/reference.h"

struct signer {
	struct public_key key;
	const char *repository; /* "host/repository" the signature must name; NULL: any or none */
	bool source;            /* it must name the image's own source */
};

/*
 * Reads what a signature must name: a repository, or the word "source". ERROR_CONFIG: it is
 * neither.
 */
bool signer_name(struct arena *arena, struct str text, struct signer *out, struct error *err);
/* The text that signer_name() reads, for lists of images; NULL: any name will do. */
const char *signer_named(const struct signer *signer);
/* True when both demand the same, or both are NULL; the key's file does not matter. */
bool signer_equal(const struct signer *a, const struct signer *b);
/* The repository that a signature of an image from source must name; NULL: any, or no memory. */
const char *signer_repository(struct arena *arena, const struct signer *signer,
			      const struct reference *source);
/*
 * True when claimed, the name in a signature, is the repository that an image from source must
 * have. A tag or digest in it is ignored, and all names of Docker Hub are equal.
 */
bool signer_accepts(const struct signer *signer, const struct reference *source,
		    struct str claimed);
