/*
 * What is printed is what a sync of the same file would read: both begin with the same translation
 * (config/foreign/). So it is also checked as a sync would, with names in place of the values of
 * variables, which need not be set here.
 *
 * The result goes to standard output and everything about it to standard error, so that it can be
 * redirected. Logins go to a file of their own, if at all, and no secret that the file holds goes
 * anywhere: ${NAME} takes its place.
 */
#include "cmd/convert.h"

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "cmd/about.h"
#include "cmd/convert_regsync.h"
#include "cmd/convert_rules.h"
#include "cmd/convert_skopeo.h"
#include "cmd/mirror_config.h"
#include "config/convert/commented.h"
#include "config/convert/convert_options.h"
#include "config/convert/logins_text.h"
#include "config/environment.h"
#include "config/foreign/forms.h"
#include "config/foreign/lines_file.h"
#include "config/foreign/own_file.h"
#include "config/formats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_MISTAKES = 2 };

struct convert {
	struct arena *arena;
	struct convert_options given;
	struct options options; /* only for where variables come from */
	struct document document;
	struct translation translation;
	struct comments comments;
	struct problems problems, remarks, notes;
	struct buf text;
	bool secret; /* the rules have a secret in them */
};

/* Prints where the copies are. */
static bool print_mirrors(const struct convert_source *source, enum mirror_form form)
{
	scoped(convert_rules_finish) struct convert_rules rules = {0};
	scoped(problem_finish) struct problems told = {0};
	struct convert_source quiet = *source;
	quiet.problems = &told; /* the check has told them */
	if (!convert_rules_read(&quiet, &rules))
		return false;
	const struct mirror_rules mirrors = {rules.items, rules.count, rules.namespaces,
					     rules.namespace_count, NULL};
	scoped(buf_finish) struct buf text = {0};
	if (!mirror_config_print(source->arena, &mirrors, form, &text))
		return false;
	convert_rules_variables(&rules, buf_str(&text), "${", "}", source->text.out);
	return buf_ok(source->text.out);
}

static bool print_registries(const struct convert_source *source)
{
	return print_mirrors(source, MIRROR_REGISTRIES);
}

static bool print_hosts(const struct convert_source *source)
{
	return print_mirrors(source, MIRROR_HOSTS);
}

static bool print_openshift(const struct convert_source *source)
{
	return print_mirrors(source, MIRROR_OPENSHIFT);
}

/* The forms that can be printed. */
static const struct {
	const char *name;
	bool (*write)(const struct convert_source *source);
} outputs[] = {{"images", NULL},
	       {"regsync", convert_regsync},
	       {"skopeo", convert_skopeo},
	       {"registries.conf", print_registries},
	       {"hosts.toml", print_hosts},
	       {"openshift", print_openshift}};

static void finish(struct convert *convert)
{
	forms_finish(&convert->translation);
	problem_finish(&convert->problems);
	problem_finish(&convert->remarks);
	problem_finish(&convert->notes);
	buf_wipe(&convert->text);
	arena_free(&convert->arena);
}

static int out_of_memory(void)
{
	fputs("out of memory\n", stderr);
	return EXIT_FAILURE;
}

/* --- the command line ------------------------------------------------------------------------ */

static size_t output_number(const struct convert *convert)
{
	size_t i = 0;
	const char *to = convert->given.to ? convert->given.to : outputs[0].name;
	while (i < array_count(outputs) && strcmp(outputs[i].name, to) != 0)
		i++;
	return i;
}

static bool read_command(int argc, char **argv, struct convert *convert)
{
	struct problems *problems = &convert->problems;
	const struct convert_options *given = &convert->given;
	scoped(buf_finish) struct buf names = {0};
	options_init(&convert->options);
	bool ok = convert_options_parse(argc, argv, &convert->given, problems);
	if (output_number(convert) == array_count(outputs))
		problem_add(
			problems, NULL,
			"--to %s: expected images, regsync, skopeo, registries.conf, hosts.toml or "
			"openshift; where images go is said by --prefix",
			given->to);
	if (given->from && !formats_named(given->from, &names))
		problem_add(problems, NULL, "--from %.100s: expected one of %s", given->from,
			    buf_string(&names));
	return ok && !problems->error_count;
}

/* --- reading --------------------------------------------------------------------------------- */

static bool are_always_lines(const char *name, struct str text)
{
	return name && text.len;
}

static bool read_file(struct convert *convert)
{
	const struct convert_options *given = &convert->given;
	bool lines = given->from && strcmp(given->from, "text") == 0;
	return document_read_whole(convert->arena, given->file,
				   lines ? are_always_lines : lines_file_recognise,
				   &convert->document, &convert->problems);
}

static bool translate(struct convert *convert, const struct expand_lookup *lookup)
{
	const struct convert_options *given = &convert->given;
	const struct form *form =
		given->from ? forms_named(str_of(given->from)) : forms_find(&convert->document);
	convert->translation = (struct translation){.arena = convert->arena,
						    .document = &convert->document,
						    .lookup = lookup,
						    .problems = &convert->problems,
						    .remarks = &convert->remarks,
						    .to = given->prefix,
						    .names = given->names,
						    .converting = true};
	if (form)
		return forms_translate(form, &convert->translation);
	if (convert->document.fault) {
		document_refuse(&convert->document, &convert->problems);
		return false;
	}
	return own_file_translate(&convert->translation);
}

