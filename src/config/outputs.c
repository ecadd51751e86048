/*
 * A run may take hours, so it must not turn out at its end that the result cannot be written.
 * Standard output counts as a file: two results mixed on it would be of no use.
 *
 * Files are compared by identity, since a file has many names: links, "..", /proc/self/fd/3. A file
 * that does not exist yet is compared by its folder and its name.
 */
#include "config/outputs.h"

#include "base/file.h"
#include "base/path.h"
#include "config/action/inputs.h"
#include "config/auth/registry_options.h"
#include "config/imgsync/flags.h"
#include "config/mirror_options.h"
#include "config/options/plan_options.h"
#include "config/serve/server_file.h"
#include "config/state_place.h"
#include "net/tls_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum output_number {
	LOG,
	REPORT,
	SUCCESS,
	FAILED,
	PLAN,
	MARKDOWN,
	MIRRORS,
	BLOBS,
	STEP_OUTPUT,
	STEP_SUMMARY,
	HINTS,
	STATE,
	RECORD
};

struct output {
	const char *name, *given; /* given: NULL if there is none */
	struct path path;
	bool found;
};

struct comparison {
	struct output outputs[OUTPUTS_MAX];
	struct outputs *out;
	struct problems *problems;
};

bool outputs_format(const struct options *options, struct problems *problems)
{
	const char *format = options->output_images_format;
	if (!format || strcmp(format, "yaml") == 0)
		return false;
	if (strcmp(format, "json") == 0)
		return true;
	problem_add(problems, NULL, "--output-images-format %s: expected yaml or json", format);
	return false;
}

/* Standard error is where the log goes anyway. */
static const char *log_path(const struct options *options)
{
	return options->log && path_descriptor(options->log) != STDERR_FILENO ? options->log : NULL;
}

/* If an output cannot be found, outputs_probe() says why. */
static void find_outputs(const struct options *options, struct output outputs[OUTPUTS_MAX])
{
	static const char *const names[OUTPUTS_MAX] = {
		[LOG] = "--log",
		[REPORT] = "--report",
		[SUCCESS] = "--output-success-images",
		[FAILED] = "--output-failed-images",
		[PLAN] = "--out",
		[MARKDOWN] = "--markdown",
		[MIRRORS] = "--mirror-config",
		[BLOBS] = "--output-blobs",
		[STEP_OUTPUT] = "GITHUB_OUTPUT",
		[STEP_SUMMARY] = "GITHUB_STEP_SUMMARY",
		[HINTS] = "the file in --manifests",
		[STATE] = "--state",
		[RECORD] = "the record of pending images",
	};
	const struct inputs *inputs = options->inputs;
	const struct plan_options *plan = options->plan;
	const struct mirror_options mirrors = mirror_options_read(options, NULL);
	const char *const given[OUTPUTS_MAX] = {
		[LOG] = log_path(options),
		[REPORT] = options->report,
		[SUCCESS] = options->output_success_images,
		[FAILED] = options->output_failed_images,
		[PLAN] = plan ? plan->out : NULL,
		[MARKDOWN] = plan ? plan->markdown : NULL,
		[MIRRORS] = mirrors.form == MIRROR_HOSTS ? NULL : mirrors.path,
		[BLOBS] = options->output_blobs,
		[STEP_OUTPUT] = inputs ? inputs->output : NULL,
		[STEP_SUMMARY] = inputs && inputs->summary ? inputs->summary_to : NULL,
		[HINTS] = options->hints,
		[STATE] = state_place_file(options->state),
		[RECORD] = options->server ? options->server->record : NULL,
	};
	struct error ignored;
	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		outputs[i].name = i == REPORT && options->imgsync ? "--report-file" : names[i];
		outputs[i].given = given[i];
		outputs[i].found = given[i] && path_find(given[i], &outputs[i].path, &ignored);
	}
}

/* --- what is read --------------------------------------------------------------------------- */

/* Whoever wants to know of each file that is read. */
struct taker {
	void (*take)(void *ctx, const struct outputs_input *input);
	void *ctx;
};

/* NULL for the inline text of an Action's input, which is no file. */
static const char *file_of(const struct options *options, const char *given)
{
	return inputs_text(options->inputs, given) ? NULL : given;
}

