/*
 * Docker Hub, webhooks of a repository: push_data.tag and repository.repo_name (NAMESPACE/NAME).
 * There is one event, a push, and no field that says so; nothing is signed, and no header can be
 * set. Payloads of before 2017 have no tag. The documents show repo_name, namespace and name; what
 * an official image has for a namespace is not said, so a name without one is that of library/.
 */
#include "serve/events/payload.h"

bool dockerhub_read(struct arena *arena, const struct event_message *message,
		    struct event_images *out, struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root, *push;
	if (!payload_open(&payload, message, &root) ||
	    !payload_expect(&payload, root, "push_data", NODE_MAP, &push))
		return false;
	const struct payload_image image = {
		.host = {.field = "", .text = STR("docker.io"), .kind = NODE_STRING},
		.repository = payload_name(root, "repository.repo_name"),
		.tag = payload_name(root, "push_data.tag")};
	return payload_add(&payload, &image);
}
