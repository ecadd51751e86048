/* Decides which of the images that a text names are mirrored, and where to. Pure. */
#pragma once

#include "config/rules/rule.h"
#include "request/permit.h"
#include "request/request.h"

struct judge {
	const struct policy *policy;
	struct permits allow, deny;
	struct requester requester;
};

/* Parses the patterns of the policy. Mistakes go to problems. False without memory. */
bool judge_prepare(struct arena *arena, const struct policy *policy, struct judge *out,
		   struct problems *problems);
/* Decides about each of the mentions, which outlive the request. False without memory. */
bool judge_request(struct arena *arena, const struct judge *judge, const struct mentions *mentions,
		   struct mirror_request *out);
/* The rules for the accepted images. rule.source is that of the image. False without memory. */
bool judge_rules(struct arena *arena, const struct judge *judge,
		 const struct mirror_request *request, struct rules *out);
