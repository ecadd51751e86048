/*
 * GitLab has no webhook for images: none of the events of projects and groups names one. Its
 * container registry, a relative of distribution, sends distribution's notifications, which the
 * administrator of a GitLab server configures (gitlab.rb, registry['notifications']), with headers
 * of any name. That is what is read here. gitlab.com does not offer it; there a job can report what
 * it has pushed, or a webhook of a project can have a custom template (16.10 and later), if the
 * result has this form:
 *
 *	{"events": [{"action": "push", "target": {"repository": "team/app", "tag": "v1"},
 *		     "request": {"host": "registry.gitlab.com"}}]}
 *
 * A webhook of a project sends X-Gitlab-Event and X-Gitlab-Token. If its body names no image, as
 * that of a pipeline, it is another event.
 */
#include "serve/events/payload.h"

bool gitlab_read(struct arena *arena, const struct event_message *message, struct event_images *out,
		 struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root;
	if (payload_header(message, "X-Gitlab-Event").len) {
		if (!payload_open(&payload, message, &root))
			return false;
		if (!payload_get(root, "events"))
			return payload_other(&payload);
	}
	return distribution_read(arena, message, out, err);
}
