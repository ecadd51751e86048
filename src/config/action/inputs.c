/*
 * A variable's name alone says which option it is: INPUT_DRY-RUN, as a runner spells it, and
 * INPUT_DRY_RUN, as shells can, are both --dry-run. So an option that is added to options.def is an
 * input as well.
 *
 * A composite action passes every input it declares, so an empty value means not given. Messages
 * quote the values of inputs, except of those that may hold credentials.
 */
#include "config/action/inputs.h"

#include "base/secret.h"
#include "config/action/mode.h"
#include "config/nearest.h"
#include "config/options/option.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { KNOWN_MAX = 128 };

enum other {
#define INPUT(symbol, name) symbol,
#include "config/action/inputs.def"
#undef INPUT
	OTHERS
};

static const char *const others[OTHERS] = {
#define INPUT(symbol, name) [symbol] = (name),
#include "config/action/inputs.def"
#undef INPUT
};

/* Inputs that `uses: docker://` takes for itself and leaves in the environment. */
static const char *const foreign[] = {"args", "entrypoint"};

/* Options whose input is a file or its text, in the order of struct inputs. */
static const struct document_input {
	const char *name;
	int old;       /* the input's name in image-sync-action; OTHERS: it had none */
	bool discreet; /* it may hold credentials, and is not quoted */
} documents[INPUTS_DOCUMENTS] = {
	{"auth", AUTH_FILE, true},
	{"images", IMAGES_FILE, false},
	{"config", OTHERS, true},
	{"list", OTHERS, false},
};

struct inputs_reading {
	struct arena *arena;
	char *const *environment;
	struct inputs *out;
	struct options *options;
	struct problems *problems;
};

/* --- the environment ----------------------------------------------------------------------- */

/* The value of the variable called name; NULL when unset or empty. */
static const char *variable(char *const *environment, const char *name)
{
	size_t len = strlen(name);
	for (; *environment; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			return (*environment)[len + 1] ? *environment + len + 1 : NULL;
	return NULL;
}

/* The name after INPUT_ in a variable's name; empty when the variable is no input. */
static struct str input_name(const char *entry)
{
	struct str text = str_of(entry);
	if (!str_starts(text, "INPUT_"))
		return (struct str){0};
	text = str_from(text, strlen("INPUT_"));
	return str_head(text, str_find(text, '='));
}

static char plain(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return c == '-' || c == ' ' ? '_' : c;
}

/* Compares names; case, and the choice between hyphen and underscore, do not matter. */
static bool same_name(struct str a, const char *b)
{
	if (a.len != strlen(b))
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (plain(a.at[i]) != plain(b[i]))
			return false;
	return true;
}

/* Lists the names of all inputs; returns their number. */
static size_t known_names(const char *names[KNOWN_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < option_count && count < KNOWN_MAX - OTHERS; i++) {
		const struct option *option = &option_table[i];
		/* These two only print something and exit, which no step of a job needs. */
		if (option->kind != OPTION_KIND_GROUP && strcmp(option->name, "help") != 0 &&
		    strcmp(option->name, "version") != 0)
			names[count++] = option->name;
	}
	for (size_t i = 0; i < OTHERS; i++)
		names[count++] = others[i];
	return count;
}

static bool among(struct str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same_name(name, names[i]))
			return true;
	return false;
}

bool inputs_present(char *const *environment)
{
	const char *names[KNOWN_MAX];
	size_t count = known_names(names);
	const char *actions = variable(environment, "GITHUB_ACTIONS");
	if (!actions || strcmp(actions, "true") != 0)
		return false;
	for (; *environment; environment++)
		if (among(input_name(*environment), names, count))
			return true;
	return false;
}

const char *inputs_command(char *const *environment)
{
	const char *actions = variable(environment, "GITHUB_ACTIONS");
	const char *mode = variable(environment, "INPUT_MODE");
	return actions && strcmp(actions, "true") == 0 && mode && strcmp(mode, "request") == 0
		       ? "request"
		       : NULL;
}

