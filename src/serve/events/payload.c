/*
 * Few fields of a payload are read, and those are checked; the rest may be anything: descriptions,
 * labels and whole manifests that people wrote. So the body is read as a registry's JSON, and a
 * name that is given twice counts as none, since other programs on the way may have taken the
 * other one.
 *
 * Tags are ordinary tags whatever they look like. Those by which cosign attaches signatures
 * (sha256-<hex>.sig) count as well: whether such a tag is copied is for the rules to say.
 */
#include "serve/events/payload.h"

#include "base/log.h"
#include "doc/json.h"
#include "oci/digest.h"
#include "oci/reference.h"

#include <string.h>

/* The longest part of a foreign text that an error quotes. */
enum { QUOTE_MAX = 80 };

bool payload_open(struct payload *payload, const struct event_message *message,
		  const struct node **root)
{
	*payload->out = (struct event_images){0};
	return json_read_foreign(payload->arena, message->body, root, payload->err) ||
	       error_wrap(payload->err, "the body cannot be read as JSON");
}

struct str payload_header(const struct event_message *message, const char *name)
{
	const char *value = message->header ? message->header(message->ctx, name) : NULL;
	return str_trim(str_of(value));
}

const struct node *payload_get(const struct node *node, const char *path)
{
	struct str rest = str_of(path);
	struct str part;
	char key[32];
	while (node && str_cut(&rest, '.', &part)) {
		snprintf(key, sizeof(key), "%.*s", STR_ARGS(part));
		node = node_get(node, key);
	}
	return node;
}

struct str payload_text(const struct node *node, const char *path)
{
	return node_string(payload_get(node, path));
}

bool payload_is(const struct node *node, const char *path, const char *text)
{
	return str_is(payload_text(node, path), text);
}

struct payload_name payload_name(const struct node *node, const char *path)
{
	const struct node *value = payload_get(node, path);
	bool absent = !value || value->kind == NODE_NULL;
	return (struct payload_name){.field = path,
				     .text = node_string(value),
				     .kind = absent ? NODE_STRING : value->kind};
}

struct str payload_host(struct str url)
{
	if (str_starts(url, "https://"))
		url = str_from(url, strlen("https://"));
	else if (str_starts(url, "http://"))
		url = str_from(url, strlen("http://"));
	return str_head(url, str_find(url, '/'));
}

bool payload_expect(const struct payload *payload, const struct node *node, const char *path,
		    enum node_kind kind, const struct node **out)
{
	*out = payload_get(node, path);
	if (*out && (*out)->kind == kind)
		return true;
	return error_set(payload->err, ERROR_CONFIG, "%s%s: %s was expected, not %s",
			 payload->where, path, node_kind_name(kind),
			 *out ? node_kind_name((*out)->kind) : "nothing");
}

bool payload_other(struct payload *payload)
{
	payload->out->others++;
	return true;
}

/* No NUL is in it: json_blank.h makes another character of that, which is valid nowhere. */
static bool check_text(const struct payload *payload, const struct payload_name *name)
{
	return name->kind == NODE_STRING ||
	       error_set(payload->err, ERROR_CONFIG, "%s%s: a string was expected, not %s",
			 payload->where, name->field, node_kind_name(name->kind));
}

static bool invalid(const struct payload *payload, const struct payload_name *name,
		    const char *what)
{
	scoped(buf_finish) struct buf shown = {0};
	log_clean(name->text, QUOTE_MAX, &shown);
	return error_set(payload->err, ERROR_CONFIG, "%s%s: \"%s\" is not a valid %s",
			 payload->where, name->field, buf_ok(&shown) ? buf_string(&shown) : "",
			 what);
}

/* Parses text, which is name with what it lacks to be that of an image. */
static bool parse(const struct payload *payload, const struct payload_name *name, const char *text,
		  const char *what, struct reference *out)
{
	if (!text)
		return error_memory(payload->err);
	if (reference_parse(payload->arena, str_of(text), out, payload->err))
		return true;
	return payload->err->kind == ERROR_MEMORY ? false : invalid(payload, name, what);
}

static bool check_host(const struct payload *payload, const struct payload_name *name,
		       const char **out)
{
	struct reference ref = {0};
	struct str text = name->text;
	*out = NULL;
	if (!check_text(payload, name))
		return false;
	if (!text.len)
		return true;
	if (str_find(text, '/') < text.len)
		return invalid(payload, name, "host");
	/* A single word needs a port to be taken for a host. */
	bool word = str_find(text, '.') == text.len && str_find(text, ':') == text.len &&
		    !str_is(text, "localhost");
	const char *image =
		arena_printf(payload->arena, "%.*s%s/x", STR_ARGS(text), word ? ":1" : "");
	if (!parse(payload, name, image, "host", &ref))
		return false;
	if (!word)
		*out = ref.host;
	return true;
}

static bool check_repository(const struct payload *payload, const struct payload_name *name,
			     const char *host, const char **out)
{
	struct reference ref = {0};
	if (!check_text(payload, name))
		return false;
	if (!name->text.len)
		return error_set(payload->err, ERROR_CONFIG, "%s%s: missing", payload->where,
				 name->field);
	const char *image = arena_printf(payload->arena, "%s/%.*s",
					 host ? host : "registry.invalid", STR_ARGS(name->text));
	if (!parse(payload, name, image, "repository", &ref))
		return false;
	*out = ref.repository;
	return (!ref.tag && !ref.digest) || invalid(payload, name, "repository");
}

static bool check_tag(const struct payload *payload, const struct payload_name *name,
		      const char **out)
{
	if (!reference_tag_valid(name->text))
		return invalid(payload, name, "tag");
	*out = arena_copy(payload->arena, name->text.at, name->text.len);
	return *out || error_memory(payload->err);
}

/* Makes room for one image more. */
static bool reserve(struct payload *payload)
{
	struct event_images *out = payload->out;
	if (out->count < payload->room)
		return true;
	if (out->count >= EVENTS_IMAGES_MAX)
		return error_set(payload->err, ERROR_CONFIG, "more than %d images in one message",
				 EVENTS_IMAGES_MAX);
	size_t room = payload->room ? 2 * payload->room : 4;
	struct event_image *items = arena_array(payload->arena, room, sizeof(*items));
	if (!items)
		return error_memory(payload->err);
	if (out->count)
		memcpy(items, out->items, out->count * sizeof(*items));
	out->items = items;
	payload->room = room;
	return true;
}

bool payload_add(struct payload *payload, const struct payload_image *image)
{
	struct event_image item = {0};
	if (!check_text(payload, &image->tag))
		return false;
	if (!image->tag.text.len || digest_valid(image->tag.text))
		return payload_other(payload);
	if (!check_host(payload, &image->host, &item.host) ||
	    !check_repository(payload, &image->repository, item.host, &item.repository) ||
	    !check_tag(payload, &image->tag, &item.tag) || !reserve(payload))
		return false;
	payload->out->items[payload->out->count++] = item;
	return true;
}
