/*
 * The forms of one option differ in their shape, so that nobody has to say which program a file was
 * written for. The last row of each option takes every document: a file in no known form gets the
 * messages of that form.
 */
#include "config/formats.h"

#include "base/log.h"
#include "config/auth/auth_entry.h"
#include "config/auth/auth_file.h"
#include "config/auth/logins.h"
#include "config/foreign/forms.h"
#include "config/foreign_file.h"
#include "config/legacy_file.h"
#include "config/options/options_help.h"
#include "config/rules/images_fields.h"
#include "config/rules/images_file.h"
#include "config/rules/kyma_file.h"
#include "config/rules/lists_file.h"
#include "config/rules/plan_file.h"
#include "config/serve/server_file.h"

#include <string.h>

static void read_auth(const struct formats_reading *reading)
{
	auth_file_read(reading->arena, reading->document, reading->lookup,
		       &reading->out->credentials, reading->problems);
}

static bool recognise_form(const struct formats_reading *reading)
{
	return forms_find(reading->document) != NULL;
}

/* Adds logins to those of the auth file, which count more. */
static void add_logins(const struct formats_reading *reading, const struct node *auth)
{
	struct config *out = reading->out;
	struct document part = *reading->document;
	struct credentials found;
	part.root = auth;
	auth_file_read(reading->arena, &part, reading->lookup, &found, reading->problems);
	if (!logins_join(reading->arena, &out->credentials, &found))
		problem_add(reading->problems, part.name, "out of memory");
}

static void add_rules(const struct formats_reading *reading, const struct node *images)
{
	struct document part = *reading->document;
	part.root = images;
	images_file_read(reading->arena, &part, reading->lookup, &reading->out->rules,
			 reading->problems);
}

/* What a file says of a run as a whole; the command line counts more. */
static void take_options(const struct formats_reading *reading, const struct node *options)
{
	const struct node *pulls = node_get(options, "keep-pulls");
	int64_t number;
	if (pulls && str_to_int64(pulls->text, &number))
		reading->out->keep_pulls = (unsigned)number;
}

static void log_remarks(const struct problems *remarks)
{
	struct str rest = buf_str(&remarks->warnings), line;
	while (str_cut(&rest, '\n', &line))
		if (line.len)
			log_debug("%.*s", STR_ARGS(line));
}

/* Reads a file of another program; as an auth file, only its logins count. */
static void read_form(const struct formats_reading *reading, const struct form *form, bool images)
{
	scoped(problem_finish) struct problems remarks = {0};
	scoped(problem_finish) struct problems aside = {0};
	scoped(forms_finish) struct translation translation = {
		.arena = reading->arena,
		.document = reading->document,
		.lookup = reading->lookup,
		.problems = images ? reading->problems : &aside,
		.remarks = &remarks,
		.to = images ? reading->options->to : NULL,
		.names = reading->options->names,
		.backup_settled = reading->options->on_change != NULL};
	if (!forms_translate(form, &translation))
		return;
	add_logins(reading, translation.auth);
	if (!images)
		return;
	add_rules(reading, translation.images);
	take_options(reading, translation.options);
	log_remarks(&remarks);
}

static void read_form_images(const struct formats_reading *reading)
{
	const char *named = reading->options->images_format;
	const struct form *form = named ? forms_named(str_of(named)) : NULL;
	read_form(reading, form ? form : forms_find(reading->document), true);
}

static bool recognise_form_auth(const struct formats_reading *reading)
{
	const struct form *form = forms_find(reading->document);
	return form && form->logins;
}

static void read_form_auth(const struct formats_reading *reading)
{
	read_form(reading, forms_find(reading->document), false);
}

static bool recognise_foreign(const struct formats_reading *reading)
{
	return foreign_file_recognise(reading->document, FOREIGN_FILE_IMAGES);
}

static void refuse_foreign(const struct formats_reading *reading)
{
	foreign_file_refuse(reading->arena, reading->document, FOREIGN_FILE_IMAGES,
			    reading->problems);
}

static bool recognise_foreign_auth(const struct formats_reading *reading)
{
	return foreign_file_recognise(reading->document, FOREIGN_FILE_AUTH);
}

static void refuse_foreign_auth(const struct formats_reading *reading)
{
	foreign_file_refuse(reading->arena, reading->document, FOREIGN_FILE_AUTH,
			    reading->problems);
}

static bool recognise_kyma(const struct formats_reading *reading)
{
	return kyma_file_recognise(reading->document, reading->options->target_repo_prefix != NULL);
}

static void read_kyma(const struct formats_reading *reading)
{
	struct config *out = reading->out;
	out->kyma = true;
	kyma_file_read(reading->arena, reading->document, reading->options, &out->rules,
		       &out->kyma_prefix, reading->problems);
}

static void read_images(const struct formats_reading *reading)
{
	images_file_read(reading->arena, reading->document, reading->lookup, &reading->out->rules,
			 reading->problems);
}

static bool recognise_lists(const struct formats_reading *reading)
{
	return lists_file_recognise(reading->document);
}

static void read_lists(const struct formats_reading *reading)
{
	lists_file_read(reading->arena, reading->document, reading->lookup, &reading->out->rules,
			reading->problems);
}

static bool recognise_server(const struct formats_reading *reading)
{
	return server_file_recognise(reading->document);
}

/* What a server does is no sync, so it is said by a command. */
static void refuse_server(const struct formats_reading *reading)
{
	const struct document *document = reading->document;
	problem_add(reading->problems, document_place(reading->arena, document, document->root),
		    "this file configures a server: write image-syncer serve -c %s",
		    document->name);
}

