/*
 * The field require-signed of a rule: the file of a public key, {key: FILE, reference: NAME}, or
 * false.
 */
#pragma once

#include "config/fields.h"
#include "oci/signer.h"

/*
 * Reads node, the value of field. NULL: it demands nothing, or is a mistake, which goes to
 * problems.
 */
const struct signer *signer_field_read(const struct fields_reading *reading,
				       const struct field *field, const struct node *node);
