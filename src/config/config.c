/* All files are read even if the first is wrong, so that one run tells all there is to mend. */
#include "config/config.h"

#include "base/log.h"
#include "config/auth_file.h"
#include "config/companion_options.h"
#include "config/docker_files.h"
#include "config/images_file.h"
#include "config/legacy_file.h"
#include "config/logins.h"
#include "config/outputs.h"
#include "config/platform_options.h"

#include <stdlib.h>
#include <string.h>

struct loading {
	struct arena *arena;
	const struct options *options;
	const struct expand_lookup *lookup;
	struct config *out;
	struct problems *problems;
};

/* Names are worth a line when a run is debugged, values never. */
static const char *environment(void *ctx, const char *name)
{
	(void)ctx;
	const char *value = getenv(name);
	log_debug("environment variable %s %s", name,
		  value && *value ? "is used" : "is not set or empty");
	return value;
}

static bool is_stdin(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

/* SRC DST as the only rule. */
static void read_words(const struct loading *loading)
{
	static const char place[] = "command line";
	const struct options *options = loading->options;
	struct error err;
	struct rule *rule = arena_new_of(loading->arena, struct rule);
	if (!rule) {
		problem_add(loading->problems, place, "out of memory");
		return;
	}
	*rule = (struct rule){
		.source = options->source, .source_place = place, .destination_place = place};
	if (!expand_text(loading->arena, str_of(options->destination), EXPAND_DESTINATION,
			 loading->lookup, &rule->destination, &err))
		problem_add(loading->problems, place, "destination of %s: %s", rule->source,
			    err.text);
	else if (!*rule->source || !*rule->destination)
		problem_add(loading->problems, place,
			    "the %s is empty: write a name as in "
			    "registry.example.com/team/app:v1",
			    *rule->source ? "destination" : "source");
	else
		loading->out->rules = (struct rules){rule, 1};
}

static void read_auth(const struct loading *loading)
{
	struct document document;
	const char *path = loading->options->auth;
	if (path && document_read(loading->arena, path, &document, loading->problems))
		auth_file_read(loading->arena, &document, loading->lookup,
			       &loading->out->credentials, loading->problems);
}

static void read_images(const struct loading *loading)
{
	struct document document;
	const char *path = loading->options->images;
	if (path && document_read(loading->arena, path, &document, loading->problems))
		images_file_read(loading->arena, &document, loading->lookup, &loading->out->rules,
				 loading->problems);
}

static void read_legacy(const struct loading *loading)
{
	struct document document;
	const struct options *options = loading->options;
	if (options->auth || options->images)
		problem_warn(loading->problems, NULL,
			     "--config is given: --auth and --images are ignored");
	if (document_read(loading->arena, options->config, &document, loading->problems))
		legacy_file_read(loading->arena, &document, loading->lookup,
				 &loading->out->credentials, &loading->out->rules,
				 loading->problems);
}

/* The rules come from one of three places. */
static void read_files(const struct loading *loading)
{
	const struct options *options = loading->options;
	bool words = options->source != NULL;
	if (words && (options->config || options->images)) {
		problem_add(loading->problems, NULL,
			    "--%s and \"%s\" both say what to copy: give one of them",
			    options->config ? "config" : "images", options->source);
		return;
	}
	if (!options->config && is_stdin(options->auth) && is_stdin(options->images)) {
		problem_add(loading->problems, NULL,
			    "--auth and --images cannot both be stdin (-): put one into a file");
		return;
	}
	if (options->config) {
		read_legacy(loading);
		return;
	}
	if (!words && !options->images)
		problem_add(loading->problems, NULL,
			    "--images is missing: give the file that says what to copy, as in "
			    "--images images.yaml (--help lists all options)");
	read_auth(loading);
	if (words)
		read_words(loading);
	else
		read_images(loading);
}

static void add_docker_logins(const struct loading *loading)
{
	struct docker_logins docker;
	struct config *out = loading->out;
	docker_files_read(loading->arena, loading->options->docker_config, loading->lookup, &docker,
			  loading->problems);
	out->auth_count = out->credentials.count;
	out->store = docker.store;
	if (!logins_join(loading->arena, &out->credentials, &docker.list))
		problem_add(loading->problems, NULL, "out of memory");
}

static void add_platforms(const struct loading *loading)
{
	struct config *out = loading->out;
	out->platforms = platform_options_read(loading->arena, loading->options, loading->problems);
	for (size_t i = 0; i < out->rules.count; i++)
		if (!out->rules.items[i].platforms)
			out->rules.items[i].platforms = out->platforms;
}

/* What the options ask for goes for every rule that does not say it otherwise. */
static void add_companions(const struct loading *loading)
{
	struct config *out = loading->out;
	struct rules *rules = &out->rules;
	companion_options_read(loading->arena, loading->options, &out->companions, &out->signer,
			       loading->problems);
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->items[i];
		rule->companions = rule->companions ? rule->companions : out->companions;
		rule->signer = rule->signer_said ? rule->signer : out->signer;
	}
}

bool config_load(struct arena *arena, const struct options *options, struct config *out,
		 struct problems *problems)
{
	static const struct expand_lookup lookup = {.get = environment};
	struct loading loading = {arena, options, &lookup, out, problems};
	size_t before = problems->error_count;
	*out = (struct config){.options = *options};
	outputs_check(options, &out->lists_json, problems);
	read_files(&loading);
	add_docker_logins(&loading);
	host_files_places(arena, &lookup, &out->host_files);
	add_platforms(&loading);
	add_companions(&loading);
	return problems->error_count == before;
}