static void warn_unknown(const struct inputs_reading *reading)
{
	const char *names[KNOWN_MAX];
	size_t count = known_names(names);
	for (char *const *at = reading->environment; *at; at++) {
		struct str name = input_name(*at);
		bool given = name.len && strcmp(name.at + name.len, "=") != 0;
		if (!given || among(name, names, count) ||
		    among(name, foreign, array_count(foreign)))
			continue;
		char *lower = arena_copy(reading->arena, name.at, name.len);
		for (char *c = lower; c && *c; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c == '_' ? '-' : *c;
		const char *near = nearest_word(str_of(lower), names, count);
		problem_warn(reading->problems, NULL, "unknown input %s is ignored%s%s%s",
			     lower ? lower : "", near ? ": did you mean " : "", near ? near : "",
			     near ? "?" : "");
	}
}

/* --- values -------------------------------------------------------------------------------- */

static struct str trim(const char *text)
{
	struct str value = str_of(text);
	while (value.len && strchr(" \t\r\n", value.at[0]))
		value = str_from(value, 1);
	while (value.len && strchr(" \t\r\n", value.at[value.len - 1]))
		value.len--;
	return value;
}

/* The value of an input as it is in the environment; NULL when not given. */
static const char *find(const struct inputs_reading *reading, const char *name)
{
	const char *found = NULL;
	for (char *const *at = reading->environment; *at; at++) {
		const char *value = strchr(*at, '=');
		if (!value || !same_name(input_name(*at), name) || !trim(value + 1).len)
			continue;
		value++;
		if (found && !str_equal(trim(found), trim(value)))
			problem_add(reading->problems, NULL,
				    "input %s is given twice, with a hyphen and with an "
				    "underscore, with different values: keep one",
				    name);
		found = value;
	}
	return found;
}

/* The same without surrounding blanks, as a string; NULL when not given. */
static const char *find_trimmed(const struct inputs_reading *reading, const char *name)
{
	const char *value = find(reading, name);
	return value ? arena_copy(reading->arena, trim(value).at, trim(value).len) : NULL;
}

/* Joins the items of value, separated by commas or line ends, to one item of a list option. */
static const char *join_items(struct arena *arena, const char *value)
{
	scoped(buf_finish) struct buf joined = {0};
	struct str rest = str_of(value), line;
	while (str_cut(&rest, '\n', &line)) {
		for (struct str item; str_cut(&line, ',', &item);) {
			while (item.len && strchr(" \t\r", item.at[0]))
				item = str_from(item, 1);
			while (item.len && strchr(" \t\r", item.at[item.len - 1]))
				item.len--;
			if (item.len)
				buf_printf(&joined, "%s%.*s", joined.len ? "," : "",
					   STR_ARGS(item));
		}
	}
	return buf_ok(&joined) ? arena_copy(arena, buf_string(&joined), joined.len) : NULL;
}

/* Accepts the booleans of a workflow, which are fewer than those of the command line. */
static bool is_switch(const char *value, bool *out)
{
	static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
	for (size_t i = 0; i < array_count(words); i++)
		if (strcmp(value, words[i]) == 0)
			return options_switch(str_of(value), out);
	return false;
}

static void tell_wrong(const struct inputs_reading *reading, const struct option *option,
		       const char *value)
{
	if (option->kind == OPTION_KIND_NUMBER)
		problem_add(reading->problems, NULL,
			    "input %s is \"%s\": expected a whole number, as in %d", option->name,
			    value, option->fallback);
	else
		problem_add(reading->problems, NULL, "input %s is \"%s\": expected true or false",
			    option->name, value);
}

/* Adds each line of value as an item, without quoting any: they may be secrets. */
static void read_lines(const struct inputs_reading *reading, const struct option *option,
		       const char *value)
{
	struct str rest = str_of(value), line;
	while (str_cut(&rest, '\n', &line)) {
		while (line.len && strchr(" \t\r", line.at[line.len - 1]))
			line.len--;
		line = str_trim(line);
		const char *item = line.len ? arena_copy(reading->arena, line.at, line.len) : NULL;
		if (item && !options_set(reading->options, option, item)) {
			problem_add(reading->problems, NULL, "input %s has more than %d lines",
				    option->name, OPTIONS_LIST_MAX);
			break;
		}
	}
	((struct option_list *)((char *)reading->options + option->field))->preset = true;
}

static void read_option(const struct inputs_reading *reading, const struct option *option)
{
	bool truth;
	const char *value = find_trimmed(reading, option->name);
	if (!value)
		return;
	if (option->kind == OPTION_KIND_LIST)
		value = join_items(reading->arena, value);
	if (!value || !*value)
		return;
	if (option->kind == OPTION_KIND_LINES) {
		read_lines(reading, option, value);
		return;
	}
	bool good = option->kind != OPTION_KIND_SWITCH || is_switch(value, &truth);
	if (!good || !options_set(reading->options, option, value))
		tell_wrong(reading, option, value);
	else if (option->kind == OPTION_KIND_LIST)
		((struct option_list *)((char *)reading->options + option->field))->preset = true;
}

/* --- a file or its text -------------------------------------------------------------------- */

static bool is_inline(struct str value)
{
	if (str_starts(value, "./"))
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == '\n' ||
		    (value.at[i] == ':' && i + 1 < value.len && value.at[i + 1] == ' '))
			return true;
	return str_starts(value, "{");
}

