/*
 * A document's tree as text that can be compared: n:, b:, i: and s: stand before scalars, R for
 * what is given twice.
 */
#pragma once

#include "base/buf.h"
#include "doc/node.h"

static inline void dump(const struct node *node, struct buf *out)
{
	static const char kinds[] = {
		[NODE_NULL] = 'n', [NODE_BOOL] = 'b', [NODE_NUMBER] = 'i', [NODE_STRING] = 's'};
	bool map = node->kind == NODE_MAP;
	if (node->kind == NODE_REPEATED) {
		buf_add_char(out, 'R');
		return;
	}
	if (!map && node->kind != NODE_LIST) {
		buf_printf(out, "%c:%.*s", kinds[node->kind], STR_ARGS(node->text));
		return;
	}
	buf_add_char(out, map ? '{' : '[');
	for (size_t i = 0; i < node->count; i++) {
		if (map)
			buf_printf(out, "%.*s=", STR_ARGS(node->keys[i]->text));
		dump(node->items[i], out);
		buf_add_char(out, ' ');
	}
	buf_add_char(out, map ? '}' : ']');
}
