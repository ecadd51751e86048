/*
 * A plan without the images that a stop left out would look like one of rules that do not mean
 * them. So a plan is written as a whole, or not at all.
 */
#include "report/plan_files.h"

#include "base/file.h"
#include "base/log.h"
#include "doc/node.h"
#include "report/format.h"
#include "report/plan_json.h"
#include "report/plan_markdown.h"

static bool is_complete(const struct tally *tally, struct error *err)
{
	if (tally->stopped || tally->unfinished || tally_left(tally))
		return error_set(err, ERROR_CANCELED,
				 "the run was stopped before all images were compared, so no plan "
				 "is written: plan again");
	return !tally->unlisted || error_memory(err);
}

static bool write(const char *path, const struct buf *text, struct error *err)
{
	if (!buf_ok(text))
		return error_memory(err);
	return !path || file_write(path, buf_str(text), err);
}

static void tell(const struct plan_files *files, const struct plan_sheet *sheet)
{
	char size[FORMAT_SIZE];
	format_bytes(sheet->bytes, size);
	log_info(
		"the plan is in %s: %zu of %zu images to copy, at most %s; image-syncer apply does "
		"it",
		files->path, sheet->totals[PLANNED_COPY], sheet->count, size);
}

bool plan_files_write(const struct plan_files *files, const struct tally *tally,
		      struct arena *arena, struct plan_sheet *sheet, struct error *err)
{
	scoped(buf_finish) struct buf json = buf_limit(NODE_BYTES_MAX);
	scoped(buf_finish) struct buf markdown = {0};
	if (!is_complete(tally, err))
		return false;
	if (!plan_sheet_make(arena, tally, files->survey, files->groups, sheet))
		return error_memory(err);
	sheet->program = files->program;
	plan_json_write(sheet, &json);
	plan_markdown_write(sheet, PLAN_MARKDOWN_COMMENT, &markdown);
	if (!write(files->path, &json, err) || !write(files->markdown, &markdown, err))
		return error_wrap(err, "plan");
	tell(files, sheet);
	return true;
}