/* A path may be a credential by mistake. It is checked here, so that no message quotes it. */
static bool openable(const struct inputs_reading *reading, const struct document_input *input,
		     const char *path)
{
	if (!input->discreet || strcmp(path, "-") == 0 || access(path, R_OK) == 0)
		return true;
	problem_add(reading->problems, NULL,
		    "input %s looks like a file name, but the file cannot be opened: %s (a single "
		    "line counts as YAML if it contains \": \")",
		    input->name, strerror(errno));
	return false;
}

/* The value of a document under its current name, or under its old one, always a path. */
static const char *find_document(const struct inputs_reading *reading,
				 const struct document_input *input, bool *old)
{
	const char *value = find(reading, input->name);
	const char *older = input->old == OTHERS ? NULL : find(reading, others[input->old]);
	if (value && older)
		problem_add(reading->problems, NULL,
			    "input %s is the old name of %s, and both are given: keep one",
			    others[input->old], input->name);
	*old = !value;
	return value ? value : older;
}

/* An inline text is not trimmed: blanks are its indentation, and messages count its lines. */
static void read_document(const struct inputs_reading *reading, size_t number)
{
	const struct document_input *input = &documents[number];
	struct input_document *out = &reading->out->documents[number];
	bool old;
	const char *value = find_document(reading, input, &old);
	if (!value)
		return;
	struct str trimmed = trim(value);
	if (!old && is_inline(trimmed)) {
		out->text = arena_string(reading->arena, value);
		out->path =
			out->text ? arena_printf(reading->arena, "input %s", input->name) : NULL;
	} else {
		const char *path = arena_copy(reading->arena, trimmed.at, trimmed.len);
		out->path = path && openable(reading, input, path) ? path : NULL;
	}
	if (out->path)
		options_set(reading->options, option_named(str_of(input->name)), out->path);
}

/* What mode: request takes. */
static void read_request(const struct inputs_reading *reading)
{
	struct inputs *out = reading->out;
	const char *policy = find(reading, others[POLICY]);
	const char *request = find(reading, others[REQUEST]);
	out->request = request ? arena_string(reading->arena, request) : NULL;
	out->request_actor = find_trimmed(reading, others[REQUEST_ACTOR]);
	out->association = find_trimmed(reading, others[ASSOCIATION]);
	const char *teams = find(reading, others[TEAMS]);
	out->teams = teams ? join_items(reading->arena, teams) : NULL;
	if (policy && is_inline(trim(policy)))
		out->policy = (struct input_document){"input policy",
						      arena_string(reading->arena, policy)};
	else if (policy)
		out->policy.path = find_trimmed(reading, others[POLICY]);
}

/* --- all of them --------------------------------------------------------------------------- */

/* True for auth, images and config, under any name of the option. */
static bool is_document(const struct option *option)
{
	for (size_t i = 0; i < INPUTS_DOCUMENTS; i++)
		if (option->field == option_named(str_of(documents[i].name))->field)
			return true;
	return false;
}

/* Returns a copy, since the run wipes secrets, and what looks like one, from the environment. */
static const char *keep_variable(const struct inputs_reading *reading, const char *name)
{
	const char *value = variable(reading->environment, name);
	return value ? arena_string(reading->arena, value) : NULL;
}

