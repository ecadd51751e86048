/*
 * Notifications of distribution (docker-registry 2.8, distribution 3), also sent by others
 * (application/vnd.docker.distribution.events.v1+json): events, each with action, target and
 * request. A tag that was pushed is an event with action push and target.tag; blobs and manifests
 * by digest have none, and pulls and mounts have other actions. Both versions send the same fields;
 * 3 can add the references of a manifest.
 *
 * request.host is the Host header of the client that pushed, or whatever a proxy in front made of
 * it. Where it is missing, target.url has the host that the registry believes to have. The sender
 * repeats a message until it is answered by 2xx or 3xx and sends none of the later ones before, so
 * an error holds up all that follow.
 */
#include "serve/events/payload.h"

static bool add(struct payload *payload, const struct node *event)
{
	if (!payload_is(event, "action", "push"))
		return payload_other(payload);
	struct payload_image image = {.host = payload_name(event, "request.host"),
				      .repository = payload_name(event, "target.repository"),
				      .tag = payload_name(event, "target.tag")};
	if (!image.host.text.len && image.host.kind == NODE_STRING) {
		image.host = payload_name(event, "target.url");
		image.host.text = payload_host(image.host.text);
	}
	return payload_add(payload, &image);
}

bool distribution_read(struct arena *arena, const struct event_message *message,
		       struct event_images *out, struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root, *events;
	if (!payload_open(&payload, message, &root) ||
	    !payload_expect(&payload, root, "events", NODE_LIST, &events))
		return false;
	payload.where = "events[].";
	for (size_t i = 0; i < events->count; i++)
		if (!add(&payload, events->items[i]))
			return false;
	return true;
}
