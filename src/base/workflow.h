/*
 * Workflow commands: the lines "::name key=value::data" by which a step of a GitHub Action speaks
 * to its runner. Only for Action mode: elsewhere nobody takes them away.
 */
#pragma once

#include "base/buf.h"

/* Appends text as the data of a command, or as the value of one of its properties. */
void workflow_data(struct str text, struct buf *out);
void workflow_property(struct str text, struct buf *out);
/* Writes one finished command to stderr, whole; it ends without a line end. */
void workflow_send(const struct buf *command);
/*
 * From now on every secret is made known to the runner by ::add-mask::, as it is registered, up to
 * WORKFLOW_MASKS of them and WORKFLOW_PASSING of those that pass: each one makes the runner slower.
 * Our own masking has no such bound.
 */
enum { WORKFLOW_MASKS = 2000, WORKFLOW_PASSING = 200 };
void workflow_mask_secrets(void);
