/*
 * Alibaba Cloud Container Registry, triggers of a repository: push_data.tag, and repository with
 * region and repo_full_name (NAMESPACE/NAME). There is one event, a push; nothing is signed, and no
 * header can be set.
 *
 * No field names the host. The one that is made of the region, registry.REGION.aliyuncs.com, is
 * that of the Personal Edition. The documents show one payload for both editions; instances of the
 * Enterprise Edition (NAME-registry.REGION.cr.aliyuncs.com) and the newer personal ones
 * (crpi-ID.REGION.personal.cr.aliyuncs.com) have hosts with a name that is not in it. For them, and
 * for a domain of the user's, the configuration has to name the registry, and counts more than the
 * host that is given here.
 */
#include "serve/events/payload.h"

/* A region becomes one part of a host's name and may hold nothing else. */
static bool region_valid(struct str region)
{
	for (size_t i = 0; i < region.len; i++) {
		char c = region.at[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

bool aliyun_read(struct arena *arena, const struct event_message *message, struct event_images *out,
		 struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root, *push;
	if (!payload_open(&payload, message, &root) ||
	    !payload_expect(&payload, root, "push_data", NODE_MAP, &push))
		return false;
	struct payload_image image = {.host = payload_name(root, "repository.region"),
				      .repository = payload_name(root, "repository.repo_full_name"),
				      .tag = payload_name(root, "push_data.tag")};
	struct str region = image.host.text;
	if (!region_valid(region))
		return error_set(err, ERROR_CONFIG,
				 "repository.region: a-z, 0-9 and '-' were expected");
	if (region.len) {
		image.host.text =
			str_of(arena_printf(arena, "registry.%.*s.aliyuncs.com", STR_ARGS(region)));
		if (!image.host.text.len)
			return error_memory(err);
	}
	return payload_add(&payload, &image);
}