static void take_named(const struct taker *taker, const char *name, const char *path,
		       const char *place)
{
	const struct outputs_input input = {name, path, place};
	taker->take(taker->ctx, &input);
}

static void take_options(const struct taker *taker, const struct options *options)
{
	bool legacy = options->config;
	const struct flags *flags = options->imgsync;
	const struct outputs_input inputs[] = {
		{"--images", legacy ? NULL : file_of(options, options->images), NULL},
		{"--list", legacy ? NULL : file_of(options, options->list), NULL},
		{"--auth", legacy ? NULL : file_of(options, options->auth), NULL},
		{"--config", file_of(options, options->config), NULL},
		{"the plan", options->apply, NULL},
		{"-c", options->server ? options->server->path : NULL, NULL},
		{"--access-token-file", options->access_token_file, NULL},
		{"--target-repo-auth-key", options->target_repo_auth_key, NULL},
		{"--require-signed", options->require_signed, NULL},
		{"--password-file", flags ? flags->password_file : NULL, NULL},
		{"--telegram-token-file", flags ? flags->telegram_token_file : NULL, NULL},
		{"SSL_CERT_FILE", getenv("SSL_CERT_FILE"), NULL},
	};
	for (size_t i = 0; i < array_count(inputs); i++)
		taker->take(taker->ctx, &inputs[i]);
	for (size_t i = 0; i < options->ca.count; i++)
		take_named(taker, "--ca", registry_options_ca(options->ca.items[i]), NULL);
	for (size_t i = 0; i < options->creds.count; i++)
		take_named(taker, "--creds", registry_options_secret(options->creds.items[i]),
			   NULL);
}

static void take_client(const struct taker *taker, const struct credential *entry)
{
	if (!entry->client)
		return;
	take_named(taker, "certificate", entry->client->certificate, entry->place);
	take_named(taker, "key", entry->client->key, entry->place);
}

/* Takes the files that config names. Most rules name the same key, or none. */
static void take_config(const struct taker *taker, const struct config *config)
{
	const char *last = config->terms.signer ? config->terms.signer->key.place : NULL;
	for (size_t i = 0; i < DOCKER_FILES_MAX; i++)
		take_named(taker, "the file of docker's logins", config->docker_files[i], NULL);
	for (size_t i = 0; i < HOST_FILES_MAX; i++)
		take_named(taker, "registries.conf", config->host_files.registries[i], NULL);
	for (size_t i = 0; i < config->credentials.count; i++) {
		const struct credential *entry = &config->credentials.items[i];
		take_named(taker, "ca", entry->ca, entry->place);
		for (size_t j = 0; j < CREDENTIAL_FILES; j++)
			take_named(taker, "a file of a login", entry->files[j], entry->place);
		take_client(taker, entry);
	}
	for (size_t i = 0; i < config->rules.file_count; i++)
		take_named(taker, "list", config->rules.files[i].text,
			   config->rules.files[i].place);
	for (size_t i = 0; i < config->notify.count; i++)
		for (size_t j = 0; j < NOTIFY_FILES; j++)
			take_named(taker, "a file of notify", config->notify.items[i].files[j],
				   config->notify.items[i].place);
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct rule *rule = &config->rules.items[i];
		const char *key =
			rule_terms(rule)->signer ? rule_terms(rule)->signer->key.place : last;
		if (key && (!last || strcmp(key, last) != 0))
			take_named(taker, "require-signed", key, rule->destination_place);
		last = key;
	}
}

void outputs_inputs(const struct options *options, const struct config *config,
		    void (*take)(void *ctx, const struct outputs_input *input), void *ctx)
{
	const struct taker taker = {take, ctx};
	take_options(&taker, options);
	take_config(&taker, config);
}

/* --- comparing ----------------------------------------------------------------------------- */

static void spoil(const struct comparison *comparison, size_t number)
{
	comparison->out->step_output &= number != STEP_OUTPUT;
	comparison->out->step_summary &= number != STEP_SUMMARY;
}

