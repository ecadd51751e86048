/*
 * Our strict JSON against cJSON: what we accept cJSON accepts too, and both see the same strings;
 * what cJSON refuses we refuse. What we read can be written and read again. The reader of foreign
 * text accepts all of that and sees the same, and of whatever it accepts each value has its own
 * place in the text.
 */
#include "fuzz.h"

#include "doc/json.h"
#include "doc/json_writer.h"

#include <cjson/cJSON.h>

static void compare(const struct node *node, const cJSON *item);

static void compare_children(const struct node *node, const cJSON *item)
{
	const cJSON *child = item->child;
	for (size_t i = 0; i < node->count; i++, child = child->next) {
		require(child);
		if (node->kind == NODE_MAP) {
			require(str_is(node->keys[i]->text, child->string));
			require(node_get(node, child->string) == node->items[i]);
		}
		compare(node->items[i], child);
	}
	require(!child);
}

static void compare(const struct node *node, const cJSON *item)
{
	int64_t number = 0;
	if (node->kind == NODE_STRING)
		require(cJSON_IsString(item) && str_is(node->text, item->valuestring));
	else if (node->kind == NODE_BOOL)
		require(cJSON_IsBool(item) && node->truth == !!cJSON_IsTrue(item));
	else if (node->kind == NODE_NULL)
		require(cJSON_IsNull(item));
	else if (node->kind == NODE_NUMBER && node_int64(node, &number))
		require(number >= 0 && (double)number == cJSON_GetNumberValue(item));
	else if (node->kind == NODE_NUMBER)
		require(cJSON_IsNumber(item));
	else
		compare_children(node, item);
}

static void write(struct json_writer *writer, const struct node *node)
{
	if (node->kind == NODE_MAP) {
		json_writer_open_object(writer);
		for (size_t i = 0; i < node->count; i++) {
			json_writer_name(writer, node->keys[i]->text.at);
			write(writer, node->items[i]);
		}
		json_writer_close_object(writer);
	} else if (node->kind == NODE_LIST) {
		json_writer_open_list(writer);
		for (size_t i = 0; i < node->count; i++)
			write(writer, node->items[i]);
		json_writer_close_list(writer);
	} else if (node->kind == NODE_BOOL) {
		json_writer_bool(writer, node->truth);
	} else {
		/* A number as a string: the writer knows none with a fraction. */
		json_writer_string(writer, node->kind == NODE_NULL ? NULL : node->text.at);
	}
}

static void check_same(const struct node *a, const struct node *b)
{
	require(a->kind == b->kind || (a->kind == NODE_NUMBER && b->kind == NODE_STRING));
	require(a->count == b->count && (a->count || str_equal(a->text, b->text)));
	for (size_t i = 0; i < a->count; i++) {
		require(!a->keys || str_equal(a->keys[i]->text, b->keys[i]->text));
		check_same(a->items[i], b->items[i]);
	}
}

static void check_written(struct arena *arena, const struct node *root)
{
	scoped(buf_finish) struct buf text = {0};
	struct json_writer writer = {.out = &text};
	const struct node *again = NULL;
	struct error err = {0};
	write(&writer, root);
	require(buf_ok(&text) && json_read(arena, buf_str(&text), &again, &err));
	check_same(root, again);
}

/* Every value within its parent's, one behind the other. */
static void check_places(const struct node *node, struct str text)
{
	size_t at = node->source_at, end = node->source_at + node->source_len;
	require(node->source_len && end <= text.len);
	for (size_t i = 0; i < node->count; i++) {
		require(node->items[i]->source_at > at);
		check_places(node->items[i], text);
		at = node->items[i]->source_at + node->items[i]->source_len;
		require(at < end);
	}
}

/* strict: what the strict reader made of the text, or NULL. */
static void check_foreign(struct arena *arena, struct str text, const struct node *strict)
{
	const struct node *root = NULL;
	struct error err = {0};
	bool read = json_read_foreign(arena, text, &root, &err);
	require(read || (!strict && err.kind == ERROR_CONFIG));
	if (read)
		check_places(root, text);
	if (strict)
		check_same(strict, root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str text = input_text(data, size);
	const struct node *root = NULL;
	struct error err = {0};
	require(arena);
	if (!json_read(arena, text, &root, &err)) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		check_foreign(arena, text, NULL);
		return 0;
	}
	check_foreign(arena, text, root);
	/* cJSON can only be asked to look for the end of the document behind a final NUL. */
	char *copy = input_string(arena, text);
	cJSON *tree = cJSON_ParseWithOpts(copy, NULL, true);
	require(tree && strlen(copy) == text.len);
	compare(root, tree);
	cJSON_Delete(tree);
	check_written(arena, root);
	return 0;
}
