/*
 * These files are made for other purposes as well, so unknown fields are no mistakes here: only the
 * lists of images are read, and fields beside them that also mean images are reported.
 */
#include "config/foreign/image_lists.h"

#include "config/foreign/placing.h"

static bool text_starts(const struct node *map, const char *key, const char *beginning)
{
	return str_starts(node_string(node_get(map, key)), beginning);
}

static bool is_kind(const struct document *document, const char *api, const char *kind)
{
	const struct node *root = document->root;
	for (size_t i = 0; i < (document->stream ? root->count : 1); i++) {
		const struct node *each = fields_item(root, i);
		if (text_starts(each, "apiVersion", api) && text_starts(each, "kind", kind))
			return true;
	}
	return false;
}

/* The image that node names, a text or the text of map's key. */
static void add_image(struct translation *translation, const struct node *node,
		      const struct placing_image *more)
{
	const struct fields_reading reading = translation_reading(translation);
	static const struct field image = {.name = "an image", .kind = FIELDS_TEXT};
	struct placing_image placed = *more;
	if (!fields_filled(&reading, &image, node, &placed.text))
		return;
	placed.at = node;
	placing_add(translation, &placed);
}

/* Tells the fields of map that bring images along of which nothing is said here. */
static void tell(struct translation *translation, const struct node *map, const char *const *fields,
		 size_t count, const char *read)
{
	for (size_t i = 0; i < count; i++) {
		const struct node *value = node_get(map, fields[i]);
		if (value && value->kind != NODE_NULL && (value->count || value->text.len))
			translation_lose(translation, value,
					 "%s is ignored: only the images in %s are copied",
					 fields[i], read);
	}
}

/* --- hauler ---------------------------------------------------------------------------------- */

bool image_lists_is_hauler(const struct document *document)
{
	return is_kind(document, "content.hauler.cattle.io/", "");
}

static void add_hauler_image(struct translation *translation, const struct node *map)
{
	struct placing_image image = {0};
	const struct node *name = node_get(map, "name"), *key = node_get(map, "key");
	const struct node *rewrite = node_get(map, "rewrite");
	if (!translation_expect_map(translation, map, "an image"))
		return;
	if (!name) {
		translation_refuse(translation, map, "name is missing");
		return;
	}
	if (key && key->text.len)
		translation_refuse(translation, key,
				   "key has no counterpart for one image of a list: give "
				   "--require-signed FILE for all of them");
	image.platforms = node_get(map, "platform");
	if (rewrite && rewrite->text.len)
		image.rename =
			rewrite->text.at[0] == '/' ? str_from(rewrite->text, 1) : rewrite->text;
	add_image(translation, name, &image);
}

void image_lists_hauler(struct translation *translation)
{
	const struct node *root = translation->document->root;
	for (size_t i = 0; i < (translation->document->stream ? root->count : 1); i++) {
		const struct node *each = fields_item(root, i);
		const struct node *images = node_get(node_get(each, "spec"), "images");
		if (!text_starts(each, "kind", "Images") || !images)
			translation_lose(translation, each,
					 "this is ignored: only the images of the kind Images are "
					 "copied");
		else if (translation_expect_list(translation, images, "images"))
			for (size_t at = 0; at < images->count; at++)
				add_hauler_image(translation, images->items[at]);
	}
}

/* --- zarf ------------------------------------------------------------------------------------ */

bool image_lists_is_zarf(const struct document *document)
{
	return !document->stream && (is_kind(document, "", "ZarfPackageConfig") ||
				     is_kind(document, "", "ZarfInitConfig"));
}

static void add_component(struct translation *translation, const struct node *component)
{
	static const char *const others[] = {"imageArchives"};
	const struct node *images = node_get(component, "images");
	tell(translation, component, others, array_count(others), "images");
	if (!images || images->kind == NODE_NULL ||
	    !translation_expect_list(translation, images, "images"))
		return;
	for (size_t i = 0; i < images->count; i++) {
		const struct node *each = images->items[i];
		const struct node *name = each->kind == NODE_MAP ? node_get(each, "name") : each;
		add_image(translation, name ? name : each, &(struct placing_image){0});
	}
}

