/*
 * zot, events to an HTTP sink: CloudEvents in binary mode (ce-type and other headers, the body is
 * the data), which is how zot sends them; structured mode (the body has type, source and data) is
 * what a broker in between may make of them. zotregistry.image.updated has name, and reference,
 * which is a tag or a digest. typePrefix (2.1.21) replaces "zotregistry", so only the end of the
 * type counts. Deletions, images that were refused by lint, and new repositories have other types.
 *
 * No field names the host. source is "zotregistry.dev", the product; since 2.1.21 it can be
 * configured, and the documents put the registry's URL there, which is taken if it is one. A sink
 * can have a login (Basic or Bearer) and any header.
 */
#include "serve/events/payload.h"

#include <string.h>

static struct str host_of(struct str source)
{
	bool url = str_starts(source, "https://") || str_starts(source, "http://");
	return url ? payload_host(source) : (struct str){0};
}

bool zot_read(struct arena *arena, const struct event_message *message, struct event_images *out,
	      struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root, *data;
	struct str type = payload_header(message, "ce-type");
	struct str source = payload_header(message, "ce-source");
	if (!payload_open(&payload, message, &root))
		return false;
	bool binary = type.len;
	if (!binary) {
		type = payload_text(root, "type");
		source = payload_text(root, "source");
	}
	if (!type.len)
		return error_set(err, ERROR_CONFIG, "type: missing, in the header ce-type as well");
	if (!str_ends(type, ".image.updated"))
		return payload_other(&payload);
	data = root;
	if (!binary && !payload_expect(&payload, root, "data", NODE_MAP, &data))
		return false;
	const struct payload_image image = {
		.host = {.field = "source", .text = host_of(source), .kind = NODE_STRING},
		.repository = payload_name(data, "name"),
		.tag = payload_name(data, "reference")};
	return payload_add(&payload, &image);
}
