/* What is wrong with one name must not hide the next: each of them is judged. */
#include "config/rules/list_file.h"

#include "base/secret.h"

#include <string.h>

enum { QUOTE_MAX = 300 };

/* Some editors begin a text with it. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

struct list_reading {
	struct arena *arena;
	const char *name;
	struct problems *problems;
	struct image_list *out;
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* How many images text has at most. */
static size_t count_words(struct str text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += !is_blank(text.at[i]) && (!i || is_blank(text.at[i - 1]));
	return count;
}

static bool parse_image(struct arena *arena, struct str text, struct reference *out,
			struct error *err)
{
	if (str_ends(text, "/*") || str_ends(text, "/**"))
		return error_set(err, ERROR_CONFIG,
				 "\"%.*s\": a list names images, not namespaces: write the rule "
				 "%.*s: PREFIX into the file of --images",
				 STR_ARGS(str_head(text, QUOTE_MAX)),
				 STR_ARGS(str_head(text, QUOTE_MAX)));
	return reference_parse(arena, text, out, err);
}

bool list_file_image(struct arena *arena, struct str text, const char *place,
		     struct list_image *out, struct problems *problems)
{
	struct error err = {0};
	secret_suspect(text);
	*out = (struct list_image){.place = place};
	if (!parse_image(arena, text, &out->ref, &err)) {
		problem_add(problems, place, "%s",
			    err.kind == ERROR_MEMORY ? "out of memory" : err.text);
		return false;
	}
	if (!out->ref.tag && !out->ref.digest)
		out->ref.tag = "latest";
	return true;
}

static void read_word(struct list_reading *reading, struct str word, int line, int column)
{
	struct image_list *out = reading->out;
	const char *place = arena_printf(reading->arena, "%s:%d:%d", reading->name, line, column);
	if (!place)
		problem_add(reading->problems, reading->name, "out of memory");
	else
		out->count += list_file_image(reading->arena, word, place, &out->items[out->count],
					      reading->problems);
}

static void read_line(struct list_reading *reading, struct str line, int number)
{
	for (size_t at = 0; at < line.len;) {
		size_t end = at;
		while (end < line.len && !is_blank(line.at[end]))
			end++;
		if (end > at && line.at[at] == '#')
			return;
		if (end > at)
			read_word(reading, str_head(str_from(line, at), end - at), number,
				  (int)at + 1);
		at = end + 1;
	}
}

void list_file_read(struct arena *arena, const char *name, struct str text, struct image_list *out,
		    struct problems *problems)
{
	struct list_reading reading = {arena, name, problems, out};
	size_t before = problems->error_count;
	struct str line;
	*out = (struct image_list){
		.items = arena_array(arena, count_words(text), sizeof(*out->items))};
	if (!out->items) {
		problem_add(problems, name, "out of memory");
		return;
	}
	if (str_starts(text, byte_order_mark))
		text = str_from(text, strlen(byte_order_mark));
	for (int number = 1; str_cut(&text, '\n', &line); number++)
		read_line(&reading, line, number);
	if (!out->count && problems->error_count == before)
		problem_add(problems, name,
			    "the list names no image: write one on each line, as in nginx:1.28");
}
