/* All files are read even if the first is wrong, so that one run reports every mistake. */
#include "config/config.h"

#include "base/log.h"
#include "base/secret.h"
#include "config/action/inputs.h"
#include "config/auth/docker_files.h"
#include "config/auth/logins.h"
#include "config/auth/registry_options.h"
#include "config/auth/target_login.h"
#include "config/duration.h"
#include "config/environment.h"
#include "config/foreign/lines_file.h"
#include "config/formats.h"
#include "config/imgsync/meaning.h"
#include "config/list_option.h"
#include "config/mirror_options.h"
#include "config/notify/notify_fields.h"
#include "config/notify/notify_options.h"
#include "config/options/plan_options.h"
#include "config/outputs.h"
#include "config/proxy_variables.h"
#include "config/rules/companion_options.h"
#include "config/rules/cooldown.h"
#include "config/rules/platform_options.h"
#include "config/rules/policy_options.h"
#include "config/rules/settle.h"
#include "config/rules/word_rules.h"
#include "config/serve/server_rules.h"

#include <string.h>

struct loading {
	struct arena *arena;
	const struct options *options;
	const struct expand_lookup *lookup;
	struct config *out;
	struct problems *problems;
};

static bool is_stdin(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

/* The report goes to Telegram as well, in imgsync's words and whatever came of the run. */
static void add_telegram(const struct loading *loading, const struct meaning_telegram *telegram)
{
	struct notify_list *list = &loading->out->notify;
	const struct notify_words words = {
		.subject = "--telegram-token",
		.fields = {[NOTIFY_TELEGRAM] = {.text = str_of(telegram->token)},
			   [NOTIFY_CHAT] = {.text = str_of(telegram->group)},
			   [NOTIFY_API] = {.text = str_of(telegram->api)},
			   [NOTIFY_ON] = {.text = STR("always")}}};
	size_t before = list->count;
	if (!telegram->token || !telegram->group)
		return;
	notify_target_add(loading->arena, &words, loading->lookup, list, loading->problems);
	if (list->count == before)
		return;
	/* As it is printed: its dollars are no variables, and a namespace may have a long name. */
	list->items[before].title = telegram->title;
	list->items[before].level = flags_level(loading->options->imgsync);
}

/* Reads what a command of imgsync's means, instead of rules. */
static void read_imgsync(const struct loading *loading)
{
	const struct flags *flags = loading->options->imgsync;
	struct config *out = loading->out;
	struct meaning meaning;
	if (is_stdin(loading->options->auth) + is_stdin(flags->password_file) +
		    is_stdin(flags->telegram_token_file) >
	    1)
		problem_add(loading->problems, NULL,
			    "only one of --auth, --password-file and --telegram-token-file can be "
			    "stdin (-): put the others into files");
	meaning_read(loading->arena, flags, loading->lookup, &meaning, loading->problems);
	out->rules = meaning.rules;
	add_telegram(loading, &meaning.telegram);
	meaning_login(loading->arena, flags, loading->lookup, meaning.prefix, &out->credentials,
		      loading->problems);
}

static bool are_always_lines(const char *name, struct str text)
{
	return name && text.len;
}

/* Reads a file, or the text of an input. False: there is none, or it has mistakes. */
static bool read_document(const struct loading *loading, struct arena *arena,
			  enum formats_option option, const char *path, struct document *out)
{
	const struct options *options = loading->options;
	const char *text = inputs_text(options->inputs, path);
	bool lines = options->images_format && strcmp(options->images_format, "text") == 0;
	bool (*are_lines)(const char *name, struct str text) =
		lines ? are_always_lines : lines_file_recognise;
	if (text && option == FORMATS_IMAGES)
		return document_parse_any(arena, path, text, are_lines, out, loading->problems);
	if (text)
		return document_parse(arena, path, text, out, loading->problems);
	if (path && option == FORMATS_IMAGES)
		return document_read_any(arena, path, are_lines, out, loading->problems);
	return path && document_read(arena, path, out, loading->problems);
}

/*
 * A run without rules would succeed and copy nothing, which nobody means. In kyma's form a list may
 * be empty, as it may be there.
 */
static void refuse_nothing(const struct loading *loading, const struct document *document)
{
	if (!loading->out->rules.count && !loading->out->kyma)
		problem_add(loading->problems,
			    document_place(loading->arena, document, document->root),
			    "there is no rule in this file: write SOURCE: DESTINATION, as in "
			    "quay.io/coreos/etcd:v3.5.0: registry.example.com/etcd");
}

/* Nothing that was given takes a prefix. */
static void refuse_prefix(const struct loading *loading)
{
	const struct options *options = loading->options;
	if (options->to || options->names)
		problem_add(loading->problems, NULL,
			    "--%s is for the images of --list, and of files of other programs that "
			    "do not say where images go",
			    options->to ? "to" : "names");
}

/* Reads the file or text into an arena of its own, in the form it turns out to have. */
static void read_into(const struct loading *loading, struct arena **pages,
		      enum formats_option option, const char *path)
{
	struct document document;
	const struct formats_reading reading = {loading->arena,  &document,    loading->options,
						loading->lookup, loading->out, loading->problems};
	bool read = read_document(loading, *pages, option, path, &document);
	if (!read || !formats_copies(&reading, option))
		arena_join(loading->arena, pages);
	if (!read)
		return;
	if (document.fault && !formats_is_foreign(&reading, option)) {
		document_refuse(&document, loading->problems);
		return;
	}
	if (option != FORMATS_AUTH)
		notify_fields_take(loading->arena, &document, loading->lookup,
				   &loading->out->notify, loading->problems);
	if (option == FORMATS_IMAGES && !formats_is_foreign(&reading, option))
		refuse_prefix(loading);
	size_t before = loading->problems->error_count;
	formats_find(&reading, option)->read(&reading);
	if (option != FORMATS_AUTH && loading->problems->error_count == before)
		refuse_nothing(loading, &document);
}

/* Reads the file or text that the option gives, if any. */
static void read_given(const struct loading *loading, enum formats_option option, const char *path)
{
	scoped(arena_free) struct arena *pages = arena_new();
	if (pages)
		read_into(loading, &pages, option, path);
	else
		problem_add(loading->problems, NULL, "out of memory");
}

/* A plan may have no image at all, when there were none. */
static void read_plan(const struct loading *loading)
{
	const struct options *options = loading->options;
	struct config *out = loading->out;
	struct document document;
	const struct formats_reading reading = {loading->arena,  &document, options,
						loading->lookup, out,       loading->problems};
	plan_options_refuse(options, loading->problems);
	if (is_stdin(options->auth) && is_stdin(options->apply))
		problem_add(loading->problems, NULL,
			    "--auth and the plan cannot both be stdin (-): put one into a file");
	else if (document_read_hashed(loading->arena, options->apply, &document, out->plan_digest,
				      loading->problems))
		formats_find(&reading, FORMATS_PLAN)->read(&reading);
}

/* Rules come from SRC DST, --list, --images or --config, and from only one of them. */
static bool refuse_both(const struct loading *loading)
{
	const struct options *options = loading->options;
	const char *file = options->config ? "config" : options->images ? "images" : NULL;
	const char *list = options->list ? "list" : NULL;
	const char *read = list ? options->list : options->images;
	if (options->source && (file || list))
		problem_add(loading->problems, NULL,
			    "--%s and \"%s\" both say what to copy: give one of them",
			    file ? file : list, options->source);
	else if (list && file)
		problem_add(loading->problems, NULL,
			    "--%s and --list both say what to copy: give one of them", file);
	else if (!options->config && is_stdin(options->auth) && is_stdin(read))
		problem_add(loading->problems, NULL,
			    "--auth and --%s cannot both be stdin (-): put one into a file",
			    list ? list : "images");
	else
		return false;
	return true;
}

/* Nothing on the command line says what to copy. The routes of a server do. */
static void miss_rules(const struct loading *loading)
{
	const struct options *options = loading->options;
	const struct server_config *server = options->server;
	if (server && !server->route_count && !loading->problems->error_count)
		problem_add(loading->problems, server->path,
			    "there are no routes in registry.reg, and nothing else says what to "
			    "copy: add some, or give rules as --images FILE");
	else if (!server && options->inputs)
		problem_add(loading->problems, NULL,
			    "input images is missing, and there is no images.yaml: run "
			    "actions/checkout before this step, or give the rules");
	else if (!server)
		problem_add(loading->problems, NULL,
			    "--images is missing: give the file that says what to copy, as in "
			    "--images images.yaml (--help lists all options)");
}

static void check_format(const struct loading *loading)
{
	const char *format = loading->options->images_format;
	scoped(buf_finish) struct buf names = {0};
	if (format && !formats_named(format, &names))
		problem_add(loading->problems, NULL, "--images-format %.100s: expected one of %s",
			    format, buf_string(&names));
}

static void read_files(const struct loading *loading)
{
	const struct options *options = loading->options;
	bool words = options->source != NULL, list = options->list != NULL;
	if (options->imgsync) {
		read_given(loading, FORMATS_AUTH, options->auth);
		read_imgsync(loading);
		return;
	}
	if (options->rules) {
		read_given(loading, FORMATS_AUTH, options->auth);
		loading->out->rules = *options->rules;
		return;
	}
	if (options->apply) {
		read_given(loading, FORMATS_AUTH, options->auth);
		read_plan(loading);
		return;
	}
	if (refuse_both(loading))
		return;
	if (!list && !options->images)
		refuse_prefix(loading);
	check_format(loading);
	if (options->config) {
		if (options->auth || options->images)
			problem_warn(loading->problems, NULL,
				     "--config is given: --auth and --images are ignored");
		read_given(loading, FORMATS_CONFIG, options->config);
		return;
	}
	if (!words && !list && !options->images)
		miss_rules(loading);
	if (options->usual)
		log_info("using %s of this folder%s%s", options->images,
			 options->auth ? ", with the logins of " : "",
			 options->auth ? options->auth : "");
	read_given(loading, FORMATS_AUTH, options->auth);
	if (words)
		word_rules_read(loading->arena, options, loading->lookup, &loading->out->rules,
				loading->problems);
	else if (list)
		list_option_read(loading->arena, options, loading->lookup, &loading->out->rules,
				 loading->problems);
	else
		read_given(loading, FORMATS_IMAGES, options->images);
}

/*
 * Reads docker's logins and registers the other secrets, before the rules, which must not contain
 * any.
 */
static void read_secrets(const struct loading *loading, struct docker_logins *docker)
{
	const struct options *options = loading->options;
	const char *token = options->access_token;
	const char *names[] = {options->source, options->target_repo_prefix};
	docker_files_read(loading->arena, loading->options->docker_config, loading->lookup, docker,
			  loading->problems);
	if (token)
		secret_register(str_of(token));
	for (size_t i = 0; i < array_count(names); i++)
		if (names[i])
			secret_suspect(str_of(names[i]));
	for (size_t i = 0; i < options->destination_count; i++)
		secret_suspect(str_of(options->destinations[i]));
}

static void add_docker_logins(const struct loading *loading, const struct docker_logins *docker)
{
	struct config *out = loading->out;
	out->auth_count = out->credentials.count;
	out->store = docker->store;
	for (size_t i = 0; i < docker->file_count; i++)
		out->docker_files[i] = docker->files[i];
	if (!logins_join(loading->arena, &out->credentials, &docker->list))
		problem_add(loading->problems, NULL, "out of memory");
}

/*
 * Variables that hold a secret were refused when they were expanded. This is for secrets written
 * out in a rule, and for those that were read after the rules.
 */
static void refuse_secrets(const struct loading *loading)
{
	const struct rules *rules = &loading->out->rules;
	for (size_t i = 0; i < rules->count; i++)
		if (secret_inside(str_of(rules->items[i].destination)))
			problem_add(
				loading->problems, rules->items[i].destination_place,
				"destination of %s contains a password or token of this run, but "
				"registries and logs show destinations: use another name",
				rules->items[i].source);
}

/*
 * Adds the job's own token as the login for GitHub's registry, unless there is another login for
 * it, or a credential helper that may have one.
 */
static void add_github_login(const struct loading *loading)
{
	struct config *out = loading->out;
	const struct inputs *inputs = loading->options->inputs;
	if (!inputs || !inputs->token || !inputs->github || out->store.helper)
		return;
	struct credential login = {.key = STR("ghcr.io"),
				   .username = inputs->actor,
				   .password = inputs->token,
				   .place = "input github-token"};
	const struct credentials list = {.items = &login, .count = 1};
	if (!logins_join(loading->arena, &out->credentials, &list))
		problem_add(loading->problems, NULL, "out of memory");
}

/* A password this short is not masked in a job's log: too many other words would be, too. */
static void warn_short(const struct loading *loading)
{
	const struct credentials *list = &loading->out->credentials;
	for (size_t i = 0; loading->options->inputs && i < list->count; i++) {
		const char *password = list->items[i].password;
		if (password && strlen(password) < SECRET_SHORTEST)
			problem_warn(loading->problems, list->items[i].place,
				     "%.*s: the password is shorter than %d characters, so the log "
				     "does not mask it",
				     STR_ARGS(list->items[i].key), SECRET_SHORTEST);
	}
}

/* What the options ask for applies to every rule that does not say otherwise. */
static void add_terms(const struct loading *loading)
{
	struct config *out = loading->out;
	struct terms *terms = &out->terms;
	terms->on_change = out->kyma ? CHANGE_FAIL : CHANGE_OVERWRITE;
	terms->foreign = FOREIGN_SKIP;
	terms->platforms =
		platform_options_read(loading->arena, loading->options, loading->problems);
	policy_options_read(loading->arena, loading->options, terms, loading->problems);
	cooldown_options_read(loading->arena, loading->options, terms, loading->problems);
	companion_options_read(loading->arena, loading->options, terms, loading->problems);
	settle_rules(loading->arena, &out->rules, terms, loading->problems);
}

unsigned config_timeout(const struct options *options)
{
	return duration_read(options->timeout);
}

unsigned config_image_timeout(const struct options *options)
{
	return duration_read(options->image_timeout);
}

static void check_time(const struct loading *loading, const char *option, const char *text)
{
	if (text && !duration_read(text))
		problem_add(loading->problems, NULL, "--%s %s: expected " DURATION_FORM, option,
			    text);
}

static void read_state(const struct loading *loading)
{
	struct error err;
	const char *text = loading->options->state;
	if (text && !state_place_parse(loading->arena, text, &loading->out->state, &err))
		problem_add(loading->problems, NULL, "--state: %s", err.text);
}

/* Adds the login that only kyma's images file uses. */
static void add_target_login(const struct loading *loading)
{
	const struct options *options = loading->options;
	struct config *out = loading->out;
	if (out->kyma)
		target_login_add(loading->arena, options, out->kyma_prefix, &out->credentials,
				 loading->problems);
	else if (options->target_repo_prefix || options->target_names ||
		 options->target_repo_auth_key || options->access_token ||
		 options->access_token_file)
		problem_warn(loading->problems, NULL,
			     "the options and variables of kyma's image-syncer for prefix and "
			     "login are ignored: these rules are not in the form of its images "
			     "file; give logins in --auth");
}

bool config_load(struct arena *arena, const struct options *options, struct config *out,
		 struct problems *problems)
{
	const struct expand_lookup lookup = environment_lookup(options);
	struct loading loading = {arena, options, &lookup, out, problems};
	struct docker_logins docker;
	size_t before = problems->error_count;
	*out = (struct config){.options = *options};
	proxy_variables_read(arena, &out->proxies, problems);
	out->lists_json = outputs_format(options, problems);
	mirror_options_read(options, problems);
	limits_read(options, &out->limits, problems);
	read_state(&loading);
	read_secrets(&loading, &docker);
	read_files(&loading);
	registry_options_read(arena, options, &lookup, &out->credentials, problems);
	if (options->server && !server_rules_add(arena, options->server, &out->rules))
		problem_add(problems, NULL, "out of memory");
	notify_options_read(arena, options, &lookup, &out->notify, problems);
	add_docker_logins(&loading, &docker);
	add_target_login(&loading);
	add_github_login(&loading);
	refuse_secrets(&loading);
	warn_short(&loading);
	host_files_places(arena, &lookup, &out->host_files);
	check_time(&loading, "timeout", options->timeout);
	check_time(&loading, options->imgsync ? "timeout" : "image-timeout",
		   options->image_timeout);
	add_terms(&loading);
	if (options->keep_pulls)
		out->keep_pulls = (unsigned)options->keep_pulls;
	return problems->error_count == before;
}

bool config_logins(struct arena *arena, const struct options *options, struct config *out,
		   struct problems *problems)
{
	const struct expand_lookup lookup = environment_lookup(options);
	struct loading loading = {arena, options, &lookup, out, problems};
	struct docker_logins docker;
	size_t before = problems->error_count;
	*out = (struct config){.options = *options};
	proxy_variables_read(arena, &out->proxies, problems);
	limits_read(options, &out->limits, problems);
	read_secrets(&loading, &docker);
	if (options->config)
		read_given(&loading, FORMATS_CONFIG, options->config);
	else
		read_given(&loading, FORMATS_AUTH, options->auth);
	out->rules = (struct rules){0};
	add_docker_logins(&loading, &docker);
	host_files_places(arena, &lookup, &out->host_files);
	return problems->error_count == before;
}
