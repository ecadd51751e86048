/*
 * Harbor, webhooks of a project. The format called Default has type and event_data; CloudEvents
 * (2.8 and later) has the same content as data, and a type of its own. Harbor 1 called the event
 * pushImage. Each resource has a tag and a resource_url, HOST/REPOSITORY:TAG; for a push without a
 * tag both name the digest. The host is the external URL that Harbor is configured with.
 *
 * Harbor sends no event when a tag is added to an artifact that is there, and tells of one tag
 * alone if a push had several. A chart that was pushed as an OCI artifact looks like an image. Its
 * field for an authentication header is sent verbatim as Authorization.
 */
#include "serve/events/payload.h"

static bool pushed(const struct node *root)
{
	return payload_is(root, "type", "PUSH_ARTIFACT") || payload_is(root, "type", "pushImage") ||
	       payload_is(root, "type", "harbor.artifact.pushed");
}

bool harbor_read(struct arena *arena, const struct event_message *message, struct event_images *out,
		 struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root, *data, *resources;
	if (!payload_open(&payload, message, &root))
		return false;
	if (!payload_text(root, "type").len)
		return error_set(err, ERROR_CONFIG, "type: missing");
	if (!pushed(root))
		return payload_other(&payload);
	bool cloud = str_starts(payload_text(root, "type"), "harbor.");
	if (!payload_expect(&payload, root, cloud ? "data" : "event_data", NODE_MAP, &data))
		return false;
	payload.where = cloud ? "data." : "event_data.";
	if (!payload_expect(&payload, data, "resources", NODE_LIST, &resources))
		return false;
	for (size_t i = 0; i < resources->count; i++) {
		const struct node *resource = resources->items[i];
		struct payload_image image = {
			.host = payload_name(resource, "resource_url"),
			.repository = payload_name(data, "repository.repo_full_name"),
			.tag = payload_name(resource, "tag")};
		image.host.field = "resources[].resource_url";
		image.tag.field = "resources[].tag";
		image.host.text = payload_host(image.host.text);
		if (!payload_add(&payload, &image))
			return false;
	}
	return true;
}
