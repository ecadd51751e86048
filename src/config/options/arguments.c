/*
 * The syntax is that of the original's flag library: `--f v`, `--f=v`, `-p6`, `-p 6`, `-p=6`,
 * letters in a row, the last value wins, `--` ends the options.
 */
#include "config/options/arguments.h"

#include "config/nearest.h"

#include <string.h>

enum { NEAREST_MAX = 128 };

/* The state of the parser. */
struct parse {
	struct arguments *given;
	int at;
	bool by_letter; /* the current option is given by its letter */
};

/* An option, and the record that has its field. */
struct found {
	const struct option *option; /* NULL: there is none */
	void *record;
};

static bool is_hidden(const struct arguments_table *table, const char *name)
{
	for (const char *const *at = table->hidden; at && *at; at++)
		if (strcmp(*at, name) == 0)
			return true;
	return false;
}

/* True for an option of the table that may be given. */
static bool is_offered(const struct arguments_table *table, const struct option *option)
{
	return option->kind != OPTION_KIND_GROUP && !is_hidden(table, option->name);
}

static struct found find_named(const struct arguments *given, struct str name)
{
	for (size_t i = 0; i < array_count(given->tables); i++) {
		const struct arguments_table *table = &given->tables[i];
		for (size_t j = 0; j < table->count; j++)
			if (str_is(name, table->options[j].name) &&
			    is_offered(table, &table->options[j]))
				return (struct found){&table->options[j], table->record};
	}
	return (struct found){0};
}

static struct found find_lettered(const struct arguments *given, char letter)
{
	for (size_t i = 0; i < array_count(given->tables); i++) {
		const struct arguments_table *table = &given->tables[i];
		for (size_t j = 0; table->letters && j < table->count; j++)
			if (letter && table->options[j].letter == letter)
				return (struct found){&table->options[j], table->record};
	}
	return (struct found){0};
}

/* The name of an option that name may be a slip of; NULL when none is near. */
static const char *find_near(const struct arguments *given, struct str name)
{
	const char *names[NEAREST_MAX];
	size_t count = 0;
	for (size_t i = 0; i < array_count(given->tables); i++) {
		const struct arguments_table *table = &given->tables[i];
		for (size_t j = 0; j < table->count && count < NEAREST_MAX; j++)
			if (is_offered(table, &table->options[j]))
				names[count++] = table->options[j].name;
	}
	return nearest_word(name, names, count);
}

/* In kyma's tool -r takes a prefix, so a path after it most likely means that. */
static void refuse_number(struct parse *parse, const struct option *option, const char *value)
{
	/* In other programs -p takes a password. */
	enum { WORD_MIN = 4 };
	if (value[0] == '-' && value[1] && !value[1 + strspn(value + 1, "0123456789")]) {
		problem_add(parse->given->problems, NULL,
			    "--%s %s: expected 0 or more, as in --%s %d", option->name, value,
			    option->name, option->fallback);
		return;
	}
	bool secret = parse->by_letter && option->letter == 'p' && strlen(value) >= WORD_MIN &&
		      value[strspn(value, "0123456789")];
	problem_add(parse->given->problems, NULL,
		    "--%s%s%s: expected a whole number, as in --%s %d%s", option->name,
		    secret ? "" : " ", secret ? "" : value, option->name, option->fallback,
		    option->letter == 'r' ? " (a prefix for kyma's images is --target-repo-prefix)"
					  : "");
}

/* An empty value resets the option to its default; a list ignores it. */
static void set_value(struct parse *parse, const struct found *found, const char *value)
{
	const struct option *option = found->option;
	if (!*value && option_lists(option))
		return;
	if (!*value)
		option_reset(found->record, option);
	else if (option_assign(found->record, option, value))
		return;
	else if (option_lists(option))
		problem_add(parse->given->problems, NULL, "--%s is given more than %d times%s",
			    option->name, OPTIONS_LIST_MAX,
			    option->kind == OPTION_KIND_LIST ? ": join values with commas" : "");
	else if (option->kind == OPTION_KIND_NUMBER)
		refuse_number(parse, option, value);
	else if (option->kind == OPTION_KIND_SWITCH)
		problem_add(parse->given->problems, NULL, "--%s=%s: expected true or false",
			    option->name, value);
}

/* True when the whole argument is one of our options, and so no value of another. */
static bool is_option(const struct arguments *given, const char *argument)
{
	struct str name = str_of(argument);
	if (!str_starts(name, "--"))
		return false;
	name = str_from(name, 2);
	return find_named(given, str_head(name, str_find(name, '='))).option;
}

