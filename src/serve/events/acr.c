/*
 * Azure Container Registry. Its own webhooks send one event with action (push, delete, chart_push,
 * chart_delete, quarantine, ping), target.repository, target.tag, which a push by digest lacks, and
 * request.host, the name by which the registry was asked. Any header can be set.
 *
 * Azure Event Grid wraps the same content as data, in a list or alone: its own schema has
 * eventType, CloudEvents has type. Before it delivers anything it sends a code that must come back
 * in the answer. With CloudEvents it asks by OPTIONS instead, which is not read here. The documents
 * show data.request; where it is missing, the host is not known: topic and source name a resource,
 * and the domain of its host differs between clouds.
 */
#include "serve/events/payload.h"

enum { CODE_MAX = 128 };

static bool plain(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '-')
			return false;
	}
	return text.len && text.len <= CODE_MAX;
}

/* The answer repeats a foreign text, so the text may hold nothing that needs an escape. */
static bool validate(struct payload *payload, const struct node *event)
{
	struct str code = payload_text(event, "data.validationCode");
	if (!plain(code))
		return error_set(payload->err, ERROR_CONFIG,
				 "data.validationCode: letters, digits and '-' were expected");
	payload->out->answer =
		arena_printf(payload->arena, "{\"validationResponse\":\"%.*s\"}", STR_ARGS(code));
	if (!payload->out->answer)
		return error_memory(payload->err);
	return payload_other(payload);
}

static bool add(struct payload *payload, const struct node *event)
{
	if (!payload_text(event, "action").len)
		return error_set(payload->err, ERROR_CONFIG, "%saction: missing", payload->where);
	if (!payload_is(event, "action", "push"))
		return payload_other(payload);
	const struct payload_image image = {.host = payload_name(event, "request.host"),
					    .repository = payload_name(event, "target.repository"),
					    .tag = payload_name(event, "target.tag")};
	return payload_add(payload, &image);
}

static bool read_event(struct payload *payload, const struct node *event)
{
	struct str type = payload_text(event, "eventType");
	if (!type.len)
		type = payload_text(event, "type");
	payload->where = type.len ? "data." : "";
	if (!type.len)
		return add(payload, event);
	if (str_is(type, "Microsoft.EventGrid.SubscriptionValidationEvent"))
		return validate(payload, event);
	if (!str_is(type, "Microsoft.ContainerRegistry.ImagePushed"))
		return payload_other(payload);
	return add(payload, payload_get(event, "data"));
}

bool acr_read(struct arena *arena, const struct event_message *message, struct event_images *out,
	      struct error *err)
{
	struct payload payload = {.arena = arena, .out = out, .err = err, .where = ""};
	const struct node *root;
	if (!payload_open(&payload, message, &root))
		return false;
	if (root->kind != NODE_LIST)
		return read_event(&payload, root);
	for (size_t i = 0; i < root->count; i++)
		if (!read_event(&payload, root->items[i]))
			return false;
	return true;
}
