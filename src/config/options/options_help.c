/*
 * The options come from the table, in its order and groups. The variables have a table here, since
 * no parser needs one.
 */
#include "config/options/options_help.h"

#include "config/options/option.h"
#include "config/options/variable.h"

enum { HELP_INDENT = 24, HELP_WIDTH = 80 };

/* Variables that some part of the program, or a library in it, reads. */
static const char *const environment[][2] = {
	{"any NAME", "variables that the files refer to as $NAME or ${NAME}"},
	{"SSL_CERT_FILE", "trusted certificate authorities (PEM) instead of the system's"},
	{"HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
	 "proxies, and hosts reached without one; also in lower case"},
	{"DOCKER_CONFIG", "folder of docker's config.json (default ~/.docker)"},
	{"XDG_RUNTIME_DIR, XDG_CONFIG_HOME",
	 "folders of containers/auth.json, the logins of podman and others"},
	{"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
	 "keys for registries of Amazon ECR that have no other login"},
	{"GITHUB_ACTIONS, INPUT_*", "in a step of a GitHub Action: its inputs, see the manual"},
	{"NO_COLOR", "no colours, if set and not empty"},
	{"TERM", "dumb or unset: plain lines instead of the live display"},
};

/* Adds text, broken between words at HELP_WIDTH and continued at HELP_INDENT. */
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

void options_help_row(struct buf *out, const struct buf *left, struct str right)
{
	if (left->len < HELP_INDENT)
		buf_printf(out, "%-*s", HELP_INDENT, buf_string(left));
	else
		buf_printf(out, "%s\n%*s", buf_string(left), HELP_INDENT, "");
	add_wrapped(out, right);
}

static void add_option(struct buf *out, const struct option *option)
{
	char letter[] = {'-', option->letter, ',', ' ', '\0'};
	scoped(buf_finish) struct buf left = {0};
	scoped(buf_finish) struct buf right = {0};
	buf_printf(&left, "  %s--%s%s%s", option->letter ? letter : "    ", option->name,
		   option->argument ? " " : "", option->argument ? option->argument : "");
	buf_printf(&right, "%s", option->help);
	if (option->kind == OPTION_KIND_NUMBER)
		buf_printf(&right, " (default %d)", option->fallback);
	const char *variable = variable_of(option->name);
	if (variable)
		buf_printf(&right, " [%s]", variable);
	options_help_row(out, &left, buf_str(&right));
}

void options_help(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer --images FILE [--auth FILE] [OPTION]...\n"
		"       image-syncer SOURCE DESTINATION... [--auth FILE] [OPTION]...\n"
		"       image-syncer --list FILE --to PREFIX [--auth FILE] [OPTION]...\n"
		"       image-syncer serve --images FILE [OPTION]...\n"
		"       image-syncer plan --images FILE [OPTION]...\n"
		"       image-syncer apply PLAN [--auth FILE] [OPTION]...\n"
		"       image-syncer check --images FILE [OPTION]...\n"
		"       image-syncer probe HOST[/REPOSITORY]...\n"
		"       image-syncer request [OPTION]... <TEXT\n"
		"       image-syncer convert FILE [OPTION]...\n"
		"       image-syncer report merge FILE...\n"
		"       image-syncer gcr | flannel | sync IMAGE [FLAG]...\n"
		"       image-syncer help [TOPIC] | version\n"
		"\n"
		"Copies container images between registries, folders (oci:FOLDER) and archives\n"
		"(oci-archive:FILE.tar): only what is missing or stale. Commands such as serve\n"
		"have a --help of their own.\n");
	for (size_t i = 0; i < option_count; i++) {
		if (option_table[i].kind == OPTION_KIND_GROUP)
			buf_printf(out, "\n%s:\n", option_table[i].name);
		else
			add_option(out, &option_table[i]);
	}
	buf_add_string(out, "\nEnvironment:\n");
	options_help_environment(out);
}

void options_help_environment(struct buf *out)
{
	for (size_t i = 0; i < array_count(environment); i++) {
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "  %s", environment[i][0]);
		options_help_row(out, &left, str_of(environment[i][1]));
	}
}

void options_help_end(struct buf *out)
{
	buf_add_string(
		out, "\n"
		     "A value follows its option as the next argument or after =; an empty value\n"
		     "counts as unset. Switches take =true or =false.\n"
		     "\n"
		     "Exit status: 0 everything in sync, 1 at least one image failed, 2 usage or\n"
		     "configuration, 130 or 143 interrupted.\n");
}
