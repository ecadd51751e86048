/*
 * libyaml drops comments, but what lies between two of its tokens is blanks and comments only. Its
 * marks count characters, so the gaps are found by a walk over the text beside that over tokens.
 */
#include "doc/comments.h"

#include <string.h>
#include <yaml.h>

struct scan {
	yaml_parser_t parser;
	struct str text;
	size_t byte, character; /* the same place */
	int line;               /* of that place */
	struct buf found;
	size_t settled; /* of found, those whose line they are about is known */
	int content;    /* the line on which the last token ended */
};

static void finish_scan(struct scan *scan)
{
	yaml_parser_delete(&scan->parser);
	buf_finish(&scan->found);
}

static void finish_token(yaml_token_t *token)
{
	yaml_token_delete(token);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Adds the comment that begins at offset at of text. Returns the offset of its end. */
static size_t add_comment(struct buf *found, struct str text, size_t at, int line, int about)
{
	size_t end = at + str_find(str_from(text, at), '\n');
	struct str comment = str_from(str_head(text, end), at);
	while (comment.len && is_blank(comment.at[comment.len - 1]))
		comment.len--;
	buf_add(found, &(struct comment){.text = comment, .line = line, .about = about},
		sizeof(struct comment));
	return end;
}

/* Goes on to the character with that number. In a gap, comments on the way are added. */
static void advance(struct scan *scan, size_t character, bool gap)
{
	struct str text = scan->text;
	while (scan->character < character && scan->byte < text.len) {
		bool comment = gap && text.at[scan->byte] == '#' &&
			       (!scan->byte || is_blank(text.at[scan->byte - 1]));
		size_t end = scan->byte + 1;
		if (comment)
			end = add_comment(&scan->found, text, scan->byte, scan->line,
					  scan->content == scan->line ? scan->line : 0);
		while (end < text.len && ((unsigned char)text.at[end] & 0xc0) == 0x80)
			end++;
		for (; scan->byte < end; scan->byte++) {
			scan->character += ((unsigned char)text.at[scan->byte] & 0xc0) != 0x80;
			scan->line += text.at[scan->byte] == '\n';
		}
	}
}

/* Those in lines of their own are about the line where a token begins. */
static void settle(struct scan *scan, int line)
{
	struct comment *items = (void *)scan->found.at;
	size_t count = scan->found.len / sizeof(*items);
	for (; scan->settled < count; scan->settled++)
		if (!items[scan->settled].about)
			items[scan->settled].about = line;
}

static bool keep(struct arena *arena, const struct buf *found, struct comments *out,
		 struct error *err)
{
	out->count = found->len / sizeof(*out->items);
	void *items = buf_ok(found) ? arena_alloc(arena, found->len) : NULL;
	if (items && found->len)
		memcpy(items, found->at, found->len);
	out->items = items;
	return out->items || error_memory(err);
}

bool comments_of_yaml(struct arena *arena, struct str text, struct comments *out, struct error *err)
{
	scoped(finish_scan) struct scan scan = {.text = text, .line = 1};
	*out = (struct comments){0};
	if (!yaml_parser_initialize(&scan.parser))
		return error_memory(err);
	yaml_parser_set_encoding(&scan.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&scan.parser, (const unsigned char *)text.at, text.len);
	for (bool end = false; !end;) {
		scoped(finish_token) yaml_token_t token = {0};
		if (!yaml_parser_scan(&scan.parser, &token))
			return error_memory(err);
		end = token.type == YAML_STREAM_END_TOKEN;
		advance(&scan, token.start_mark.index, true);
		settle(&scan, (int)token.start_mark.line + 1);
		advance(&scan, token.end_mark.index, false);
		if (token.end_mark.index > token.start_mark.index)
			scan.content = scan.line;
	}
	return keep(arena, &scan.found, out, err);
}

bool comments_of_lines(struct arena *arena, struct str text, struct comments *out,
		       struct error *err)
{
	scoped(buf_finish) struct buf found = {0};
	bool content = false, alone = true;
	int line = 1;
	size_t settled = 0;
	for (size_t i = 0; i < text.len; i++) {
		bool word = alone || is_blank(text.at[i - 1]);
		if (text.at[i] == '#' && word) {
			i = add_comment(&found, text, i, line, content ? line : 0);
			if (i == text.len)
				break;
		}
		alone = text.at[i] == '\n';
		if (!is_blank(text.at[i]) && !content) {
			content = true;
			struct comment *items = (void *)found.at;
			for (; settled < found.len / sizeof(*items); settled++)
				if (!items[settled].about)
					items[settled].about = line;
		}
		content &= !alone;
		line += alone;
	}
	struct comment *items = (void *)found.at;
	for (; settled < found.len / sizeof(*items); settled++)
		if (!items[settled].about)
			items[settled].about = line;
	return keep(arena, &found, out, err);
}
