/*
 * What stands on the command line beside options: a rule, and options of old releases. One table
 * drives the rest; adding an option means one line in options.def and, for a new kind of value, one
 * function in option.c.
 */
#include "config/options/options.h"

#include "base/secret.h"
#include "config/options/arguments.h"
#include "config/options/elsewhere.h"
#include "config/options/variable.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Options of old releases: scripts still pass them empty. */
static const struct removed {
	const char *name, *release, *instead;
} removed[] = {
	{"records", "v1.1.0", "nothing is recorded any more, both registries are asked"},
	{"namespace", "v1.5.0", "write the whole destination into each rule"},
	{"registry", "v1.5.1", "write the whole destination into each rule"},
};

/* The first words of the command line. */
struct words {
	const char *items[1 + OPTIONS_DESTINATIONS_MAX];
	size_t count; /* the number of all words */
};

static const struct removed *find_removed(struct str name)
{
	for (size_t i = 0; i < array_count(removed); i++)
		if (str_is(name, removed[i].name))
			return &removed[i];
	return NULL;
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

bool options_set(struct options *out, const struct option *option, const char *value)
{
	return option_assign(out, option, value);
}

/* An option such as --namespace is accepted while empty. */
static bool parse_removed(struct arguments *given, struct str name, const char *value)
{
	const struct removed *option = find_removed(name);
	if (option && value && *value)
		problem_add(given->problems, NULL, "--%s was removed in %s: %s", option->name,
			    option->release, option->instead);
	return option != NULL;
}

static void parse_word(struct arguments *given, const char *word)
{
	struct words *words = given->ctx;
	bool truth;
	secret_suspect(str_of(word));
	if (options_switch(str_of(word), &truth)) {
		problem_add(given->problems, NULL,
			    "unexpected argument %s: a switch takes its value after =, as in "
			    "--force=%s",
			    word, word);
		return;
	}
	if (words->count < array_count(words->items))
		words->items[words->count] = word;
	else if (words->count == array_count(words->items))
		problem_add(given->problems, NULL,
			    "more than %d destinations: write them into a file and pass --images "
			    "FILE",
			    OPTIONS_DESTINATIONS_MAX);
	words->count++;
}

/* A single word: what it may have been meant as. */
static void refuse_word(const char *word, struct problems *problems)
{
	const char *const ends[] = {".yaml", ".yml", ".json"};
	for (size_t i = 0; i < array_count(ends); i++)
		if (str_ends(str_of(word), ends[i])) {
			problem_add(problems, NULL, "unexpected argument \"%s\": write --images %s",
				    word, word);
			return;
		}
	if (str_ends(str_of(word), ".txt"))
		problem_add(problems, NULL,
			    "unexpected argument \"%s\": for a list of images write --list %s",
			    word, word);
	else
		problem_add(problems, NULL,
			    "unexpected argument \"%s\": give a source and a destination, or a "
			    "file of rules as --images FILE",
			    word);
}

/* Takes the words as a rule, or as the name of a command. */
static void use_words(const struct arguments *given, struct options *out)
{
	const struct words *words = given->ctx;
	const char *const *items = words->items;
	if (words->count == 1 && strcmp(items[0], "version") == 0) {
		out->version = true;
	} else if (words->count == 1 && !given->unknown) {
		refuse_word(items[0], given->problems);
	} else if (words->count > 1) {
		out->source = items[0];
		out->destination_count = 0;
		for (size_t i = 1; i < words->count && i < array_count(words->items); i++)
			out->destinations[out->destination_count++] = items[i];
	}
}

void options_init(struct options *out)
{
	*out = (struct options){0};
	for (size_t i = 0; i < option_count; i++)
		option_reset(out, &option_table[i]);
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

void options_usual_files(struct options *options)
{
	static const char images[] = "images.yaml", auth[] = "auth.yaml";
	if (options->source || options->images || options->list || options->config ||
	    access(images, F_OK) != 0)
		return;
	options->images = images;
	options->usual = true;
	if (!options->auth && access(auth, F_OK) == 0)
		options->auth = auth;
}

bool options_parse(int argc, char **argv, struct options *out, struct problems *problems)
{
	return options_parse_beside(argc, argv, &(struct arguments_table){.count = 0}, out,
				    problems);
}

bool options_parse_beside(int argc, char **argv, const struct arguments_table *own,
			  struct options *out, struct problems *problems)
{
	struct words words = {.count = 0};
	struct arguments given = {
		.argc = argc,
		.argv = argv,
		.tables = {*own,
			   {.options = option_table,
			    .count = option_count,
			    .record = out,
			    .letters = true}},
		.word = parse_word,
		.removed = parse_removed,
		.advice = elsewhere_advice,
		.ctx = &words,
		.problems = problems,
	};
	size_t before = problems->error_count;
	const char *images = out->images;
	arguments_parse(&given);
	use_words(&given, out);
	/* A variable says what to copy only where the command line does not. */
	if (out->images == images && (out->config || words.count))
		out->images = NULL;
	return problems->error_count == before;
}
