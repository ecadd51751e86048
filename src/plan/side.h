/*
 * One side of a rule: `host/repository`, one tag or digest, or a list of them separated by commas
 * (image-syncer.md 5.1).
 */
#pragma once

#include "plan/plan.h"

/* Parses text; everything lives in arena. ERROR_CONFIG quotes the text and says what is wrong. */
bool side_parse(struct arena *arena, struct str text, struct plan_side *out, struct error *err);
