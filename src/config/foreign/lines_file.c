/*
 * An image of which several platforms are named on lines of their own becomes one rule: the copy is
 * an index with all of them, where a push for each would leave only the last.
 */
#include "config/foreign/lines_file.h"

#include "config/foreign/placing.h"

#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";
static const char platform_option[] = "--platform";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the next word off line, whose column is *column before and after it. False: none is left. */
static bool next_word(struct str *line, int *column, struct str *word)
{
	size_t start = 0, end;
	while (start < line->len && is_blank(line->at[start]))
		start++;
	for (end = start; end < line->len && !is_blank(line->at[end]);)
		end++;
	if (end == start || line->at[start] == '#')
		return false;
	*word = str_from(str_head(*line, end), start);
	*column += (int)start;
	*line = str_from(*line, start);
	return true;
}

static void skip_word(struct str *line, int *column, struct str word)
{
	*line = str_from(*line, word.len);
	*column += (int)word.len;
}

static struct str without_mark(struct str text)
{
	return str_starts(text, byte_order_mark) ? str_from(text, strlen(byte_order_mark)) : text;
}

static bool has_pair(struct str line)
{
	line = str_trim(line);
	for (size_t i = 0; i + 1 < line.len; i++)
		if (line.at[i] == ':' && is_blank(line.at[i + 1]))
			return true;
	return str_ends(line, ":") || str_starts(line, "- ");
}

bool lines_file_recognise(const char *name, struct str text)
{
	struct str line, word, first = {0};
	text = without_mark(text);
	while (str_cut(&text, '\n', &line)) {
		int column = 1;
		if (str_ends(line, "\r"))
			line = str_head(line, line.len - 1);
		if (!next_word(&line, &column, &word))
			continue;
		if (has_pair(line))
			return false;
		if (!first.len)
			first = word;
	}
	return first.len && (str_ends(str_of(name), ".txt") || str_starts(first, platform_option));
}

/* One line. */
struct line {
	struct str rest;
	struct node at; /* has the place of the word that is being read */
	const struct node *platforms;
};

static bool next(struct line *line, struct str *word)
{
	return next_word(&line->rest, &line->at.column, word);
}

/* Reads the platforms that the line begins with. False: there are none behind the option. */
static bool read_platforms(struct translation *translation, struct line *line)
{
	struct str word, each;
	while (next(line, &word) && str_starts(word, platform_option)) {
		struct str value = str_from(word, strlen(platform_option));
		skip_word(&line->rest, &line->at.column, word);
		if (str_starts(value, "="))
			value = str_from(value, 1);
		else if (!value.len && next(line, &value))
			skip_word(&line->rest, &line->at.column, value);
		if (!value.len) {
			translation_refuse(translation, &line->at,
					   "a platform is missing, as in --platform=linux/amd64");
			return false;
		}
		struct node *list = translation_list(translation, &line->at);
		while (str_cut(&value, ',', &each))
			translation_add(translation, list,
					translation_text(translation, &line->at, each));
		line->platforms = list;
	}
	return true;
}

/* A name below --to. False with a refusal: it is none. */
static bool check_rename(struct translation *translation, const struct node *at, struct str name)
{
	struct error err = {0};
	struct reference ref;
	struct str first = str_head(name, str_find(name, '/'));
	char *trial = arena_printf(translation->arena, "a.test/%.*s", STR_ARGS(name));
	translation->failed |= !trial;
	if (first.len < name.len && str_find(first, '.') < first.len) {
		translation_refuse(translation, at,
				   "\"%.*s\": the second word is the name of the copy below --to, "
				   "without a registry",
				   STR_ARGS(str_head(name, 200)));
		return false;
	}
	if (!trial || reference_parse(translation->arena, str_of(trial), &ref, &err))
		return trial != NULL;
	translation_refuse(translation, at,
			   "\"%.*s\": the second word is the name of the copy below --to, in small "
			   "letters, perhaps with a tag",
			   STR_ARGS(str_head(name, 200)));
	return false;
}

static void read_line(struct translation *translation, struct str text, int number)
{
	struct line line = {.rest = text, .at = {.line = number, .column = 1}};
	struct placing_image image = {0};
	struct str word;
	if (!read_platforms(translation, &line) || !next(&line, &image.text))
		return;
	struct node *at = translation_text(translation, &line.at, image.text);
	if (!at)
		return;
	image.at = at;
	image.platforms = line.platforms;
	skip_word(&line.rest, &line.at.column, image.text);
	if (next(&line, &word)) {
		if (!check_rename(translation, &line.at, word))
			return;
		image.rename = word;
		skip_word(&line.rest, &line.at.column, word);
	}
	if (next(&line, &word)) {
		translation_refuse(translation, &line.at,
				   "\"%.*s\": a line has an image, and perhaps the name of its "
				   "copy: write one image on each line",
				   STR_ARGS(str_head(word, 200)));
		return;
	}
	placing_add(translation, &image);
}

void lines_file_translate(struct translation *translation)
{
	struct str text = without_mark(translation->document->text), line;
	for (int number = 1; str_cut(&text, '\n', &line); number++)
		read_line(translation, line, number);
}
