/*
 * Terms are those of the image, options included, so that apply needs no options. What every image
 * has without being asked for is left out.
 *
 * The names of images are written as they are, as in a list of images: a name in which something is
 * masked could not be read again. Configurations with a secret in a destination are refused.
 */
#include "report/plan_json.h"

#include "base/log.h"
#include "doc/writer.h"

static void write_int(struct writer *out, const char *field, int64_t value)
{
	writer_field(out, field);
	writer_int(out, value);
}

static void write_text(struct writer *out, const char *field, const char *text)
{
	scoped(buf_finish) struct buf clean = {0};
	if (!text)
		return;
	log_clean(str_of(text), 0, &clean);
	writer_field(out, field);
	writer_built(out, &clean);
}

/* The same, with null for what is not there. */
static void write_digest(struct writer *out, const char *field, const char *digest)
{
	if (digest) {
		write_text(out, field, digest);
		return;
	}
	writer_field(out, field);
	writer_null(out);
}

static bool wants_referrers(const struct terms *terms)
{
	return terms->signer || (terms->companions && !companion_filter_empty(terms->companions));
}

/* The terms that apply would not have without the plan. */
static struct terms special(const struct terms *terms)
{
	static const struct creation_settings usual = {.wanted = true};
	static const struct terms general = {.on_change = CHANGE_OVERWRITE,
					     .foreign = FOREIGN_SKIP,
					     .creation = {.project = CREATION_NO}};
	struct terms rest = terms_beside(terms, &general);
	const struct creation_settings *settings = rest.creation.repository;
	if (settings && settings->wanted == usual.wanted && !settings->scan &&
	    !settings->immutable && !settings->tag_count)
		rest.creation.repository = NULL;
	/* These decided when the plan was made. */
	rest.min_age = 0;
	rest.min_age_said = false;
	rest.hold = rest.release = NULL;
	if (!wants_referrers(terms))
		rest.referrers_from = NULL;
	return rest;
}

static void write_terms(struct writer *out, const struct terms *terms)
{
	static const struct terms nothing;
	const struct terms rest = special(terms);
	if (terms_written_alike(&rest, &nothing))
		return;
	writer_field(out, "terms");
	writer_open_map(out);
	terms_write(&rest, out);
	writer_close_map(out);
}

/* An image's name is no foreign text: its grammar has been checked. */
static void write_name(struct writer *out, const char *field, const char *name)
{
	if (!name)
		return;
	writer_field(out, field);
	writer_text(out, str_of(name));
}

static void write_image(struct writer *out, const struct plan_sheet *sheet,
			const struct plan_row *row)
{
	writer_open_map(out);
	write_name(out, "source", row->source);
	write_text(out, "digest", row->digest);
	write_name(out, "destination", row->destination);
	write_name(out, "tag", row->tag);
	write_digest(out, "before", row->before);
	write_text(out, "after", row->after);
	write_text(out, "action", planned_name(row->action));
	write_text(out, "reason", row->reason);
	write_text(out, "message", row->message);
	write_int(out, "bytes", row->bytes);
	if (row->companions)
		write_int(out, "companions", (int64_t)row->companions);
	if (sheet->group_count)
		write_int(out, "shard", row->shard);
	write_terms(out, rule_terms(row->task->rule));
	writer_close_map(out);
}

static void write_failure(struct writer *out, const struct plan_row *row)
{
	writer_open_map(out);
	write_text(out, "source", row->source);
	write_text(out, "destination", row->destination);
	write_text(out, "kind", row->reason);
	write_text(out, "message", row->message);
	writer_close_map(out);
}

static void write_rows(struct writer *out, const struct plan_sheet *sheet, bool failed)
{
	writer_field(out, failed ? "failures" : "images");
	writer_open_list(out);
	for (size_t i = 0; i < sheet->count; i++) {
		const struct plan_row *row = &sheet->rows[i];
		if ((row->action == PLANNED_FAILED) != failed)
			continue;
		if (failed)
			write_failure(out, row);
		else
			write_image(out, sheet, row);
	}
	writer_close_list(out);
}

static void write_totals(struct writer *out, const struct plan_sheet *sheet)
{
	writer_field(out, "totals");
	writer_open_map(out);
	for (int i = 0; i < PLANNED_ACTIONS; i++)
		write_int(out, planned_name((enum planned_action)i), (int64_t)sheet->totals[i]);
	writer_close_map(out);
	write_int(out, "bytes", sheet->bytes);
	if (!sheet->referrers && !sheet->signatures)
		return;
	writer_field(out, "unpinned");
	writer_open_list(out);
	if (sheet->referrers)
		writer_text(out, STR("referrers"));
	if (sheet->signatures)
		writer_text(out, STR("require-signed"));
	writer_close_list(out);
}

static void write_groups(struct writer *out, const struct plan_sheet *sheet)
{
	if (!sheet->group_count)
		return;
	writer_field(out, "shards");
	writer_open_list(out);
	for (unsigned i = 0; i < sheet->group_count; i++) {
		writer_open_map(out);
		write_int(out, "images", (int64_t)sheet->groups[i].images);
		write_int(out, "bytes", sheet->groups[i].bytes);
		writer_close_map(out);
	}
	writer_close_list(out);
}

void plan_json_write(const struct plan_sheet *sheet, struct buf *out)
{
	struct writer writer = {.out = out, .json = true};
	writer_begin(&writer);
	write_int(&writer, "plan", PLANNED_VERSION);
	write_text(&writer, "program", sheet->program);
	write_totals(&writer, sheet);
	write_groups(&writer, sheet);
	write_rows(&writer, sheet, false);
	write_rows(&writer, sheet, true);
	writer_end(&writer, true);
}
