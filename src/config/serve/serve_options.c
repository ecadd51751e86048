/*
 * A server runs what a sync runs, so all options of a sync are options of serve.
 *
 * What the server's file says of a sync counts less than the command line, which names that file:
 * so the arguments are looked through for its name first, and parsed once it has been read.
 *
 * Two kinds of file may be meant by --config: that of the fork's server, and that of old releases,
 * with rules and logins in one. The file itself shows which of them it is.
 */
#include "config/serve/serve_options.h"

#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

const struct option serve_options_table[] = {
#define SERVE_TEXT(field, name, letter, argument, help)                                            \
	{OPTION_KIND_TEXT, name, letter, argument, 0, offsetof(struct serve_options, field), help},
#include "config/serve/serve_options.def"
#undef SERVE_TEXT
};

const size_t serve_options_count = array_count(serve_options_table);

bool serve_options_named(const char *name)
{
	for (size_t i = 0; i < serve_options_count; i++)
		if (strcmp(serve_options_table[i].name, name) == 0)
			return true;
	return false;
}

static bool parse(const struct serve_options_reading *reading, struct serve_options *out,
		  struct options *options, struct problems *problems)
{
	const struct arguments_table own = {.options = serve_options_table,
					    .count = serve_options_count,
					    .record = out,
					    .letters = true};
	*out = (struct serve_options){0};
	return options_parse_beside(reading->argc, reading->argv,
				    reading->own ? reading->own : &own, options, problems);
}

/* --- which file ----------------------------------------------------------------------------- */

/* The file of --config, as it is first on the command line of the fork; NULL: another is first. */
static const char *first_config(int argc, char **argv)
{
	static const char name[] = "--config";
	if (argc < 2 || !str_starts(str_of(argv[1]), name))
		return NULL;
	const char *rest = argv[1] + strlen(name);
	if (*rest == '=')
		return rest + 1;
	return !*rest && argc > 2 ? argv[2] : NULL;
}

/* Standard input is not looked at: it can be read only once. */
static bool configures_server(struct arena *arena, const char *path)
{
	scoped(problem_finish) struct problems ignored = {0};
	struct document document;
	return path && *path && strcmp(path, "-") != 0 &&
	       document_read(arena, path, &document, &ignored) && server_file_recognise(&document);
}

bool serve_options_meant(struct arena *arena, int argc, char **argv)
{
	struct str first = str_of(argc > 1 ? argv[1] : NULL);
	struct str word = str_from(str_head(first, str_find(first, '=')), 1);
	/* "-config" is a slip for an option of a sync. */
	if (str_starts(first, "-c") && !option_named(word))
		return true;
	return configures_server(arena, first_config(argc, argv));
}

/* The file that the fork looks for; NULL: there is none. */
static const char *usual_file(void)
{
	static const char *const paths[] = {"configs/sync.yaml", "configs/sync.yml",
					    "configs/sync.json"};
	for (size_t i = 0; i < array_count(paths); i++)
		if (access(paths[i], F_OK) == 0)
			return paths[i];
	return NULL;
}

/* The file to read: the one that was named, or the usual one if nothing else is asked for. */
static const char *find_file(const struct serve_options_reading *reading, struct serve_options *out,
			     const struct options *options)
{
	scoped(problem_finish) struct problems ignored = {0};
	struct options given = *options;
	parse(reading, out, &given, &ignored);
	if (given.help || given.version)
		return NULL;
	if (out->file)
		return out->file;
	return given.images || given.list || given.source ? NULL : usual_file();
}

/* --- reading it ----------------------------------------------------------------------------- */

static void read_file(const struct serve_options_reading *reading, const char *path,
		      struct options *options)
{
	struct document document;
	struct server_config *server = arena_new_of(reading->arena, struct server_config);
	if (!server) {
		problem_add(reading->problems, NULL, "out of memory");
		return;
	}
	/* What cannot be read is there nevertheless, so that nobody misses anything else. */
	server->path = path;
	options->server = server;
	if (!document_read(reading->arena, path, &document, reading->problems))
		return;
	/* A file of rules, and perhaps logins, as old releases had. */
	if (node_get(document.root, "images")) {
		options->config = path;
		options->server = NULL;
		return;
	}
	server_file_read(reading->arena, &document, reading->lookup, server, options,
			 reading->problems);
	server->path = path; /* "-", not "stdin" */
}

bool serve_options_parse(const struct serve_options_reading *reading, struct serve_options *out,
			 struct options *options)
{
	const char *path = find_file(reading, out, options);
	if (path)
		read_file(reading, path, options);
	return parse(reading, out, options, reading->problems);
}

void serve_options_help(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer serve -c FILE [OPTION]...\n"
		"       image-syncer serve --images FILE [--auth FILE] --every TIME [OPTION]...\n"
		"       image-syncer serve --images FILE [--auth FILE] --cron WHEN [OPTION]...\n"
		"\n"
		"Runs until it is stopped: syncs on schedule, and whenever a hook or an event of\n"
		"a registry names an image.\n"
		"\nWhat, and when:\n");
	for (size_t i = 0; i < serve_options_count; i++) {
		char letter[] = {'-', serve_options_table[i].letter, ',', ' ', '\0'};
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "  %s--%s %s", serve_options_table[i].letter ? letter : "    ",
			   serve_options_table[i].name, serve_options_table[i].argument);
		options_help_row(out, &left, str_of(serve_options_table[i].help));
	}
	buf_add_string(
		out,
		"\n"
		"It also takes all options of a sync (image-syncer --help), which override the\n"
		"file of -c. Files are read again when they change; while one has an error, the\n"
		"previous rules stay in force. SIGHUP reads them and starts a\n"
		"run at once, SIGUSR1 opens the log file again.\n"
		"\n"
		"Exit status: 0 stopped by SIGTERM or SIGINT, 143 or 130 by a second one; 2\n"
		"usage, or an error in the files at the start. A run that fails does not end\n"
		"the server.\n");
}