void image_lists_zarf(struct translation *translation)
{
	const struct node *root = translation->document->root;
	const struct node *components = node_get(root, "components");
	const struct node *arch = node_get(node_get(root, "metadata"), "architecture");
	if (arch && arch->text.len)
		translation_lose(translation, arch,
				 "architecture is ignored: all platforms are copied, unless "
				 "--platform says otherwise");
	if (!components || !translation_expect_list(translation, components, "components"))
		return;
	for (size_t i = 0; i < components->count; i++)
		add_component(translation, components->items[i]);
}

/* --- oc-mirror ------------------------------------------------------------------------------- */

bool image_lists_is_oc_mirror(const struct document *document)
{
	return is_kind(document, "", "ImageSetConfiguration");
}

static bool is_blocked(const struct node *blocked, struct str name)
{
	for (size_t i = 0; blocked && i < blocked->count; i++) {
		const struct node *each = blocked->items[i];
		const struct node *text = each->kind == NODE_MAP ? node_get(each, "name") : each;
		if (text && str_equal(text->text, name))
			return true;
	}
	return false;
}

static void add_additional(struct translation *translation, const struct node *map,
			   const struct node *blocked)
{
	scoped(buf_finish) struct buf rename = {0};
	const struct node *name = node_get(map, "name");
	const struct node *repo = node_get(map, "targetRepo"), *tag = node_get(map, "targetTag");
	struct placing_image image = {0};
	if (!translation_expect_map(translation, map, "an image"))
		return;
	if (!name) {
		translation_refuse(translation, map, "name is missing");
		return;
	}
	if (is_blocked(blocked, name->text)) {
		translation_remark(translation, name, "this image is among blockedImages");
		return;
	}
	if (tag && !repo)
		translation_refuse(translation, tag, "targetTag needs targetRepo beside it");
	if (repo)
		buf_printf(&rename, "%.*s%s%.*s", STR_ARGS(repo->text), tag ? ":" : "",
			   STR_ARGS(tag ? tag->text : (struct str){0}));
	translation->failed |= !buf_ok(&rename);
	image.rename = buf_str(&rename);
	add_image(translation, name, &image);
}

void image_lists_oc_mirror(struct translation *translation)
{
	static const char *const others[] = {"platform", "operators", "helm", "ocp", "samples"};
	const struct node *mirror = node_get(translation->document->root, "mirror");
	const struct node *images = node_get(mirror, "additionalImages");
	const struct node *blocked = node_get(mirror, "blockedImages");
	tell(translation, mirror, others, array_count(others), "additionalImages");
	if (blocked && blocked->kind == NODE_LIST && blocked->count)
		translation_lose(translation, blocked,
				 "of blockedImages only whole names count, no patterns");
	if (!images || images->kind == NODE_NULL ||
	    !translation_expect_list(translation, images, "additionalImages"))
		return;
	for (size_t i = 0; i < images->count; i++)
		add_additional(translation, images->items[i], blocked);
}

/* --- lock files ------------------------------------------------------------------------------ */

bool image_lists_is_imgpkg(const struct document *document)
{
	return text_starts(document->root, "apiVersion", "imgpkg.") &&
	       node_get(document->root, "images");
}

bool image_lists_is_kbld(const struct document *document)
{
	return text_starts(document->root, "apiVersion", "kbld.") &&
	       node_get(document->root, "overrides");
}

static void add_locked(struct translation *translation, const char *list_name, const char *key)
{
	const struct node *list = node_get(translation->document->root, list_name);
	if (!translation_expect_list(translation, list, list_name))
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct node *name = node_get(list->items[i], key);
		if (name)
			add_image(translation, name, &(struct placing_image){0});
		else
			translation_refuse(translation, list->items[i], "%s is missing", key);
	}
}

void image_lists_imgpkg(struct translation *translation)
{
	add_locked(translation, "images", "image");
}

void image_lists_kbld(struct translation *translation)
{
	add_locked(translation, "overrides", "newImage");
}
