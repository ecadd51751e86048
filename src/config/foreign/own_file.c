/* A mapping is its own translation; a list of rules is joined into one. */
#include "config/foreign/own_file.h"

static void add_rules(struct translation *translation, const struct node *key,
		      const struct node *value)
{
	if (value->kind != NODE_LIST) {
		translation_rule(translation, key, value);
		return;
	}
	for (size_t i = 0; i < value->count; i++)
		translation_rule(translation, key, value->items[i]);
}

static void add_item(struct translation *translation, const struct node *item)
{
	if (!translation_expect_map(translation, item, "a rule"))
		return;
	if (node_get(item, "list") || node_get(item, "to")) {
		translation_refuse(translation, item,
				   "a list of images is not converted: only rules of sources are");
		return;
	}
	for (size_t i = 0; i < item->count; i++)
		if (!fields_private(item->keys[i]->text))
			add_rules(translation, item->keys[i], item->items[i]);
}

bool own_file_translate(struct translation *translation)
{
	const struct node *root = translation->document->root;
	translation->images = translation_map(translation, root);
	translation->auth = translation_map(translation, root);
	translation->options = translation_map(translation, root);
	if (translation->failed) {
		problem_add(translation->problems, translation->document->name, "out of memory");
		return false;
	}
	if (node_get(root, "images") || node_get(root, "targetRepoPrefix")) {
		translation_refuse(translation, root,
				   "files of kyma's image-syncer, and of old releases, are not "
				   "converted");
		return false;
	}
	if (root->kind != NODE_LIST && !translation_expect_map(translation, root, "the file"))
		return false;
	for (size_t i = 0; root->kind == NODE_LIST && i < root->count; i++)
		add_item(translation, root->items[i]);
	if (root->kind == NODE_MAP)
		add_item(translation, root);
	return !translation->failed;
}
