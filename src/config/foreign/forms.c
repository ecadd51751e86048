/* The order is that in which forms are tried: one with fewer marks comes later. */
#include "config/foreign/forms.h"

#include "config/foreign/dregsy_file.h"
#include "config/foreign/image_lists.h"
#include "config/foreign/lines_file.h"
#include "config/foreign/regsync_file.h"
#include "config/foreign/skopeo_file.h"
#include "config/foreign/workloads.h"

static bool is_regsync(const struct document *document)
{
	return regsync_file_recognise(document->root);
}

static bool is_skopeo(const struct document *document)
{
	return skopeo_file_recognise(document->root);
}

static bool is_dregsy(const struct document *document)
{
	return dregsy_file_recognise(document->root);
}

static bool are_lines(const struct document *document)
{
	return document->lines;
}

static const struct form table[] = {
	{.name = "regsync",
	 .title = "a file of regsync",
	 .recognise = is_regsync,
	 .translate = regsync_file_translate,
	 .places = true,
	 .logins = true},
	{.name = "skopeo",
	 .title = "a file of skopeo sync",
	 .recognise = is_skopeo,
	 .translate = skopeo_file_translate,
	 .logins = true},
	{.name = "dregsy",
	 .title = "a file of dregsy",
	 .recognise = is_dregsy,
	 .translate = dregsy_file_translate,
	 .places = true,
	 .logins = true},
	{.name = "hauler",
	 .title = "a manifest of hauler",
	 .recognise = image_lists_is_hauler,
	 .translate = image_lists_hauler,
	 .any_root = true},
	{.name = "zarf",
	 .title = "a package of zarf",
	 .recognise = image_lists_is_zarf,
	 .translate = image_lists_zarf},
	{.name = "oc-mirror",
	 .title = "an image set of oc-mirror",
	 .recognise = image_lists_is_oc_mirror,
	 .translate = image_lists_oc_mirror},
	{.name = "imgpkg",
	 .title = "a lock file of imgpkg",
	 .recognise = image_lists_is_imgpkg,
	 .translate = image_lists_imgpkg},
	{.name = "kbld",
	 .title = "a lock file of kbld",
	 .recognise = image_lists_is_kbld,
	 .translate = image_lists_kbld},
	{.name = "compose",
	 .title = "a file of docker compose",
	 .recognise = workloads_is_compose,
	 .translate = workloads_compose},
	{.name = "kubernetes",
	 .title = "a manifest of Kubernetes",
	 .recognise = workloads_is_kubernetes,
	 .translate = workloads_kubernetes,
	 .any_root = true},
	{.name = "image-keys",
	 .title = "a file with fields called image",
	 .translate = workloads_image_keys,
	 .any_root = true},
	{.name = "text",
	 .title = "a list of images",
	 .recognise = are_lines,
	 .translate = lines_file_translate,
	 .any_root = true},
};

const struct form *forms_named(struct str name)
{
	for (size_t i = 0; i < array_count(table); i++)
		if (str_is(name, table[i].name))
			return &table[i];
	return NULL;
}

const struct form *forms_find(const struct document *document)
{
	for (size_t i = 0; i < array_count(table); i++)
		if (table[i].recognise && table[i].recognise(document))
			return &table[i];
	return NULL;
}

const char *forms_name(size_t number)
{
	return number < array_count(table) ? table[number].name : NULL;
}

/* Says what is wrong with --to, which a sync and convert call differently. */
static void check_prefix(const struct form *form, struct translation *translation,
			 const char *place)
{
	const char *option = translation->converting ? "prefix" : "to";
	if (form->places && translation->to)
		problem_add(translation->problems, place,
			    "%s says itself where images go: leave out --%s", form->title, option);
	if (!form->places && !translation->to)
		problem_add(translation->problems, place,
			    "%s does not say where its images go: give --%s PREFIX, as in --%s "
			    "registry.example.com/mirror",
			    form->title, option, option);
}

bool forms_translate(const struct form *form, struct translation *translation)
{
	const struct document *document = translation->document;
	const struct node *root = document->root;
	const char *place = document_place(translation->arena, document, root);
	translation->images = translation_map(translation, root);
	translation->auth = translation_map(translation, root);
	translation->options = translation_map(translation, root);
	check_prefix(form, translation, place);
	if (!translation->failed && (form->any_root || root->kind == NODE_MAP))
		form->translate(translation);
	else if (!translation->failed)
		problem_add(translation->problems, place, "%s is a mapping, but this is %s",
			    form->title, node_kind_name(root->kind));
	if (translation->failed)
		problem_add(translation->problems, document->name, "out of memory");
	return !translation->failed;
}

void forms_finish(struct translation *translation)
{
	map_finish(&translation->sources);
}
