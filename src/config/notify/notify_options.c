/*
 * A comma ends a value only before a name and an equals sign. Variables are replaced after that, so
 * what they hold is never taken apart.
 */
#include "config/notify/notify_options.h"

#include "config/nearest.h"

struct option_reading {
	struct arena *arena;
	struct notify_words words;
	struct problems *problems;
};

/* The length of the name before an equals sign at the start of text; 0: there is none. */
static size_t name_length(struct str text)
{
	size_t len = 0;
	while (len < text.len && text.at[len] >= 'a' && text.at[len] <= 'z')
		len++;
	return len < text.len && text.at[len] == '=' ? len : 0;
}

/* The length of the value at the start of text. */
static size_t value_length(struct str text)
{
	size_t len = 0;
	while (len < text.len && !(text.at[len] == ',' && name_length(str_from(text, len + 1))))
		len++;
	return len;
}

static size_t find_name(struct str name)
{
	for (size_t i = 0; i < NOTIFY_FIELDS; i++)
		if (str_is(name, notify_target_names[i]))
			return i;
	return NOTIFY_FIELDS;
}

/* A name that is near none may be a part of an address, and is not quoted. */
static void refuse_name(const struct option_reading *reading, struct str name)
{
	const char *near = nearest_word(name, notify_target_names, NOTIFY_FIELDS);
	const struct notify_words *words = &reading->words;
	if (near)
		problem_add(reading->problems, words->place,
			    "%s: unknown name \"%.*s\": did you "
			    "mean %s?",
			    words->subject, STR_ARGS(name), near);
	else
		problem_add(reading->problems, words->place,
			    "%s: expected KIND=VALUE, perhaps with ,chat= ,api= ,secret= ,title= "
			    ",on= or ,required= after it; KIND is telegram, slack, dingtalk, "
			    "feishu, wecom, webhook or heartbeat",
			    words->subject);
}

/* False, with a problem added, when the name is unknown or given twice. */
static bool take_word(struct option_reading *reading, struct str name, struct str value)
{
	size_t field = find_name(name);
	if (!name.len || field == NOTIFY_FIELDS) {
		refuse_name(reading, name);
		return false;
	}
	struct notify_word *word = &reading->words.fields[field];
	if (word->text.at) {
		problem_add(reading->problems, reading->words.place, "%s: %s is given twice",
			    reading->words.subject, notify_target_names[field]);
		return false;
	}
	word->text = value;
	return true;
}

void notify_options_parse(struct arena *arena, struct str text, const struct notify_words *words,
			  const struct expand_lookup *lookup, struct notify_list *list,
			  struct problems *problems)
{
	struct option_reading reading = {arena, *words, problems};
	bool ok = true;
	while (ok && text.len) {
		struct str name = str_head(text, name_length(text));
		struct str rest = str_from(text, name.len + 1);
		struct str value = str_head(rest, value_length(rest));
		ok = take_word(&reading, name, value);
		text = str_from(rest, value.len + 1);
	}
	if (ok)
		notify_target_add(arena, &reading.words, lookup, list, problems);
}

static enum notify_when read_when(const struct options *options, struct problems *problems)
{
	enum notify_when when = NOTIFY_FAILURE;
	const char *text = options->notify_on;
	if (text && !notify_target_when(str_of(text), &when))
		problem_add(problems, NULL, "--notify-on %s: expected failure, change or always",
			    text);
	return when;
}

void notify_options_read(struct arena *arena, const struct options *options,
			 const struct expand_lookup *lookup, struct notify_list *list,
			 struct problems *problems)
{
	const struct option_list *given = &options->notify;
	const struct notify_words words = {
		.subject = given->preset ? "input notify" : "--notify",
		.exposed = given->preset ? NULL
					 : "a secret is written out, and other users can see the "
					   "command line: write '${NAME}' or file:PATH"};
	enum notify_when when = read_when(options, problems);
	for (size_t i = 0; i < given->count; i++)
		notify_options_parse(arena, str_of(given->items[i]), &words, lookup, list,
				     problems);
	for (size_t i = 0; i < list->count; i++) {
		struct notify_target *target = &list->items[i];
		target->when = target->when == NOTIFY_UNSAID ? when : target->when;
		target->required |= options->notify_required;
	}
}
