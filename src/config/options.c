/*
 * The syntax is that of the original's flag library: `--f v`, `--f=v`, `-p6`, `-p 6`, `-p=6`,
 * letters in a row, the last one wins, `--` ends the options. One table drives all of it; adding
 * an option means one line in options.def and, for a new kind of value, one function here.
 */
#include "config/options.h"

#include "config/nearest.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

enum kind { KIND_GROUP, KIND_TEXT, KIND_NUMBER, KIND_SWITCH };

struct option {
	enum kind kind;
	const char *name; /* of a group: its title */
	char letter;
	const char *argument; /* name of the value in --help */
	int fallback;
	size_t field; /* offset in struct options */
	const char *help;
};

static const struct option table[] = {
#define OPTION_GROUP(title) {.kind = KIND_GROUP, .name = title},
#define OPTION_TEXT(field, name, letter, argument, help)                                           \
	{KIND_TEXT, name, letter, argument, 0, offsetof(struct options, field), help},
#define OPTION_NUMBER(field, name, letter, argument, fallback, help)                               \
	{KIND_NUMBER, name, letter, argument, fallback, offsetof(struct options, field), help},
#define OPTION_SWITCH(field, name, letter, help)                                                   \
	{KIND_SWITCH, name, letter, NULL, 0, offsetof(struct options, field), help},
#include "config/options.def"
};

/* Walks the arguments. */
struct parse {
	int argc, at;
	char **argv;
	struct options *out;
	struct problems *problems;
};

static const struct option *find_name(struct str name)
{
	for (size_t i = 0; i < array_count(table); i++)
		if (table[i].kind != KIND_GROUP && str_is(name, table[i].name))
			return &table[i];
	return NULL;
}

static const struct option *find_letter(char letter)
{
	for (size_t i = 0; i < array_count(table); i++)
		if (letter && table[i].letter == letter)
			return &table[i];
	return NULL;
}

static void *field_of(struct options *options, const struct option *option)
{
	return (char *)options + option->field;
}

