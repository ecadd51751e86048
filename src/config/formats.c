/*
 * The forms of one option differ in their shape, so that nobody has to say which program a file was
 * written for. The last row of each option takes every document: a file in no known form gets the
 * messages of that form.
 */
#include "config/formats.h"

#include "config/auth/auth_entry.h"
#include "config/auth/auth_file.h"
#include "config/foreign_file.h"
#include "config/legacy_file.h"
#include "config/options/options_help.h"
#include "config/rules/images_fields.h"
#include "config/rules/images_file.h"
#include "config/rules/kyma_file.h"
#include "config/rules/lists_file.h"
#include "config/rules/plan_file.h"
#include "config/serve/server_file.h"

static void read_auth(const struct formats_reading *reading)
{
	auth_file_read(reading->arena, reading->document, reading->lookup,
		       &reading->out->credentials, reading->problems);
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
	{"an auth file of another program", FORMATS_AUTH, recognise_foreign_auth,
	 refuse_foreign_auth, NULL, NULL},
	{"an auth file", FORMATS_AUTH, NULL, read_auth,
	 "Fields of a registry in the file of --auth", &auth_entry_fields},
	{"an images file of another program", FORMATS_IMAGES, recognise_foreign, refuse_foreign,
	 NULL, NULL},
	{"a plan", FORMATS_IMAGES, recognise_plan, refuse_plan, NULL, NULL},
	{"an images file of kyma's image-syncer", FORMATS_IMAGES, recognise_kyma, read_kyma, NULL,
	 NULL},
	{"an images file with lists of images", FORMATS_IMAGES, recognise_lists, read_lists,
	 "Fields of a list in the file of --images, and from every on below", &lists_file_fields},
	{"an images file", FORMATS_IMAGES, NULL, read_images,
	 "Fields of a rule in the file of --images", &images_fields},
	{"a file of a server", FORMATS_CONFIG, recognise_server, refuse_server, NULL, NULL},
	{"a plan", FORMATS_PLAN, recognise_plan, read_plan, NULL, NULL},
	{"no plan", FORMATS_PLAN, NULL, refuse_no_plan, NULL, NULL},
	{"a file of old releases, with auth and images", FORMATS_CONFIG, NULL, read_legacy, NULL,
	 NULL},
};

const struct format *formats_find(const struct formats_reading *reading, enum formats_option option)
{
	const struct format *row = table;
	while (row->option != option || (row->recognise && !row->recognise(reading)))
		row++;
	return row;
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

void formats_help(struct buf *out)
{
	options_help(out);
	formats_fields(FORMATS_AUTH, out);
	formats_fields(FORMATS_IMAGES, out);
	options_help_end(out);
}
