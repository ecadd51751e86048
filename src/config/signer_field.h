/*
 * The field require-signed of a rule: the file of a public key, {key: FILE, reference: NAME}, or
 * false.
 */
#pragma once

#include "config/document.h"
#include "oci/signer.h"

/*
 * Reads node, a value of that field in the rule of source. NULL: it demands nothing, or is a
 * mistake, which goes to problems.
 */
const struct signer *signer_field_read(struct arena *arena, const struct document *document,
				       const char *source, const struct node *node,
				       struct problems *problems);
