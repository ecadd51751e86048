/*
 * Sonatype Nexus Repository 3, webhooks of a repository (rm:repository:component and
 * rm:repository:asset): action (CREATED, UPDATED, DELETED and others), and component or asset with
 * its format. Of the format docker a component is an image's name and version, which is a tag or a
 * digest; an asset's name is the path v2/NAME/manifests/REFERENCE, with a slash before it in newer
 * versions. The documents show npm only; docker's form is known from payloads that others keep for
 * their tests. A webhook for both events sends each push twice, which does no harm. UPDATED can
 * also mean that an image was pulled.
 *
 * No field names the host: each repository of the format docker can have a port, a subdomain or a
 * path of its own, and repositoryName is none of them. The configuration has to say it.
 */
#include "serve/events/payload.h"

#include <string.h>

/* Splits the path of a manifest. False: it is that of something else. */
static bool split(struct str path, struct str *name, struct str *reference)
{
	static const char middle[] = "/manifests/";
	if (str_starts(path, "/"))
		path = str_from(path, 1);
	if (!str_starts(path, "v2/"))
		return false;
	path = str_from(path, strlen("v2/"));
	/* From the end, as a repository may have a part called "manifests". */
	for (size_t i = path.len; i-- > 0;)
		if (str_starts(str_from(path, i), middle)) {
			*name = str_head(path, i);
			*reference = str_from(path, i + strlen(middle));
			return true;
		}
	return false;
}

static bool add_asset(struct payload *payload, const struct node *root)
{
	struct payload_image image = {.host = {.field = "", .kind = NODE_STRING},
				      .repository = payload_name(root, "asset.name"),
				      .tag = payload_name(root, "asset.name")};
	if (image.tag.kind == NODE_STRING &&
	    !split(image.tag.text, &image.repository.text, &image.tag.text))
		return payload_other(payload);
	return payload_add(payload, &image);
}

static bool add_component(struct payload *payload, const struct node *root)
{
	const struct payload_image image = {.host = {.field = "", .kind = NODE_STRING},
					    .repository = payload_name(root, "component.name"),
					    .tag = payload_name(root, "component.version")};
	return payload_add(payload, &image);
}

bool nexus_read(struct arena *arena, const struct event_message *message, struct event_images *out,
		struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root;
	if (!payload_open(&payload, message, &root))
		return false;
	if (root->kind != NODE_MAP)
		return error_set(err, ERROR_CONFIG, "the body is not an object");
	if (!payload_is(root, "action", "CREATED") && !payload_is(root, "action", "UPDATED"))
		return payload_other(&payload);
	if (payload_is(root, "component.format", "docker"))
		return add_component(&payload, root);
	if (payload_is(root, "asset.format", "docker"))
		return add_asset(&payload, root);
	return payload_other(&payload);
}
