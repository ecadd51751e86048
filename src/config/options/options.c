/*
 * The syntax is that of the original's flag library: `--f v`, `--f=v`, `-p6`, `-p 6`, `-p=6`,
 * letters in a row, the last value wins, `--` ends the options. One table drives all of it; adding
 * an option means one line in options.def and, for a new kind of value, one function here.
 */
#include "config/options/options.h"

#include "base/secret.h"
#include "config/options/option.h"
#include "config/options/variable.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Options of old releases: scripts still pass them empty. */
static const struct removed {
	const char *name, *release, *instead;
} removed[] = {
	{"records", "v1.1.0", "nothing is recorded any more, both registries are asked"},
	{"namespace", "v1.5.0", "write the whole destination into each rule"},
	{"registry", "v1.5.1", "write the whole destination into each rule"},
};

/* The state of the parser. */
struct parse {
	int argc, at;
	char **argv;
	struct options *out;
	struct problems *problems;
	bool by_letter;                       /* the current option is given by its letter */
	bool unknown;                         /* there was an unknown option */
	const char *words[OPTIONS_WORDS_MAX]; /* the first arguments that are no options */
	size_t word_count;                    /* the number of such arguments */
};

static const struct removed *find_removed(struct str name)
{
	for (size_t i = 0; i < array_count(removed); i++)
		if (str_is(name, removed[i].name))
			return &removed[i];
	return NULL;
}

static void *field_of(struct options *options, const struct option *option)
{
	return (char *)options + option->field;
}

static bool is_list(const struct option *option)
{
	return option->kind == OPTION_KIND_LIST || option->kind == OPTION_KIND_LINES;
}

/* Sets the option to its default. */
static void set_default(struct options *options, const struct option *option)
{
	void *field = field_of(options, option);
	if (option->kind == OPTION_KIND_TEXT)
		*(const char **)field = NULL;
	else if (option->kind == OPTION_KIND_NUMBER)
		*(int *)field = option->fallback;
	else if (option->kind == OPTION_KIND_SWITCH)
		*(bool *)field = false;
	else if (is_list(option))
		*(struct option_list *)field = (struct option_list){0};
}

static bool parse_number(struct str text, int *out)
{
	int64_t value = 0;
	bool negative = str_starts(text, "-");
	if (negative || str_starts(text, "+"))
		text = str_from(text, 1);
	if (!str_to_int64(text, &value) || value > INT_MAX)
		return false;
	*out = negative ? 0 : (int)value;
	return true;
}

bool options_switch(struct str text, bool *out)
{
	static const char *const yes[] = {"true", "1", "t", "yes", "on"};
	static const char *const no[] = {"false", "0", "f", "no", "off"};
	for (size_t i = 0; i < array_count(yes); i++) {
		*out = str_equal_nocase(text, str_of(yes[i]));
		if (*out || str_equal_nocase(text, str_of(no[i])))
			return true;
	}
	return false;
}

static bool add_item(struct option_list *list, const char *value)
{
	if (list->preset)
		*list = (struct option_list){0};
	if (list->count == OPTIONS_LIST_MAX)
		return false;
	list->items[list->count++] = value;
	return true;
}

bool options_set(struct options *out, const struct option *option, const char *value)
{
	void *field = field_of(out, option);
	secret_suspect(str_of(value));
	switch (option->kind) {
	case OPTION_KIND_TEXT:
		*(const char **)field = value;
		return true;
	case OPTION_KIND_NUMBER:
		return parse_number(str_of(value), field);
	case OPTION_KIND_SWITCH:
		return options_switch(str_of(value), field);
	case OPTION_KIND_LIST:
	case OPTION_KIND_LINES:
		return add_item(field, value);
	case OPTION_KIND_GROUP:
		break;
	}
	return false;
}

