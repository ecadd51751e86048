/*
 * A list grows by doubling whenever its count is a power of two, so a node needs no field for the
 * room it has.
 */
#include "config/foreign/translation.h"

#include <stdio.h>
#include <string.h>

static struct node *new_node(struct translation *translation, const struct node *at,
			     enum node_kind kind)
{
	struct node *node = arena_new_of(translation->arena, struct node);
	if (!node) {
		translation->failed = true;
		return NULL;
	}
	*node = (struct node){.kind = kind, .line = at->line, .column = at->column};
	return node;
}

struct node *translation_text(struct translation *translation, const struct node *at,
			      struct str text)
{
	struct node *node = new_node(translation, at, NODE_STRING);
	if (!node)
		return NULL;
	char *copy = arena_copy(translation->arena, text.at, text.len);
	translation->failed |= !copy;
	node->text = (struct str){copy ? copy : "", copy ? text.len : 0};
	node->quoted = true;
	return node;
}

struct node *translation_printf(struct translation *translation, const struct node *at,
				const char *format, ...)
{
	scoped(buf_finish) struct buf text = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	translation->failed |= !buf_ok(&text);
	return translation_text(translation, at, buf_str(&text));
}

struct node *translation_switch(struct translation *translation, const struct node *at, bool truth)
{
	struct node *node = new_node(translation, at, NODE_BOOL);
	if (!node)
		return NULL;
	node->truth = truth;
	node->text = truth ? STR("true") : STR("false");
	return node;
}

struct node *translation_map(struct translation *translation, const struct node *at)
{
	return new_node(translation, at, NODE_MAP);
}

struct node *translation_list(struct translation *translation, const struct node *at)
{
	return new_node(translation, at, NODE_LIST);
}

/* Returns nodes, of which there are count, or a copy with room for another one. */
static const struct node **grow(struct translation *translation, const struct node *const *nodes,
				size_t count)
{
	if (count & (count - 1))
		return (const struct node **)(uintptr_t)nodes;
	size_t room = count ? 2 * count : 1;
	const struct node **copy = arena_array(translation->arena, room, sizeof(*copy));
	if (copy && count)
		memcpy(copy, nodes, count * sizeof(*copy));
	translation->failed |= !copy;
	return copy;
}

void translation_add(struct translation *translation, struct node *list, const struct node *value)
{
	const struct node **items =
		list && value ? grow(translation, list->items, list->count) : NULL;
	if (!items)
		return;
	items[list->count] = value;
	list->items = items;
	list->count++;
}

void translation_put(struct translation *translation, struct node *map, const struct node *key,
		     const struct node *value)
{
	if (!map || !key || !value)
		return;
	const struct node **keys = grow(translation, map->keys, map->count);
	const struct node **items = grow(translation, map->items, map->count);
	if (!keys || !items)
		return;
	keys[map->count] = key;
	items[map->count] = value;
	map->keys = keys;
	map->items = items;
	map->count++;
}

void translation_set(struct translation *translation, struct node *map, const char *key,
		     const struct node *value)
{
	if (value)
		translation_put(translation, map, translation_text(translation, value, str_of(key)),
				value);
}

void translation_rule(struct translation *translation, const struct node *source,
		      const struct node *value)
{
	struct node *images = translation->images;
	if (!source || !value || !images)
		return;
	uintptr_t number = (uintptr_t)map_get(&translation->sources, source->text);
	if (!number) {
		translation_put(translation, images, source, value);
		translation->failed |= !map_put(&translation->sources, source->text,
						(void *)(uintptr_t)images->count);
		return;
	}
	size_t i = number - 1;
	struct node *list = (struct node *)(uintptr_t)images->items[i];
	if (list->kind != NODE_LIST) {
		list = translation_list(translation, images->items[i]);
		translation_add(translation, list, images->items[i]);
		((const struct node **)(uintptr_t)images->items)[i] = list ? list : value;
	}
	translation_add(translation, list, value);
}

static bool is_same(const struct node *a, const struct node *b)
{
	bool same = a->kind == b->kind && a->count == b->count && str_equal(a->text, b->text);
	for (size_t i = 0; same && i < a->count; i++)
		same = is_same(a->items[i], b->items[i]) &&
		       (!a->keys || str_equal(a->keys[i]->text, b->keys[i]->text));
	return same;
}

void translation_login(struct translation *translation, const struct node *registry,
		       const struct node *entry)
{
	const struct node *auth = translation->auth;
	if (!registry || !entry || !auth)
		return;
	for (size_t i = 0; i < auth->count; i++)
		if (str_equal(auth->keys[i]->text, registry->text) &&
		    is_same(auth->items[i], entry))
			return;
	translation_put(translation, translation->auth, registry, entry);
}

/* --- what is reported ------------------------------------------------------------------------ */

typedef void problem_function(struct problems *problems, const char *place, const char *format, ...)
	printf_like(3, 4);

static void tell(problem_function *add, struct problems *problems, struct translation *translation,
		 const struct node *at, const char *format, va_list args)
{
	char text[1024];
	vsnprintf(text, sizeof(text), format, args);
	add(problems, document_place(translation->arena, translation->document, at), "%s", text);
}

void translation_refuse(struct translation *translation, const struct node *at, const char *format,
			...)
{
	va_list args;
	va_start(args, format);
	tell(problem_add, translation->problems, translation, at, format, args);
	va_end(args);
}

void translation_lose(struct translation *translation, const struct node *at, const char *format,
		      ...)
{
	va_list args;
	va_start(args, format);
	tell(problem_warn, translation->problems, translation, at, format, args);
	va_end(args);
}

void translation_remark(struct translation *translation, const struct node *at, const char *format,
			...)
{
	va_list args;
	va_start(args, format);
	tell(problem_warn, translation->remarks, translation, at, format, args);
	va_end(args);
}

/* --- what is read ---------------------------------------------------------------------------- */

struct fields_reading translation_reading(const struct translation *translation)
{
	return (struct fields_reading){translation->arena, translation->document,
				       translation->problems, NULL};
}

/* node may be NULL: then it is missing. */
static bool expect(struct translation *translation, const struct node *node, enum node_kind kind,
		   const char *what)
{
	const struct node *at = node ? node : translation->document->root;
	if (node && node->kind == kind)
		return true;
	if (node)
		translation_refuse(translation, at, "%s is %s: it must be %s", what,
				   node_kind_name(node->kind), node_kind_name(kind));
	else
		translation_refuse(translation, at, "%s is missing", what);
	return false;
}

bool translation_expect_map(struct translation *translation, const struct node *node,
			    const char *what)
{
	return expect(translation, node, NODE_MAP, what);
}

bool translation_expect_list(struct translation *translation, const struct node *node,
			     const char *what)
{
	return expect(translation, node, NODE_LIST, what);
}

void translation_pattern(struct translation *translation, struct node *list, const struct node *at,
			 const char *before, struct str text, const char *behind)
{
	scoped(buf_finish) struct buf pattern = {0};
	bool escaped = false;
	buf_printf(&pattern, "/%s", before);
	for (size_t i = 0; i < text.len; i++) {
		/* The end of a pattern in a list; no tag has either character. */
		if (text.at[i] == '/' && !escaped)
			buf_add_char(&pattern, '\\');
		escaped = text.at[i] == '\\' && !escaped;
		buf_add_char(&pattern, text.at[i]);
	}
	buf_printf(&pattern, "%s/", behind);
	translation->failed |= !buf_ok(&pattern);
	translation_add(translation, list, translation_text(translation, at, buf_str(&pattern)));
}