static void compare_outputs(struct comparison *comparison)
{
	const struct output *outputs = comparison->outputs;
	for (size_t i = 1; i < OUTPUTS_MAX; i++)
		for (size_t j = 0; j < i; j++) {
			if (!outputs[i].found || !outputs[j].found ||
			    !path_same(&outputs[i].path, &outputs[j].path))
				continue;
			problem_add(comparison->problems, NULL,
				    "%s and %s are the same file, %s: name two different files",
				    outputs[j].name, outputs[i].name, outputs[i].given);
			spoil(comparison, i);
			spoil(comparison, j);
		}
}

/* If standard error is a file, it would lose what is written after an output replaces it. */
static void compare_stderr(const struct comparison *comparison)
{
	struct path path;
	if (!path_find_input("/dev/stderr", &path) || !path.regular)
		return;
	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		const struct output *output = &comparison->outputs[i];
		if (output->found && output->path.kind == PATH_FILE &&
		    path_same(&output->path, &path))
			problem_add(comparison->problems, NULL,
				    "%s and standard error are the same file, %s: name two "
				    "different files",
				    output->name, output->given);
	}
}

static void compare_input(void *ctx, const struct outputs_input *input)
{
	const struct comparison *comparison = ctx;
	struct path path;
	if (!input->given || !path_find_input(input->given, &path) || !path.regular)
		return;
	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		const struct output *output = &comparison->outputs[i];
		if (!output->found || !path_same(&output->path, &path))
			continue;
		problem_add(comparison->problems, input->place,
			    "%s and %s are the same file, %s: the run would overwrite what it "
			    "reads; name another file",
			    output->name, input->name, output->given);
		spoil(comparison, i);
	}
}

void outputs_compare(const struct options *options, const struct config *config,
		     struct outputs *out, struct problems *problems)
{
	struct comparison comparison = {.out = out, .problems = problems};
	out->step_output = out->step_summary = true;
	find_outputs(options, comparison.outputs);
	compare_outputs(&comparison);
	compare_stderr(&comparison);
	outputs_inputs(options, config, compare_input, &comparison);
}

/* The list of what the other side has may be replaced by the next one. */
static bool may_replace(size_t number, const struct outputs_input *file)
{
	return number == BLOBS && !file->place;
}

void outputs_compare_archives(const struct options *options, const struct outputs_input *archives,
			      size_t count, struct problems *problems)
{
	struct output outputs[OUTPUTS_MAX];
	struct path path;
	struct error ignored;
	find_outputs(options, outputs);
	for (size_t i = 0; i < count; i++) {
		const struct outputs_input *archive = &archives[i];
		if (!path_find(archive->given, &path, &ignored))
			continue;
		for (size_t j = 0; j < OUTPUTS_MAX; j++)
			if (outputs[j].found && path_same(&outputs[j].path, &path) &&
			    !may_replace(j, archive))
				problem_add(problems, archive->place,
					    "%s and %s are the same file, %s: name two different "
					    "files",
					    outputs[j].name, archive->name, outputs[j].given);
	}
}

/* --- opening ------------------------------------------------------------------------------- */

/* A step whose outputs cannot be written goes on, with a warning; so does a run without hints. */
void outputs_probe(const struct options *options, struct outputs *out, struct problems *problems)
{
	struct output outputs[OUTPUTS_MAX];
	struct error err;
	find_outputs(options, outputs);
	for (size_t i = 0; i < STEP_OUTPUT; i++) {
		int held = -1;
		if (outputs[i].given && !file_writable(outputs[i].given, &held, &err))
			problem_add(problems, NULL, "%s: %s", outputs[i].name, err.text);
		if (held >= 0)
			out->held[out->held_count++] = held;
	}
}

FILE *outputs_log(const struct options *options, bool keep, struct problems *problems)
{
	struct error err;
	const char *path = log_path(options);
	if (!path)
		return NULL;
	int fd = keep ? file_open_end(path, &err) : file_open(path, &err);
	FILE *log = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (log)
		return log;
	problem_add(problems, NULL, "--log: %s", fd >= 0 ? strerror(errno) : err.text);
	if (fd >= 0)
		close(fd);
	return NULL;
}

void outputs_close(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->held_count; i++)
		close(outputs->held[i]);
	*outputs = (struct outputs){.held_count = 0};
}