/* In kyma's tool -r takes a prefix, so a path after it most likely means that. */
static void refuse_number(struct parse *parse, const struct option *option, const char *value)
{
	/* In other programs -p takes a password. */
	enum { WORD_MIN = 4 };
	bool secret = parse->by_letter && option->letter == 'p' && strlen(value) >= WORD_MIN &&
		      value[strspn(value, "0123456789")];
	problem_add(parse->problems, NULL, "--%s%s%s: expected a whole number, as in --%s %d%s",
		    option->name, secret ? "" : " ", secret ? "" : value, option->name,
		    option->fallback,
		    option->letter == 'r' ? " (a prefix for kyma's images is --target-repo-prefix)"
					  : "");
}

/* An empty value resets the option to its default; a list ignores it. */
static void set_value(struct parse *parse, const struct option *option, const char *value)
{
	if (!*value && is_list(option))
		return;
	if (!*value)
		set_default(parse->out, option);
	else if (options_set(parse->out, option, value))
		return;
	else if (is_list(option))
		problem_add(parse->problems, NULL, "--%s is given more than %d times%s",
			    option->name, OPTIONS_LIST_MAX,
			    option->kind == OPTION_KIND_LIST ? ": join values with commas" : "");
	else if (option->kind == OPTION_KIND_NUMBER)
		refuse_number(parse, option, value);
	else if (option->kind == OPTION_KIND_SWITCH)
		problem_add(parse->problems, NULL, "--%s=%s: expected true or false", option->name,
			    value);
}

/* True when the whole argument is one of our options, and so no value of another. */
static bool is_option(const char *argument)
{
	struct str name = str_of(argument);
	if (!str_starts(name, "--"))
		return false;
	name = str_from(name, 2);
	return option_named(str_head(name, str_find(name, '=')));
}

/* Takes the next argument as the value of option. */
static void take_value(struct parse *parse, const struct option *option)
{
	const char *next = parse->at + 1 < parse->argc ? parse->argv[parse->at + 1] : NULL;
	if (!next || is_option(next)) {
		struct str name = str_head(str_of(next), str_find(str_of(next), '='));
		problem_add(parse->problems, NULL, "--%s needs a value: --%s %s%s%.*s%s",
			    option->name, option->name, option->argument,
			    next ? " (the next argument is " : "", STR_ARGS(name), next ? ")" : "");
		return;
	}
	parse->at++;
	set_value(parse, option, next);
}

