/*
 * One side of a rule: `host/repository`, alone or with one tag or digest, or with a list of tags,
 * digests and patterns (list.h): `host/repository:/^v1/,v2.0`.
 */
#pragma once

#include "plan/plan.h"

/* Parses text; everything lives in arena. ERROR_CONFIG quotes the text and says what is wrong. */
bool side_parse(struct arena *arena, struct str text, struct plan_side *out, struct error *err);
/* The image that an item without a pattern means. */
struct reference side_image(const struct plan_side *side, const struct plan_item *item);
/* True for a text that names a repository or one image of it: neither a list nor a pattern. */
bool side_is_plain(struct str text);
/* True when some item is a pattern: what it stands for is known only with a list of tags. */
bool side_has_patterns(const struct plan_side *side);
