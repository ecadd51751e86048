/*
 * Workflow commands: the lines "::name key=value::data" by which a step of a GitHub Action speaks
 * to its runner. Only for Action mode: elsewhere nothing would consume them.
 */
#pragma once

#include "base/buf.h"

/* Appends text as the data of a command, or as the value of one of its properties. */
void workflow_data(struct str text, struct buf *out);
void workflow_property(struct str text, struct buf *out);
/* Writes one finished command, given without a line end, to stderr in one piece. */
void workflow_send(const struct buf *command);
/*
 * From now on every secret is made known to the runner by ::add-mask::, as it is registered, up to
 * WORKFLOW_MASKS secrets and WORKFLOW_PASSING short-lived ones, since each mask slows the runner
 * down. Our own masking has no such limit.
 */
enum { WORKFLOW_MASKS = 2000, WORKFLOW_PASSING = 200 };
void workflow_mask_secrets(void);