static bool recognise_plan(const struct formats_reading *reading)
{
	return plan_file_recognise(reading->document);
}

/* That the policy makes sense is checked with the options. */
static void read_plan(const struct formats_reading *reading)
{
	struct config *out = reading->out;
	const char *policy = reading->options->on_change;
	enum change_policy moved = CHANGE_UNSAID;
	if (policy)
		change_parse(str_of(policy), &moved);
	plan_file_read(reading->arena, reading->document, moved, &out->rules, &out->plan,
		       reading->problems);
}

/* What is to be done with a plan is said by a command. */
static void refuse_plan(const struct formats_reading *reading)
{
	const struct document *document = reading->document;
	problem_add(reading->problems, document_place(reading->arena, document, document->root),
		    "this file is a plan: write image-syncer apply %s", document->name);
}

static void refuse_no_plan(const struct formats_reading *reading)
{
	const struct document *document = reading->document;
	problem_add(reading->problems, document_place(reading->arena, document, document->root),
		    "this is no plan: image-syncer plan --out FILE writes one");
}

static void read_legacy(const struct formats_reading *reading)
{
	legacy_file_read(reading->arena, reading->document, reading->lookup,
			 &reading->out->credentials, &reading->out->rules, reading->problems);
}

static const struct format table[] = {
	{"an auth file of another program, which is read as it is", FORMATS_AUTH,
	 recognise_form_auth, read_form_auth, NULL, NULL, NULL},
	{"an auth file of another program", FORMATS_AUTH, recognise_foreign_auth,
	 refuse_foreign_auth, NULL, NULL, NULL},
	{"an auth file", FORMATS_AUTH, NULL, read_auth, NULL,
	 "Fields of a registry in the file of --auth", &auth_entry_fields},
	{"a plan", FORMATS_IMAGES, recognise_plan, refuse_plan, NULL, NULL, NULL},
	{"an images file of another program, which is read as it is", FORMATS_IMAGES,
	 recognise_form, read_form_images, NULL, NULL, NULL},
	{"an images file of another program", FORMATS_IMAGES, recognise_foreign, refuse_foreign,
	 NULL, NULL, NULL},
	{"an images file of kyma's image-syncer", FORMATS_IMAGES, recognise_kyma, read_kyma, "kyma",
	 NULL, NULL},
	{"an images file with lists of images", FORMATS_IMAGES, recognise_lists, read_lists,
	 "lists", "Fields of a list in the file of --images, and from every on below",
	 &lists_file_fields},
	{"an images file", FORMATS_IMAGES, NULL, read_images, "images",
	 "Fields of a rule in the file of --images", &images_fields},
	{"a file of a server", FORMATS_CONFIG, recognise_server, refuse_server, NULL, NULL, NULL},
	{"a plan", FORMATS_PLAN, recognise_plan, read_plan, NULL, NULL, NULL},
	{"no plan", FORMATS_PLAN, NULL, refuse_no_plan, NULL, NULL, NULL},
	{"a file of old releases, with auth and images", FORMATS_CONFIG, NULL, read_legacy, NULL,
	 NULL, NULL},
};

/* The row of that name; NULL: it is none of an option's own forms. */
static const struct format *find_named(enum formats_option option, const char *name)
{
	for (size_t i = 0; i < array_count(table); i++)
		if (table[i].option == option && table[i].word && strcmp(table[i].word, name) == 0)
			return &table[i];
	return NULL;
}

static const struct format *find_row(enum formats_option option,
				     void (*read)(const struct formats_reading *reading))
{
	const struct format *row = table;
	while (row->option != option || row->read != read)
		row++;
	return row;
}

const struct format *formats_find(const struct formats_reading *reading, enum formats_option option)
{
	const char *named = option == FORMATS_IMAGES ? reading->options->images_format : NULL;
	const struct format *row = named ? find_named(option, named) : NULL;
	if (row)
		return row;
	if (named && forms_named(str_of(named)))
		return find_row(option, read_form_images);
	row = table;
	while (row->option != option || (row->recognise && !row->recognise(reading)))
		row++;
	return row;
}

bool formats_is_foreign(const struct formats_reading *reading, enum formats_option option)
{
	return formats_find(reading, option)->read == read_form_images;
}

bool formats_copies(const struct formats_reading *reading, enum formats_option option)
{
	return formats_find(reading, option)->read == read_images &&
	       images_file_copies(reading->document);
}

bool formats_named(const char *name, struct buf *names)
{
	const char *each;
	if (find_named(FORMATS_IMAGES, name) || forms_named(str_of(name)))
		return true;
	for (size_t i = 0; i < array_count(table); i++)
		if (table[i].word)
			buf_printf(names, "%s, ", table[i].word);
	for (size_t i = 0; (each = forms_name(i)); i++)
		buf_printf(names, "%s%s", i ? ", " : "", each);
	return false;
}

static void add_fields(const struct fields_table *fields, struct buf *out)
{
	for (; fields; fields = fields->beside)
		for (size_t i = 0; i < fields->count; i++) {
			scoped(buf_finish) struct buf name = {0};
			buf_printf(&name, "  %s", fields->fields[i].name);
			options_help_row(out, &name, str_of(fields->fields[i].help));
		}
}

void formats_fields(enum formats_option option, struct buf *out)
{
	for (size_t i = 0; i < array_count(table); i++) {
		if (!table[i].title || table[i].option != option)
			continue;
		buf_printf(out, "\n%s:\n", table[i].title);
		add_fields(table[i].fields, out);
	}
}
