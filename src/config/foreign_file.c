/*
 * Each form is recognised by what no file of ours can have: a rule is a name, a list of names or a
 * mapping with "to". A file that is only similar is left to the reader, whose messages have places.
 */
#include "config/foreign_file.h"

#include <string.h>

/* A list of images is made of the file by another program, and read from standard input. */
#define LIST "image-syncer --list - --to registry.example.com/mirror"

struct near_form {
	enum foreign_file_use use;
	bool (*fits)(const struct node *root);
	const char *what, *advice; /* the advice may have one %s, the name of the file */
};

/* The first item of the list that map has under key; NULL: there is none. */
static const struct node *first_of(const struct node *map, const char *key)
{
	const struct node *list = node_get(map, key);
	return list && list->kind == NODE_LIST && list->count ? list->items[0] : NULL;
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

static const struct near_form forms[] = {
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

static const struct near_form *find(const struct document *document, enum foreign_file_use use)
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
	const struct near_form *form = find(document, use);
	const char *advice = form ? complete(arena, form->advice, document->name) : NULL;
	if (advice)
		problem_add(problems, document_place(arena, document, document->root), "%s: %s",
			    form->what, advice);
	else
		problem_add(problems, document->name, "out of memory");
}