static void read_mode(const struct inputs_reading *reading)
{
	struct inputs *out = reading->out;
	const char *mode = find_trimmed(reading, others[MODE]);
	if (mode && !mode_named(mode, &out->mode))
		problem_add(reading->problems, NULL,
			    "input mode is \"%s\": expected sync, plan, apply or request", mode);
	out->plan = find_trimmed(reading, others[PLAN]);
	out->shards = find_trimmed(reading, others[SHARDS]);
	out->markdown = find_trimmed(reading, others[MARKDOWN]);
}

static void read_others(const struct inputs_reading *reading)
{
	struct inputs *out = reading->out;
	char *const *environment = reading->environment;
	const char *server = variable(environment, "GITHUB_SERVER_URL");
	const char *debug = variable(environment, "RUNNER_DEBUG");
	const char *actor = keep_variable(reading, "GITHUB_ACTOR");
	const char *summary = find_trimmed(reading, others[SUMMARY]);
	out->actor = actor ? actor : "github-actions";
	out->token = find_trimmed(reading, others[GITHUB_TOKEN]);
	if (out->token)
		secret_register_basic(str_of(out->actor), str_of(out->token));
	out->github = server && strcmp(server, "https://github.com") == 0;
	out->debug = debug && strcmp(debug, "1") == 0;
	out->colour = !variable(environment, "NO_COLOR");
	out->summary = true;
	if (summary && !is_switch(summary, &out->summary))
		problem_add(reading->problems, NULL,
			    "input summary is \"%s\": expected true or false", summary);
	out->output = keep_variable(reading, "GITHUB_OUTPUT");
	out->summary_to = keep_variable(reading, "GITHUB_STEP_SUMMARY");
	out->workspace = keep_variable(reading, "GITHUB_WORKSPACE");
	out->temp = keep_variable(reading, "RUNNER_TEMP");
}

void inputs_read(struct arena *arena, char *const *environment, struct inputs *out,
		 struct options *options, struct problems *problems)
{
	struct inputs_reading reading = {arena, environment, out, options, problems};
	const char *names[KNOWN_MAX];
	size_t count = known_names(names) - OTHERS;
	*out = (struct inputs){0};
	options->inputs = out;
	read_others(&reading);
	read_request(&reading);
	read_mode(&reading);
	for (size_t i = 0; i < INPUTS_DOCUMENTS; i++)
		read_document(&reading, i);
	for (size_t i = 0; i < count; i++) {
		const struct option *option = option_named(str_of(names[i]));
		if (!is_document(option))
			read_option(&reading, option);
	}
	warn_unknown(&reading);
}

const char *inputs_text(const struct inputs *inputs, const char *path)
{
	for (size_t i = 0; inputs && path && i < INPUTS_DOCUMENTS; i++)
		if (inputs->documents[i].path == path)
			return inputs->documents[i].text;
	return NULL;
}

/* True when path, from struct options, was given on the command line and not by an input. */
static bool from_words(const struct inputs *inputs, const char *path)
{
	for (size_t i = 0; path && i < INPUTS_DOCUMENTS; i++)
		if (inputs->documents[i].path == path)
			return false;
	return path;
}

/*
 * All steps of a job share the folder, so the name is random. Old runners name a folder that does
 * not exist in their containers; a report that nobody asked for is no reason to fail.
 */
static const char *temporary(struct arena *arena, const char *folder, const char *what)
{
	uint64_t random = 0;
	if (!folder || access(folder, W_OK) != 0 ||
	    getrandom(&random, sizeof(random), 0) != sizeof(random))
		return NULL;
	return arena_printf(arena, "%s/image-syncer-%s-%016" PRIx64 ".json", folder, what, random);
}

void inputs_settle(struct arena *arena, const struct inputs *inputs, struct options *options,
		   struct problems *problems)
{
	const char *plan = inputs->mode == INPUTS_PLAN && !inputs->plan
				   ? temporary(arena, inputs->temp, "plan")
				   : inputs->plan;
	bool words = options->source != NULL;
	bool images = from_words(inputs, options->images);
	if (words && !images)
		options->images = NULL;
	if ((words || images) && !from_words(inputs, options->config))
		options->config = NULL;
	if (inputs->mode != INPUTS_APPLY && !words && !options->images && !options->config &&
	    !options->list && access("images.yaml", F_OK) == 0)
		options->images = "images.yaml";
	if (!options->report)
		options->report = temporary(arena, inputs->temp, "report");
	options->debug |= inputs->debug;
	mode_settle(arena, inputs, plan, options, problems);
}