/* Sets the option to what it is without being given. */
static void set_default(struct options *options, const struct option *option)
{
	void *field = field_of(options, option);
	if (option->kind == KIND_TEXT)
		*(const char **)field = NULL;
	else if (option->kind == KIND_NUMBER)
		*(int *)field = option->fallback;
	else if (option->kind == KIND_SWITCH)
		*(bool *)field = false;
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

/* The words that the original takes. */
static bool parse_switch(struct str text, bool *out)
{
	static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True"};
	static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False"};
	for (size_t i = 0; i < array_count(yes); i++) {
		if (!str_is(text, yes[i]) && !str_is(text, no[i]))
			continue;
		*out = str_is(text, yes[i]);
		return true;
	}
	return false;
}

static void set_value(struct parse *parse, const struct option *option, const char *value)
{
	void *field = field_of(parse->out, option);
	if (!*value)
		set_default(parse->out, option);
	else if (option->kind == KIND_TEXT)
		*(const char **)field = value;
	else if (option->kind == KIND_NUMBER && !parse_number(str_of(value), field))
		problem_add(parse->problems, NULL,
			    "--%s %s: expected a whole number, as in --%s %d", option->name, value,
			    option->name, option->fallback);
	else if (option->kind == KIND_SWITCH && !parse_switch(str_of(value), field))
		problem_add(parse->problems, NULL, "--%s=%s: expected true or false", option->name,
			    value);
}

/* Is this argument, as a whole, one of our options? Then it is nobody's value. */
static bool is_option(const char *argument)
{
	struct str name = str_of(argument);
	if (!str_starts(name, "--"))
		return false;
	name = str_from(name, 2);
	return find_name(str_head(name, str_find(name, '=')));
}

/* Takes the next argument as the value of option. */
static void take_value(struct parse *parse, const struct option *option)
{
	const char *next = parse->at + 1 < parse->argc ? parse->argv[parse->at + 1] : NULL;
	if (!next || is_option(next)) {
		problem_add(parse->problems, NULL, "--%s needs a value: --%s %s%s%s%s",
			    option->name, option->name, option->argument,
			    next ? " (what follows is " : "", next ? next : "", next ? ")" : "");
		return;
	}
	parse->at++;
	set_value(parse, option, next);
}

static void unknown_name(struct parse *parse, struct str given, struct str name)
{
	const char *names[array_count(table)];
	size_t count = 0;
	for (size_t i = 0; i < array_count(table); i++)
		if (table[i].kind != KIND_GROUP)
			names[count++] = table[i].name;
	const char *near = nearest_word(name, names, count);
	problem_add(parse->problems, NULL, "unknown option %.*s%s%s%s", STR_ARGS(given),
		    near ? ": did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* One argument that begins with "--". */
static void parse_long(struct parse *parse)
{
	struct str given = str_of(parse->argv[parse->at]);
	size_t equals = str_find(given, '=');
	struct str name = str_from(str_head(given, equals), 2);
	const struct option *option = find_name(name);
	if (!option)
		unknown_name(parse, str_head(given, equals), name);
	else if (equals < given.len)
		set_value(parse, option, given.at + equals + 1);
	else if (option->kind == KIND_SWITCH)
		*(bool *)field_of(parse->out, option) = true;
	else
		take_value(parse, option);
}

/* One argument of a dash and letters; the last letter may take a value. */
static void parse_letters(struct parse *parse)
{
	const char *given = parse->argv[parse->at];
	for (const char *at = given + 1; *at; at++) {
		const struct option *option = find_letter(*at);
		if (!option) {
			unknown_name(parse, str_of(given), str_of(given + 1));
			return;
		}
		if (at[1] == '=') {
			set_value(parse, option, at + 2);
			return;
		}
		if (option->kind == KIND_SWITCH) {
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

static void parse_word(struct parse *parse)
{
	const char *word = parse->argv[parse->at];
	bool truth;
	if (parse_switch(str_of(word), &truth))
		problem_add(parse->problems, NULL,
			    "unexpected argument %s: a switch takes its value behind =, as in "
			    "--force=%s",
			    word, word);
	else
		problem_add(parse->problems, NULL,
			    "unexpected argument \"%s\": what to copy stands in a file, given as "
			    "--images FILE",
			    word);
}

bool options_parse(int argc, char **argv, struct options *out, struct problems *problems)
{
	struct parse parse = {
		.argc = argc, .at = 1, .argv = argv, .out = out, .problems = problems};
	size_t before = problems->error_count;
	*out = (struct options){0};
	for (size_t i = 0; i < array_count(table); i++)
		set_default(out, &table[i]);
	for (bool words = false; parse.at < argc; parse.at++) {
		const char *argument = argv[parse.at];
		if (!words && strcmp(argument, "--") == 0)
			words = true;
		else if (!words && str_starts(str_of(argument), "--"))
			parse_long(&parse);
		else if (!words && argument[0] == '-' && argument[1])
			parse_letters(&parse);
		else
			parse_word(&parse);
	}
	return problems->error_count == before;
}

enum { HELP_INDENT = 24, HELP_WIDTH = 80 };

/* Words of text, broken at HELP_WIDTH and continued at HELP_INDENT. */
static void add_wrapped(struct buf *out, struct str text)
{
	size_t column = HELP_INDENT;
	for (struct str word; str_cut(&text, ' ', &word);) {
		if (column > HELP_INDENT && column + 1 + word.len > HELP_WIDTH) {
			buf_printf(out, "\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		} else if (column > HELP_INDENT) {
			buf_add_char(out, ' ');
			column++;
		}
		buf_add_str(out, word);
		column += word.len;
	}
	buf_add_char(out, '\n');
}

static void add_option(struct buf *out, const struct option *option)
{
	char letter[] = {'-', option->letter, ',', ' ', '\0'};
	scoped(buf_finish) struct buf left = {0};
	scoped(buf_finish) struct buf right = {0};
	buf_printf(&left, "  %s--%s%s%s", option->letter ? letter : "    ", option->name,
		   option->argument ? " " : "", option->argument ? option->argument : "");
	buf_printf(&right, "%s", option->help);
	if (option->kind == KIND_NUMBER)
		buf_printf(&right, " (default %d)", option->fallback);
	if (left.len < HELP_INDENT)
		buf_printf(out, "%-*s", HELP_INDENT, buf_string(&left));
	else
		buf_printf(out, "%s\n%*s", buf_string(&left), HELP_INDENT, "");
	add_wrapped(out, buf_str(&right));
}

void options_help(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer --images FILE [--auth FILE] [OPTION]...\n"
		"\n"
		"Copies container images between registries: only what is missing or stale.\n");
	for (size_t i = 0; i < array_count(table); i++) {
		if (table[i].kind == KIND_GROUP)
			buf_printf(out, "\n%s:\n", table[i].name);
		else
			add_option(out, &table[i]);
	}
	buf_add_string(
		out, "\n"
		     "Exit status: 0 everything in sync, 1 at least one image failed, 2 usage or\n"
		     "configuration, 130 or 143 interrupted.\n");
}
