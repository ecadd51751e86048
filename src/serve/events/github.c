/*
 * GitHub, webhooks of a repository, an organization or an app. X-GitHub-Event is package for
 * webhooks and registry_package for apps and workflows, and the payload has the member of that
 * name. published and updated name a version; container_metadata.tag.name is its tag. An image of
 * several platforms brings an event for each manifest, all but one with an empty tag. A push that
 * moves several tags is known to name only one of them (reported, not documented).
 *
 * package_url is HOST/OWNER/NAME:TAG, without the tag when there is none, and names the host where
 * it is not ghcr.io: GitHub Enterprise Server, and companies with a domain of their own. Names keep
 * the case of owners there, which registries do not know. Packages of the old Docker registry
 * (package_type docker) have left that registry and are not read.
 */
#include "serve/events/payload.h"

static bool lower(struct payload *payload, struct str text, struct str *out)
{
	char *copy = arena_copy(payload->arena, text.at ? text.at : "", text.len);
	if (!copy)
		return error_memory(payload->err);
	for (size_t i = 0; i < text.len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	*out = (struct str){copy, text.len};
	return true;
}

/* OWNER/NAME of a package. */
static bool repository_of(struct payload *payload, const struct node *package, struct str *out)
{
	struct str owner = payload_text(package, "owner.login");
	struct str name = payload_text(package, "name");
	if (!owner.len)
		owner = payload_text(package, "namespace");
	if (!owner.len || !name.len)
		return error_set(payload->err, ERROR_CONFIG, "%s%s: missing", payload->where,
				 owner.len ? "name" : "owner.login");
	char *text = arena_array(payload->arena, owner.len + 1 + name.len, 1);
	if (!text)
		return error_memory(payload->err);
	for (size_t i = 0; i < owner.len; i++)
		text[i] = owner.at[i];
	text[owner.len] = '/';
	for (size_t i = 0; i < name.len; i++)
		text[owner.len + 1 + i] = name.at[i];
	return lower(payload, (struct str){text, owner.len + 1 + name.len}, out);
}

static bool add(struct payload *payload, const struct node *root, const struct node *package)
{
	if (!payload_is(root, "action", "published") && !payload_is(root, "action", "updated"))
		return payload_other(payload);
	if (!str_equal_nocase(payload_text(package, "package_type"), STR("container")))
		return payload_other(payload);
	struct payload_image image = {
		.host = payload_name(package, "package_version.package_url"),
		.repository = {.field = "name", .kind = NODE_STRING},
		.tag = payload_name(package, "package_version.container_metadata.tag.name")};
	struct str host = payload_host(image.host.text);
	image.host.text = host.len && host.len < image.host.text.len ? host : STR("ghcr.io");
	if (!image.tag.text.len && image.tag.kind == NODE_STRING)
		return payload_other(payload);
	return repository_of(payload, package, &image.repository.text) &&
	       payload_add(payload, &image);
}

bool github_read(struct arena *arena, const struct event_message *message, struct event_images *out,
		 struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root;
	struct str event = payload_header(message, "X-GitHub-Event");
	if (str_starts(payload_header(message, "Content-Type"),
		       "application/x-www-form-urlencoded"))
		return error_set(err, ERROR_CONFIG,
				 "the body is a form: set the webhook's content type to "
				 "application/json");
	if (!payload_open(&payload, message, &root))
		return false;
	bool registry = payload_get(root, "registry_package");
	const char *member = registry ? "registry_package" : "package";
	const struct node *package;
	if (event.len && !str_is(event, member))
		return payload_other(&payload);
	if (!payload_expect(&payload, root, member, NODE_MAP, &package))
		return false;
	payload.where = registry ? "registry_package." : "package.";
	return add(&payload, root, package);
}