/* Takes the next argument as the value of option. */
static void take_value(struct parse *parse, const struct found *found)
{
	const struct arguments *given = parse->given;
	const struct option *option = found->option;
	const char *next = parse->at + 1 < given->argc ? given->argv[parse->at + 1] : NULL;
	if (!next || is_option(given, next)) {
		struct str name = str_head(str_of(next), str_find(str_of(next), '='));
		problem_add(given->problems, NULL, "--%s needs a value: --%s %s%s%.*s%s",
			    option->name, option->name, option->argument,
			    next ? " (the next argument is " : "", STR_ARGS(name), next ? ")" : "");
		return;
	}
	parse->at++;
	set_value(parse, found, next);
}

static void unknown_name(struct parse *parse, struct str given, struct str name)
{
	const char *advice = parse->given->advice ? parse->given->advice(name) : NULL;
	const char *near = advice ? NULL : find_near(parse->given, name);
	parse->given->unknown = true;
	problem_add(parse->given->problems, NULL, "unknown option %.*s%s%s%s", STR_ARGS(given),
		    advice ? ": "
		    : near ? ": did you mean --"
			   : "",
		    advice ? advice
		    : near ? near
			   : "",
		    near ? "?" : "");
}

/* Notes an option, and sets a switch. True: it is a switch, and done with. */
static bool note(struct parse *parse, const struct found *found)
{
	struct arguments *given = parse->given;
	if (given->option)
		given->option(given, found->option);
	return found->option->kind == OPTION_KIND_SWITCH;
}

static void turn_on(const struct found *found)
{
	*(bool *)((char *)found->record + found->option->field) = true;
}

/* Parses an argument that begins with "--". */
static void parse_long(struct parse *parse)
{
	struct arguments *given = parse->given;
	struct str argument = str_of(given->argv[parse->at]);
	size_t equals = str_find(argument, '=');
	struct str name = str_from(str_head(argument, equals), 2);
	const struct found found = find_named(given, name);
	const char *value = equals < argument.len ? argument.at + equals + 1 : NULL;
	const char *next =
		value || parse->at + 1 >= given->argc ? value : given->argv[parse->at + 1];
	if (!found.option && given->removed && given->removed(given, name, next)) {
		parse->at += !value;
		return;
	}
	if (!found.option) {
		unknown_name(parse, str_head(argument, equals), name);
		return;
	}
	bool is_switch = note(parse, &found);
	if (value)
		set_value(parse, &found, value);
	else if (is_switch)
		turn_on(&found);
	else
		take_value(parse, &found);
}

/* Parses an argument of a dash and letters; the last letter may take a value. */
static void parse_letters(struct parse *parse)
{
	enum { LETTER = 2 }; /* a dash and a letter; the text after them may be a password */
	const struct arguments *given = parse->given;
	const char *argument = given->argv[parse->at];
	bool near = find_near(given, str_of(argument + 1)) != NULL;
	struct str name = str_head(str_of(argument), str_find(str_of(argument), '='));
	/* "-arch amd64" is a slip for --arch, and not -a with the value "rch". */
	if (find_named(given, str_from(name, 1)).option) {
		unknown_name(parse, name, str_from(name, 1));
		return;
	}
	for (const char *at = argument + 1; *at; at++) {
		const struct found found = find_lettered(given, *at);
		if (!found.option) {
			unknown_name(parse, near ? name : str_head(name, LETTER),
				     str_from(name, 1));
			return;
		}
		bool is_switch = note(parse, &found);
		if (at[1] == '=') {
			set_value(parse, &found, at + 2);
			return;
		}
		if (is_switch) {
			turn_on(&found);
			continue;
		}
		if (at[1])
			set_value(parse, &found, at + 1);
		else
			take_value(parse, &found);
		return;
	}
}

/* A word after an unknown option is most likely its value, and may be a password. */
static void parse_word(struct arguments *given, const char *word)
{
	if (!given->unknown)
		given->word(given, word);
}

void arguments_parse(struct arguments *given)
{
	struct parse parse = {.given = given, .at = 1};
	for (bool words = false; parse.at < given->argc; parse.at++) {
		const char *argument = given->argv[parse.at];
		parse.by_letter = argument[0] == '-' && argument[1] != '-';
		if (!words && strcmp(argument, "--") == 0)
			words = true;
		else if (!words && str_starts(str_of(argument), "--"))
			parse_long(&parse);
		else if (!words && argument[0] == '-' && argument[1])
			parse_letters(&parse);
		else
			parse_word(given, argument);
	}
}
