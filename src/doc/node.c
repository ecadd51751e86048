/*
 * The code that both readers share. A lookup walks the map, since each map is asked for a handful
 * of names. Only the test for repeated keys must not be quadratic, since a registry may have sent
 * the map.
 */
#include "doc/node.h"

#include "base/map.h"
#include "base/secret.h"

enum { FEW_KEYS = 16 };

const struct node *node_get(const struct node *node, const char *key)
{
	if (!node || node->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < node->count; i++)
		if (str_is(node->keys[i]->text, key))
			return node->items[i];
	return NULL;
}

struct str node_string(const struct node *node)
{
	return node && node->kind == NODE_STRING ? node->text : (struct str){0};
}

bool node_int64(const struct node *node, int64_t *out)
{
	return node && node->kind == NODE_NUMBER && str_to_int64(node->text, out);
}

const char *node_kind_name(enum node_kind kind)
{
	static const char *const names[] = {
		[NODE_NULL] = "null",
		[NODE_BOOL] = "true or false",
		[NODE_NUMBER] = "a number",
		[NODE_STRING] = "a string",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a mapping",
		[NODE_REPEATED] = "given twice",
	};
	return (size_t)kind < array_count(names) ? names[kind] : "unknown";
}

static bool repeated(const struct node *key, const struct node *first, struct error *err)
{
	secret_suspect(key->text);
	return error_set(err, ERROR_CONFIG,
			 "%d:%d: \"%.*s\" is given here and in line %d: keep one", key->line,
			 key->column, STR_ARGS(str_head(key->text, 200)), first->line);
}

static bool few_keys_unique(const struct node *map, struct error *err)
{
	for (size_t i = 1; i < map->count; i++)
		for (size_t j = 0; j < i; j++)
			if (str_equal(map->keys[i]->text, map->keys[j]->text))
				return repeated(map->keys[i], map->keys[j], err);
	return true;
}

bool node_keys_unique(const struct node *map, struct error *err)
{
	if (map->count <= FEW_KEYS)
		return few_keys_unique(map, err);
	scoped(map_finish) struct map seen = {0};
	for (size_t i = 0; i < map->count; i++) {
		const struct node *key = map->keys[i];
		const struct node *first = map_get(&seen, key->text);
		if (first)
			return repeated(key, first, err);
		if (!map_put(&seen, key->text, (void *)(uintptr_t)key))
			return error_memory(err);
	}
	return true;
}
