/*
 * Quay and quay.io, notifications of a repository by webhook: docker_url (HOST/NAMESPACE/NAME) and
 * updated_tags, a list; around 2013 it was a map from tag to image. Only a push has updated_tags.
 * Builds have docker_tags, which is no push: that comes as an event of its own.
 *
 * The button that sends a test sends a push of the tags latest and foo. A template can give the
 * body any form; it has to keep these fields. No header can be set, but a login in the URL is sent
 * as Basic (how the library behind it treats URLs; the documents do not say it).
 */
#include "serve/events/payload.h"

static bool add(struct payload *payload, const struct node *root, const struct node *tag)
{
	struct payload_image image = {
		.host = payload_name(root, "docker_url"),
		.repository = payload_name(root, "repository"),
		.tag = {.field = "updated_tags[]", .text = node_string(tag), .kind = tag->kind}};
	image.host.text = payload_host(image.host.text);
	return payload_add(payload, &image);
}

bool quay_read(struct arena *arena, const struct event_message *message, struct event_images *out,
	       struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root, *tags;
	if (!payload_open(&payload, message, &root))
		return false;
	tags = payload_get(root, "updated_tags");
	if (root->kind == NODE_MAP && !tags)
		return payload_other(&payload);
	bool map = tags && tags->kind == NODE_MAP;
	if (!map && !payload_expect(&payload, root, "updated_tags", NODE_LIST, &tags))
		return false;
	for (size_t i = 0; i < tags->count; i++)
		if (!add(&payload, root, map ? tags->keys[i] : tags->items[i]))
			return false;
	return true;
}
