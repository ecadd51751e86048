/*
 * json_check.c decides what is JSON and marks the position of each value; cJSON decodes. Both visit
 * the values in the same order, so the tree is built by walking cJSON's tree and the marks in step.
 * Numbers are taken from the text, because cJSON keeps them as doubles.
 */
#include "doc/json.h"

#include "base/map.h"
#include "doc/json_blank.h"
#include "doc/json_check.h"

#include <cjson/cJSON.h>
#include <string.h>

/* How a name that is given twice in one object is handled. */
enum repeats { REFUSED, KEPT, DISOWNED };

struct json_walk {
	struct arena *arena;
	struct str text;
	const struct json_mark *marks; /* the next mark */
	enum repeats repeats;
	struct error *err;
};

static void delete_tree(cJSON **tree)
{
	cJSON_Delete(*tree);
}

/* A new node with the position of the next mark; NULL without memory. */
static struct node *place_node(struct json_walk *walk, const struct json_mark **mark)
{
	struct node *node = arena_new_of(walk->arena, struct node);
	*mark = walk->marks++;
	if (!node) {
		error_memory(walk->err);
		return NULL;
	}
	node->line = (int)(*mark)->line;
	node->column = (int)(*mark)->column;
	node->source_at = (uint32_t)(*mark)->at;
	node->source_len = (uint32_t)(*mark)->len;
	node->text = str_head(str_from(walk->text, (*mark)->at), (*mark)->len);
	return node;
}

static enum node_kind kind_of(const cJSON *item)
{
	if (cJSON_IsObject(item))
		return NODE_MAP;
	if (cJSON_IsArray(item))
		return NODE_LIST;
	if (cJSON_IsString(item))
		return NODE_STRING;
	if (cJSON_IsNumber(item))
		return NODE_NUMBER;
	return cJSON_IsBool(item) ? NODE_BOOL : NODE_NULL;
}

/* Makes node a string with cJSON's decoded text, or a scalar with its text as written. */
static bool fill_scalar(struct json_walk *walk, struct node *node, const char *decoded)
{
	size_t len = decoded ? strlen(decoded) : node->text.len;
	char *copy = arena_copy(walk->arena, decoded ? decoded : node->text.at, len);
	if (!copy)
		return error_memory(walk->err);
	node->quoted = decoded != NULL;
	node->text = (struct str){copy, len};
	return true;
}

static const struct node *build_name(struct json_walk *walk, const char *decoded)
{
	const struct json_mark *mark;
	struct node *node = place_node(walk, &mark);
	if (!node || !fill_scalar(walk, node, decoded))
		return NULL;
	node->kind = NODE_STRING;
	return node;
}

/* A node with the same position, without a value. */
static bool disown(struct json_walk *walk, const struct node **item)
{
	struct node *copy = arena_new_of(walk->arena, struct node);
	if (!copy)
		return error_memory(walk->err);
	*copy = (struct node){.kind = NODE_REPEATED,
			      .line = (*item)->line,
			      .column = (*item)->column,
			      .source_at = (*item)->source_at,
			      .source_len = (*item)->source_len};
	*item = copy;
	return true;
}

/*
 * For a name given twice some readers take the first value, others the last: here neither counts.
 */
static bool disown_repeated(struct json_walk *walk, const struct node *const *keys,
			    const struct node **items, size_t count)
{
	scoped(map_finish) struct map seen = {0};
	for (size_t i = 0; i < count; i++) {
		const struct node **first = map_get(&seen, keys[i]->text);
		if (first && (!disown(walk, first) || !disown(walk, &items[i])))
			return false;
		if (!first && !map_put(&seen, keys[i]->text, &items[i]))
			return error_memory(walk->err);
	}
	return true;
}

static const struct node *build(struct json_walk *walk, const cJSON *item);

/*
 * Fills in the elements of a list or object. Their number is known, so the arrays are allocated
 * first.
 */
static bool fill_container(struct json_walk *walk, struct node *node, const cJSON *item,
			   size_t count)
{
	bool map = node->kind == NODE_MAP;
	const struct node **items = arena_array(walk->arena, count, sizeof(*items));
	const struct node **keys = map ? arena_array(walk->arena, count, sizeof(*keys)) : NULL;
	if (!items || (map && !keys))
		return error_memory(walk->err);
	const cJSON *child = item->child;
	for (size_t i = 0; i < count; i++, child = child->next) {
		if (map && !(keys[i] = build_name(walk, child->string)))
			return false;
		if (!(items[i] = build(walk, child)))
			return false;
	}
	node->text = (struct str){0};
	node->count = (uint32_t)count;
	node->items = items;
	node->keys = keys;
	if (!map || walk->repeats == KEPT || node_keys_unique(node, walk->err))
		return true;
	return walk->repeats == DISOWNED && walk->err->kind != ERROR_MEMORY &&
	       disown_repeated(walk, keys, items, count);
}

static const struct node *build(struct json_walk *walk, const cJSON *item)
{
	const struct json_mark *mark;
	struct node *node = place_node(walk, &mark);
	if (!node)
		return NULL;
	node->kind = kind_of(item);
	node->truth = cJSON_IsTrue(item);
	bool container = node->kind == NODE_LIST || node->kind == NODE_MAP;
	bool filled = container ? fill_container(walk, node, item, mark->count)
				: fill_scalar(walk, node, item->valuestring);
	return filled ? node : NULL;
}

/* Decodes text that passed json_check(), which left the marks. */
static bool decode(struct arena *arena, struct str text, const struct buf *marks,
		   enum repeats repeats, const struct node **out, struct error *err)
{
	scoped(delete_tree) cJSON *tree = cJSON_ParseWithLength(text.at, text.len);
	if (!tree)
		return error_memory(err);
	struct json_walk walk = {arena, text, (const struct json_mark *)(const void *)marks->at,
				 repeats, err};
	*out = build(&walk, tree);
	return *out != NULL;
}

bool json_read(struct arena *arena, struct str text, const struct node **out, struct error *err)
{
	scoped(buf_finish) struct buf marks = {0};
	return json_check(text, JSON_VALUES_MAX, &marks, err) &&
	       decode(arena, text, &marks, REFUSED, out, err);
}

bool json_read_file(struct arena *arena, struct str text, const struct node **out,
		    struct error *err)
{
	scoped(buf_finish) struct buf marks = buf_limit(NODE_VALUES_MAX * sizeof(struct json_mark));
	return json_check(text, NODE_VALUES_MAX, &marks, err) &&
	       decode(arena, text, &marks, KEPT, out, err);
}

bool json_read_foreign(struct arena *arena, struct str text, const struct node **out,
		       struct error *err)
{
	scoped(buf_finish) struct buf marks = {0};
	scoped(buf_wipe) struct buf blanked = {0};
	if (json_check(text, JSON_VALUES_MAX, &marks, err))
		return decode(arena, text, &marks, DISOWNED, out, err);
	if (err->kind == ERROR_MEMORY)
		return false;
	json_blank(text, &blanked);
	if (!buf_ok(&blanked))
		return error_memory(err);
	buf_reset(&marks);
	return json_check(buf_str(&blanked), JSON_VALUES_MAX, &marks, err) &&
	       decode(arena, buf_str(&blanked), &marks, DISOWNED, out, err);
}