static void unknown_name(struct parse *parse, struct str given, struct str name)
{
	const char *near = option_nearest(name);
	parse->unknown = true;
	problem_add(parse->problems, NULL, "unknown option %.*s%s%s%s", STR_ARGS(given),
		    near ? ": did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* An option such as --namespace is accepted while empty. value: NULL if it is the next argument. */
static void parse_removed(struct parse *parse, const struct removed *option, const char *value)
{
	if (!value && parse->at + 1 < parse->argc)
		value = parse->argv[++parse->at];
	if (value && *value)
		problem_add(parse->problems, NULL, "--%s was removed in %s: %s", option->name,
			    option->release, option->instead);
}

/* Parses an argument that begins with "--". */
static void parse_long(struct parse *parse)
{
	struct str given = str_of(parse->argv[parse->at]);
	size_t equals = str_find(given, '=');
	struct str name = str_from(str_head(given, equals), 2);
	const struct option *option = option_named(name);
	const struct removed *old = option ? NULL : find_removed(name);
	if (old)
		parse_removed(parse, old, equals < given.len ? given.at + equals + 1 : NULL);
	else if (!option)
		unknown_name(parse, str_head(given, equals), name);
	else if (equals < given.len)
		set_value(parse, option, given.at + equals + 1);
	else if (option->kind == OPTION_KIND_SWITCH)
		*(bool *)field_of(parse->out, option) = true;
	else
		take_value(parse, option);
}

/* Parses an argument of a dash and letters; the last letter may take a value. */
static void parse_letters(struct parse *parse)
{
	enum { LETTER = 2 }; /* a dash and a letter; the text after them may be a password */
	const char *given = parse->argv[parse->at];
	bool near = option_nearest(str_of(given + 1)) != NULL;
	struct str name = str_head(str_of(given), str_find(str_of(given), '='));
	/* "-arch amd64" is a slip for --arch, and not -a with the value "rch". */
	if (option_named(str_from(name, 1))) {
		unknown_name(parse, name, str_from(name, 1));
		return;
	}
	for (const char *at = given + 1; *at; at++) {
		const struct option *option = option_lettered(*at);
		if (!option) {
			unknown_name(parse, near ? name : str_head(name, LETTER),
				     str_from(name, 1));
			return;
		}
		if (at[1] == '=') {
			set_value(parse, option, at + 2);
			return;
		}
		if (option->kind == OPTION_KIND_SWITCH) {
			*(bool *)field_of(parse->out, option) = true;
			continue;
		}
		if (at[1])
			set_value(parse, option, at + 1);
		else
			take_value(parse, option);
		return;
	}
}

/* A word after an unknown option is most likely its value, and may be a password. */
static void parse_word(struct parse *parse)
{
	const char *word = parse->argv[parse->at];
	bool truth;
	if (parse->unknown)
		return;
	secret_suspect(str_of(word));
	if (options_switch(str_of(word), &truth)) {
		problem_add(parse->problems, NULL,
			    "unexpected argument %s: a switch takes its value after =, as in "
			    "--force=%s",
			    word, word);
		return;
	}
	if (parse->word_count < OPTIONS_WORDS_MAX)
		parse->words[parse->word_count] = word;
	else
		problem_add(parse->problems, NULL,
			    "unexpected argument \"%s\": to copy several images, list them in a "
			    "file and pass --images FILE",
			    word);
	parse->word_count++;
}

/* Takes the words as a rule, or as the name of a command. */
static void use_words(struct parse *parse)
{
	struct options *out = parse->out;
	const char *const *words = parse->words;
	if (parse->word_count == 1 && strcmp(words[0], "version") == 0) {
		out->version = true;
	} else if (parse->word_count == 1 && !parse->unknown) {
		problem_add(
			parse->problems, NULL,
			"unexpected argument \"%s\": give a source and a destination, or a file "
			"of rules as --images FILE",
			words[0]);
	} else if (parse->word_count >= OPTIONS_WORDS_MAX) {
		out->source = words[0];
		out->destination = words[1];
	}
}

void options_init(struct options *out)
{
	*out = (struct options){0};
	for (size_t i = 0; i < option_count; i++)
		set_default(out, &option_table[i]);
}

/* A word that is neither true nor false is refused: false could make a dry run a real one. */
void options_variables(struct options *out, struct problems *problems)
{
	for (size_t i = 0; i < variable_count; i++) {
		const struct variable *variable = &variable_table[i];
		const struct option *option = option_named(str_of(variable->option));
		const char *value = getenv(variable->name);
		if (value && *value && !options_set(out, option, value))
			problem_add(problems, NULL, "%s=%s: expected true or false", variable->name,
				    value);
	}
}

bool options_parse(int argc, char **argv, struct options *out, struct problems *problems)
{
	struct parse parse = {
		.argc = argc, .at = 1, .argv = argv, .out = out, .problems = problems};
	size_t before = problems->error_count;
	const char *images = out->images;
	for (bool words = false; parse.at < argc; parse.at++) {
		const char *argument = argv[parse.at];
		parse.by_letter = argument[0] == '-' && argument[1] != '-';
		if (!words && strcmp(argument, "--") == 0)
			words = true;
		else if (!words && str_starts(str_of(argument), "--"))
			parse_long(&parse);
		else if (!words && argument[0] == '-' && argument[1])
			parse_letters(&parse);
		else
			parse_word(&parse);
	}
	use_words(&parse);
	/* A variable says what to copy only where the command line does not. */
	if (out->images == images && (out->config || parse.word_count))
		out->images = NULL;
	return problems->error_count == before;
}
