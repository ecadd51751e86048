/* What is wrong with one name must not hide the next: each of them is judged. */
#include "config/rules/list_file.h"

#include "base/map.h"
#include "oci/reference.h"

#include <string.h>

/* Some editors begin a text with it. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

struct list_reading {
	struct arena *arena;
	const char *name;
	const char *prefix; /* without a '/' at its end */
	struct problems *problems;
	struct map seen; /* images, each once */
	struct rules *out;
};

static void reading_finish(struct list_reading *reading)
{
	map_finish(&reading->seen);
}

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

static bool make_rule(struct list_reading *reading, const struct reference *image,
		      const char *place)
{
	const char *source = reference_string(reading->arena, image);
	const char *destination =
		arena_printf(reading->arena, "%s/%s", reading->prefix, image->repository);
	if (!source || !destination)
		return false;
	if (map_get(&reading->seen, str_of(source)))
		return true;
	reading->out->items[reading->out->count++] = (struct rule){.source = source,
								   .destination = destination,
								   .source_place = place,
								   .destination_place = place};
	return map_put(&reading->seen, str_of(source), reading);
}

static void read_word(struct list_reading *reading, struct str word, int line, int column)
{
	struct error err = {0};
	struct reference image;
	const char *place = arena_printf(reading->arena, "%s:%d:%d", reading->name, line, column);
	if (!place || !reference_parse(reading->arena, word, &image, &err)) {
		problem_add(reading->problems, place ? place : reading->name, "%s",
			    err.text[0] ? err.text : "out of memory");
		return;
	}
	if (!image.tag && !image.digest)
		image.tag = "latest";
	if (!make_rule(reading, &image, place))
		problem_add(reading->problems, place, "out of memory");
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

/* Sets the prefix to to, without a '/' at its end. False, with the problem, if it is none. */
static bool set_prefix(struct list_reading *reading, const char *to)
{
	struct error err = {0};
	struct reference ref;
	size_t len = strlen(to);
	while (len && to[len - 1] == '/')
		len--;
	reading->prefix = arena_copy(reading->arena, to, len);
	const char *below =
		reading->prefix ? arena_printf(reading->arena, "%s/a", reading->prefix) : NULL;
	if (!below)
		problem_add(reading->problems, NULL, "--to: out of memory");
	else if (reference_parse(reading->arena, str_of(below), &ref, &err))
		return true;
	else if (reference_parse(reading->arena, str_of(to), &ref, &err) && (ref.tag || ref.digest))
		problem_add(reading->problems, NULL,
			    "--to: \"%s\": the images keep their tags and digests: leave out the "
			    "part from '%c' on",
			    to, ref.tag ? ':' : '@');
	else
		problem_add(reading->problems, NULL, "--to: %s", err.text);
	return false;
}

void list_file_read(struct arena *arena, const char *name, struct str text, const char *prefix,
		    struct rules *out, struct problems *problems)
{
	scoped(reading_finish) struct list_reading reading = {
		.arena = arena, .name = name, .problems = problems, .out = out};
	struct str line;
	*out = (struct rules){.items = arena_array(arena, count_words(text), sizeof(*out->items))};
	if (!out->items) {
		problem_add(problems, name, "out of memory");
		return;
	}
	if (!set_prefix(&reading, prefix))
		return;
	if (str_starts(text, byte_order_mark))
		text = str_from(text, strlen(byte_order_mark));
	for (int number = 1; str_cut(&text, '\n', &line); number++)
		read_line(&reading, line, number);
	if (!out->count && !problems->error_count)
		problem_add(problems, name, "the list names no image");
}
