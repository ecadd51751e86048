/*
 * Each form is recognised by what no file of ours can have: a rule is a name, a list of names or a
 * mapping with "to". A file that is only similar is left to the reader, whose messages have places.
 */
#include "config/foreign_file.h"

#include <string.h>

/* A list of images is made of the file by another program, and read from standard input. */
#define LIST "image-syncer --list - --to registry.example.com/mirror"

struct form {
	enum foreign_file_use use;
	bool (*fits)(const struct node *root);
	const char *what, *advice; /* the advice may have one %s, the name of the file */
};

static bool has_text(const struct node *map, const char *key, const char *beginning)
{
	return str_starts(node_string(node_get(map, key)), beginning);
}

/* The first item of the list that map has under key; NULL: there is none. */
static const struct node *first_of(const struct node *map, const char *key)
{
	const struct node *list = node_get(map, key);
	return list && list->kind == NODE_LIST && list->count ? list->items[0] : NULL;
}

/* A registry with what skopeo calls its images; "to" would make it a rule. */
static bool is_skopeo(const struct node *root)
{
	static const char *const names[] = {"images", "images-by-tag-regex", "images-by-semver"};
	for (size_t i = 0; root->kind == NODE_MAP && i < root->count; i++)
		for (size_t name = 0; name < array_count(names); name++)
			if (node_get(root->items[i], names[name]) &&
			    !node_get(root->items[i], "to"))
				return true;
	return false;
}

static bool is_imgpkg(const struct node *root)
{
	return has_text(root, "apiVersion", "imgpkg.") && first_of(root, "images");
}

static bool is_kbld(const struct node *root)
{
	return has_text(root, "apiVersion", "kbld.") && first_of(root, "overrides");
}

static bool is_compose(const struct node *root)
{
	const struct node *services = node_get(root, "services");
	for (size_t i = 0; services && services->kind == NODE_MAP && i < services->count; i++)
		if (node_get(services->items[i], "image") || node_get(services->items[i], "build"))
			return true;
	return false;
}

static bool is_manifest(const struct node *root)
{
	return has_text(root, "apiVersion", "") && has_text(root, "kind", "") &&
	       node_get(root, "metadata");
}

/* Names of images, and nothing that says where they go. */
static bool is_list(const struct node *root)
{
	for (size_t i = 0; root->kind == NODE_LIST && i < root->count; i++)
		if (root->items[i]->kind != NODE_STRING)
			return false;
	return root->kind == NODE_LIST && root->count;
}

/* Without a space after its colon, "quay.io/a:1.0:reg.io/a" is one text. */
static bool is_joined(const struct node *root)
{
	struct str text = root->kind == NODE_STRING ? root->text : (struct str){0};
	return str_find(text, ':') < text.len && str_find(text, '/') < text.len;
}

/* "quay.io/a reg.io/a": two names in a line, as in lists of mirrors. */
static bool is_pair(const struct node *root)
{
	struct str text = root->kind == NODE_STRING ? root->text : (struct str){0};
	size_t space = str_find(text, ' ');
	struct str behind = str_from(text, space + 1);
	return str_find(text, '/') < space && str_find(behind, '/') < behind.len &&
	       str_find(behind, ' ') == behind.len;
}

static bool is_docker(const struct node *root)
{
	const struct node *auths = node_get(root, "auths");
	return auths && auths->kind == NODE_MAP;
}

static bool is_regctl(const struct node *root)
{
	return first_of(root, "creds");
}

static const struct form forms[] = {
	{FOREIGN_FILE_IMAGES, is_skopeo, "this file is for skopeo sync",
	 "write REGISTRY/REPOSITORY: {to: DESTINATION, tags: [...]} for each of its images, and "
	 "credentials into the file of --auth"},
	{FOREIGN_FILE_IMAGES, is_imgpkg, "this is a lock file of imgpkg",
	 "copy its images by: yq -r '.images[].image' %s | " LIST},
	{FOREIGN_FILE_IMAGES, is_kbld, "this is a lock file of kbld",
	 "copy its images by: yq -r '.overrides[].newImage' %s | " LIST},
	{FOREIGN_FILE_IMAGES, is_compose, "this file is for docker compose",
	 "copy its images by: docker compose -f %s config --images | " LIST},
	{FOREIGN_FILE_IMAGES, is_manifest, "this is a manifest of Kubernetes",
	 "copy its images by: sed -n 's/^[ -]*image: *//p' %s | " LIST},
	{FOREIGN_FILE_IMAGES, is_list, "a list of images does not say where they go",
	 "write SOURCE: DESTINATION on each line, or list: [...] and to: "
	 "registry.example.com/mirror"},
	{FOREIGN_FILE_IMAGES, is_joined, "source and destination are one text",
	 "write a space after the colon between them, as in quay.io/a/b:v1: "
	 "registry.example.com/b"},
	{FOREIGN_FILE_IMAGES, is_pair, "source and destination are one text",
	 "write a colon and a space between them, as in quay.io/a/b: registry.example.com/b"},
	{FOREIGN_FILE_AUTH, is_docker, "this file has docker's logins",
	 "give it as --docker-config %s instead"},
	{FOREIGN_FILE_AUTH, is_regctl, "this file is for regsync",
	 "write its creds as REGISTRY: {username: ..., password: ...}"},
};

static const struct form *find(const struct document *document, enum foreign_file_use use)
{
	for (size_t i = 0; i < array_count(forms); i++)
		if (forms[i].use == use && forms[i].fits(document->root))
			return &forms[i];
	return NULL;
}

bool foreign_file_recognise(const struct document *document, enum foreign_file_use use)
{
	return find(document, use) != NULL;
}

/* The advice with the name of the file in it. */
static const char *complete(struct arena *arena, const char *advice, const char *name)
{
	const char *at = strstr(advice, "%s");
	if (!at)
		return advice;
	return arena_printf(arena, "%.*s%s%s", (int)(at - advice), advice, name, at + 2);
}

void foreign_file_refuse(struct arena *arena, const struct document *document,
			 enum foreign_file_use use, struct problems *problems)
{
	const struct form *form = find(document, use);
	const char *advice = form ? complete(arena, form->advice, document->name) : NULL;
	if (advice)
		problem_add(problems, document_place(arena, document, document->root), "%s: %s",
			    form->what, advice);
	else
		problem_add(problems, document->name, "out of memory");
}
