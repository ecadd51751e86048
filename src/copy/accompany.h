/* An image together with its companions: in which order, and whether any are missing. */
#pragma once

#include "copy/copier_private.h"

/*
 * Copies the image under the digest: first by digest if it has companions, then these, then the
 * tag; NULL: it gets none. *companions is how many were copied.
 */
bool accompany_copy(struct image *image, const char *tag, const char *digest, size_t *companions,
		    struct error *err);
/*
 * Brings the companions of an image that the target holds already. *companions is how many were
 * copied, or in a dry run would be.
 */
bool accompany_late(struct image *image, const char *digest, size_t *companions, struct error *err);
/* Counts what companions a real run would copy with the image. */
bool accompany_count(struct image *image, const char *digest, size_t *companions,
		     struct error *err);
