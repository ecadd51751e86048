/*
 * Containers are found by the names of the lists they are in, wherever these are: so the kinds of
 * Kubernetes need no table, and a pod's template in a custom resource counts as well. What else has
 * a field called image is reported, since only its program knows whether it is one.
 */
#include "config/foreign/workloads.h"

#include "config/foreign/placing.h"

#include <string.h>

/* --- Kubernetes ------------------------------------------------------------------------------ */

static bool is_manifest(const struct node *node)
{
	return node_string(node_get(node, "apiVersion")).len &&
	       node_string(node_get(node, "kind")).len &&
	       (node_get(node, "metadata") || node_get(node, "items") || node_get(node, "spec"));
}

bool workloads_is_kubernetes(const struct document *document)
{
	const struct node *root = document->root;
	bool all = root->kind == NODE_MAP || (document->stream && root->count);
	for (size_t i = 0; all && i < (document->stream ? root->count : 1); i++)
		all = is_manifest(fields_item(root, i));
	return all;
}

struct walk {
	struct translation *translation;
	bool every; /* all keys called image count */
};

static void add_image(const struct walk *walk, const struct node *node)
{
	if (node->kind == NODE_STRING && node->text.len)
		placing_add(walk->translation,
			    &(struct placing_image){.at = node, .text = node->text});
}

static bool is_containers(struct str key)
{
	return str_is(key, "containers") || str_is(key, "initContainers") ||
	       str_is(key, "ephemeralContainers");
}

static void walk_node(const struct walk *walk, const struct node *node);

static void walk_containers(const struct walk *walk, const struct node *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct node *each = list->items[i];
		const struct node *image = node_get(each, "image");
		if (image)
			add_image(walk, image);
		for (size_t at = 0; each->kind == NODE_MAP && at < each->count; at++)
			if (each->items[at] != image)
				walk_node(walk, each->items[at]);
	}
}

/* A key called image that is no container's: a volume, or what only its program knows. */
static void walk_image(const struct walk *walk, const struct node *value)
{
	const struct node *reference = node_get(value, "reference");
	if (walk->every || (value->kind == NODE_MAP && reference))
		add_image(walk, reference ? reference : value);
	else if (value->kind == NODE_STRING && str_find(value->text, '/') < value->text.len)
		translation_lose(walk->translation, value,
				 "this image is in no container and is not copied: the form "
				 "image-keys takes every field called image");
	if (value->kind == NODE_MAP && !reference)
		walk_node(walk, value);
}

static void walk_node(const struct walk *walk, const struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct node *value = node->items[i];
		struct str key = node->kind == NODE_MAP ? node->keys[i]->text : (struct str){0};
		if (is_containers(key) && value->kind == NODE_LIST)
			walk_containers(walk, value);
		else if (str_is(key, "image"))
			walk_image(walk, value);
		else
			walk_node(walk, value);
	}
}

void workloads_kubernetes(struct translation *translation)
{
	walk_node(&(struct walk){translation, false}, translation->document->root);
}

void workloads_image_keys(struct translation *translation)
{
	walk_node(&(struct walk){translation, true}, translation->document->root);
}

/* --- compose --------------------------------------------------------------------------------- */

bool workloads_is_compose(const struct document *document)
{
	const struct node *services = node_get(document->root, "services");
	for (size_t i = 0; services && services->kind == NODE_MAP && i < services->count; i++)
		if (node_get(services->items[i], "image") || node_get(services->items[i], "build"))
			return true;
	return false;
}

static size_t name_length(struct str text)
{
	size_t len = 0;
	while (len < text.len && text.at[len] &&
	       strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789",
		      text.at[len]))
		len++;
	return len;
}

/* Appends what ${...} at the beginning of text stands for. Returns its length; 0: unknown. */
static size_t add_variable(struct translation *translation, struct str text, struct buf *out)
{
	bool braces = str_starts(text, "${");
	struct str inside = str_from(text, braces ? 2 : 1);
	size_t len = name_length(inside);
	struct str rest = str_from(inside, len);
	const char *name = len ? arena_copy(translation->arena, inside.at, len) : NULL;
	if (!name)
		return 0;
	struct error err = {0};
	const char *value = translation->lookup->get(translation->lookup->ctx, name);
	bool set = value && *value;
	/* The rules for secrets are those of our own variables. */
	char *own = arena_printf(translation->arena, "${%s}", name);
	if (set && (!own || !expand_text(translation->arena, str_of(own), EXPAND_DESTINATION,
					 translation->lookup, &value, &err)))
		return 0;
	if (set)
		buf_add_string(out, value);
	if (!braces)
		return set ? 1 + len : 0;
	size_t end = str_find(rest, '}');
	struct str operand = str_head(rest, end);
	bool fallback = str_starts(operand, ":-") || str_starts(operand, "-");
	if (end == rest.len || (operand.len && !fallback) || str_find(operand, '$') < operand.len ||
	    (!set && !fallback))
		return 0;
	if (!set)
		buf_add_str(out, str_from(operand, str_starts(operand, ":") ? 2 : 1));
	return 2 + len + end + 1;
}

/* The image of a service, whose variables are replaced as compose does. */
static struct node *expand(struct translation *translation, const struct node *image)
{
	scoped(buf_finish) struct buf text = {0};
	struct str rest = image->text;
	while (rest.len) {
		size_t dollar = str_find(rest, '$');
		buf_add_str(&text, str_head(rest, dollar));
		rest = str_from(rest, dollar);
		if (!rest.len)
			break;
		size_t len = 2;
		if (str_starts(rest, "$$"))
			buf_add_char(&text, '$');
		else
			len = add_variable(translation, rest, &text);
		if (!len) {
			translation_refuse(translation, image,
					   "a variable of this image is not set, or has a form "
					   "that is not read here: set it, or give what docker "
					   "compose config prints");
			return NULL;
		}
		rest = str_from(rest, len);
	}
	translation->failed |= !buf_ok(&text);
	return translation_text(translation, image, buf_str(&text));
}

static void read_service(struct translation *translation, const struct node *name,
			 const struct node *service)
{
	const struct node *image = node_get(service, "image");
	const struct node *platform = node_get(service, "platform");
	if (!translation_expect_map(translation, service, "a service"))
		return;
	if (node_get(service, "extends"))
		translation_lose(translation, node_get(service, "extends"),
				 "extends is ignored: give what docker compose config prints");
	if (node_get(service, "build")) {
		translation_remark(translation, name,
				   "this service is built, so that there is nothing to copy");
		return;
	}
	if (!image || image->kind != NODE_STRING || !image->text.len)
		return;
	struct node *expanded = expand(translation, image);
	if (expanded)
		placing_add(translation, &(struct placing_image){.at = image,
								 .text = expanded->text,
								 .platforms = platform});
}

void workloads_compose(struct translation *translation)
{
	const struct node *root = translation->document->root;
	const struct node *services = node_get(root, "services");
	const struct node *include = node_get(root, "include");
	if (include)
		translation_lose(translation, include,
				 "include is ignored: give what docker compose config prints");
	if (!translation_expect_map(translation, services, "services"))
		return;
	for (size_t i = 0; i < services->count; i++)
		read_service(translation, services->keys[i], services->items[i]);
}
