/*
 * The syntax of a command line: what is an option, what its value, what a word. Tables say which
 * options there are.
 */
#pragma once

#include "config/options/option.h"
#include "config/problem.h"

enum { ARGUMENTS_TABLES = 2 };

/* Options, and the record that they fill. */
struct arguments_table {
	const struct option *options;
	size_t count;
	void *record;
	const char *const *hidden; /* names that cannot be given, NULL at the end; NULL: none */
	bool letters;              /* its options may be given by their letters */
};

/* One command line, and what to do with it. The functions may add to problems. */
struct arguments {
	int argc;
	char **argv;
	struct arguments_table tables[ARGUMENTS_TABLES]; /* the first one that has a name counts */
	/* Gets each word that belongs to no option; texts are those of argv. */
	void (*word)(struct arguments *given, const char *word);
	/* Gets each option before its value is set; NULL: nobody wants to know. */
	void (*option)(struct arguments *given, const struct option *option);
	/*
	 * Gets a name that no table has, and what follows it, or NULL. True: it was an option with
	 * a value, and is dealt with. NULL: there is none.
	 */
	bool (*removed)(struct arguments *given, struct str name, const char *value);
	/* What to write instead of an unknown name; NULL: nobody knows. NULL: there is none. */
	const char *(*advice)(struct str name);
	void *ctx;
	struct problems *problems;
	bool unknown; /* there was an unknown option: words after it are no longer looked at */
};

/* Parses argv[1] and following. Every mistake goes to problems. */
void arguments_parse(struct arguments *given);