static bool read_comments(struct convert *convert)
{
	struct error err = {0};
	const struct document *document = &convert->document;
	if (document->json)
		return true;
	return (document->lines ? comments_of_lines : comments_of_yaml)(
		convert->arena, document->text, &convert->comments, &err);
}

/* --- printing -------------------------------------------------------------------------------- */

/* Whether a comment about the line belongs to the logins. */
static bool about_logins(void *ctx, int line)
{
	const struct convert *convert = ctx;
	return logins_text_has(&convert->translation, line);
}

static bool about_rules(void *ctx, int line)
{
	return !about_logins(ctx, line);
}

/* A run refuses a name with a secret in it, since registries and logs show names. */
static void refuse_secrets(struct convert *convert, const struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->kind == NODE_MAP ? node->keys[i] : NULL;
		bool secret =
			(key && secret_inside(key->text)) || secret_inside(node->items[i]->text);
		if (secret)
			translation_refuse(
				&convert->translation, node->items[i],
				"a password or token of this file is part of a name, which "
				"registries and logs show: use another name");
		convert->secret |= secret;
		refuse_secrets(convert, node->items[i]);
	}
}

static bool print(struct convert *convert)
{
	size_t number = output_number(convert);
	const struct convert_source source = {
		.arena = convert->arena,
		.translation = &convert->translation,
		.text = {&convert->text, &convert->comments, about_rules, convert},
		.problems = &convert->problems,
		.notes = &convert->notes};
	if (!convert_rules_check(&source))
		return false;
	refuse_secrets(convert, convert->translation.images);
	if (outputs[number].write)
		return outputs[number].write(&source);
	if (!convert->translation.images->count && !convert->problems.error_count)
		problem_add(&convert->problems, convert->document.name,
			    "there is nothing to copy in this file");
	commented_print(&source.text, convert->translation.images);
	return buf_ok(&convert->text);
}

/* Writes the logins to their file, which others cannot read. False: it cannot be written. */
static bool write_logins(struct convert *convert)
{
	scoped(buf_wipe) struct buf text = {0};
	struct error err = {0};
	const struct commented commented = {&text, &convert->comments, about_logins, convert};
	struct node *logins = logins_text_make(&convert->translation, &convert->notes);
	if (!convert->given.auth_out || !logins || !logins->count)
		return logins != NULL;
	commented_print(&commented, logins);
	mode_t mask = umask(077);
	bool good = buf_ok(&text) && file_write(convert->given.auth_out, buf_str(&text), &err);
	umask(mask);
	if (!good)
		fprintf(stderr, "--auth-out: %s\n", buf_ok(&text) ? err.text : "out of memory");
	return good;
}

/* --- the summary ----------------------------------------------------------------------------- */

static void list(const char *title, const struct buf *lines)
{
	struct str rest = buf_str(lines), line;
	if (!rest.len)
		return;
	fprintf(stderr, "%s:\n", title);
	while (str_cut(&rest, '\n', &line))
		if (line.len)
			fprintf(stderr, "  %.*s\n", STR_ARGS(line));
}

static void summarise(const struct convert *convert)
{
	const struct translation *translation = &convert->translation;
	const struct node *pulls = node_get(translation->options, "keep-pulls");
	size_t rules = translation->images->count, logins = translation->auth->count;
	list(output_number(convert) ? "Mistakes, and what the output lacks"
				    : "Mistakes, for which a run would not begin",
	     &convert->problems.errors);
	list("Not carried over", &convert->problems.warnings);
	list("Not needed", &convert->remarks.warnings);
	list("To do", &convert->notes.warnings);
	fprintf(stderr, "%s: %zu source%s", convert->document.name, rules, rules == 1 ? "" : "s");
	if (logins)
		fprintf(stderr, ", %zu login%s %s", logins, logins == 1 ? "" : "s",
			convert->given.auth_out ? "in " : "(--auth-out FILE writes them)");
	if (logins && convert->given.auth_out)
		fputs(convert->given.auth_out, stderr);
	fputc('\n', stderr);
	if (pulls && !convert->given.to)
		fprintf(stderr, "Run it with --keep-pulls %.*s.\n", STR_ARGS(pulls->text));
}

static int write_text(struct convert *convert)
{
	scoped(buf_finish) struct buf masked = {0};
	if (!convert->secret)
		return about_write(&convert->text);
	secret_mask(buf_str(&convert->text), &masked);
	return about_write(&masked);
}

static int convert_file(struct convert *convert)
{
	const struct expand_lookup lookup = environment_lookup(&convert->options);
	if (!read_file(convert) || !translate(convert, &lookup)) {
		problem_print(&convert->problems, stderr);
		return EXIT_MISTAKES;
	}
	if (!read_comments(convert))
		return out_of_memory();
	logins_text_hide(&convert->translation);
	if (!print(convert))
		return out_of_memory();
	int code = write_text(convert);
	if (!write_logins(convert))
		return EXIT_FAILURE;
	summarise(convert);
	return convert->problems.error_count ? EXIT_MISTAKES : code;
}

int convert_run(int argc, char **argv)
{
	scoped(finish) struct convert convert = {.arena = arena_new()};
	if (!convert.arena)
		return out_of_memory();
	log_open(stderr, LOG_INFO);
	bool ok = read_command(argc, argv, &convert);
	if (convert.given.help)
		return about_print(convert_options_help);
	if (convert.given.version)
		return about_print(about_version);
	if (ok)
		return convert_file(&convert);
	problem_print(&convert.problems, stderr);
	fputs("Run image-syncer convert --help for the options.\n", stderr);
	return EXIT_MISTAKES;
}
