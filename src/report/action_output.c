/*
 * The file is read line by line, so a value with a line break could forge a record, or end a block
 * with a known delimiter: hence 128 random bits for each. Values must not contain secrets, since a
 * runner drops such outputs: the names of images pass log_clean().
 */
#include "report/action_output.h"

#include "base/log.h"
#include "doc/json_writer.h"

#include <string.h>
#include <sys/random.h>

static void write_clean(struct json_writer *json, const char *name, struct str text)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(text, 0, &clean);
	json_writer_name(json, name);
	json_writer_string(json, buf_string(&clean));
	json->out->failed |= !buf_ok(&clean);
}

static void write_image(struct json_writer *json, const struct tally_image *image)
{
	scoped(buf_finish) struct buf source = {0};
	scoped(buf_finish) struct buf destination = {0};
	tally_source(image, &source);
	tally_destination(image, &destination);
	json_writer_open_object(json);
	write_clean(json, "source", buf_str(&source));
	write_clean(json, "destination", buf_str(&destination));
	if (image->outcome.digest)
		write_clean(json, "digest", str_of(image->outcome.digest));
	json_writer_name(json, "status");
	json_writer_string(json, tally_status(image));
	json_writer_close_object(json);
	json->out->failed |= !buf_ok(&source) || !buf_ok(&destination);
}

/* Writes whole elements as long as there is room. */
static const char *images(struct arena *arena, const struct tally *tally)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf element = {0};
	struct tally_walk walk = {0};
	if (tally)
		walk = tally_list_walk(&tally->list);
	buf_add_char(&text, '[');
	while (tally_list_next(&walk)) {
		struct json_writer json = {.out = &element, .compact = true};
		buf_reset(&element);
		write_image(&json, &walk.image);
		if (text.len + element.len + 2 > ACTION_OUTPUT_IMAGES_MAX)
			break;
		buf_printf(&text, "%s%s", text.len > 1 ? "," : "", buf_string(&element));
		text.failed |= !buf_ok(&element);
	}
	buf_add_char(&text, ']');
	return buf_ok(&text) ? arena_copy(arena, buf_string(&text), text.len) : NULL;
}

static const char *number(struct arena *arena, int64_t value)
{
	return arena_printf(arena, "%lld", (long long)value);
}

/* An object without entries would fail the job that gets it, so without groups there is none. */
static const char *matrix(struct arena *arena, const struct action_plan *plan)
{
	scoped(buf_finish) struct buf text = {0};
	if (plan && plan->sheet->group_count)
		plan_sheet_matrix(plan->sheet, &text);
	return buf_ok(&text) ? arena_copy(arena, buf_string(&text), text.len) : NULL;
}

bool action_output_all(struct arena *arena, const struct tally *tally, const char *report,
		       const struct action_plan *plan,
		       struct action_output outputs[ACTION_OUTPUT_COUNT])
{
	static const struct tally nothing = {0};
	const struct tally *from = tally ? tally : &nothing;
	bool changed = plan ? plan_sheet_changes(plan->sheet) : from->copied > 0;
	const struct action_output all[ACTION_OUTPUT_COUNT] = {
		{"result", tally ? tally_result(tally) : "failure"},
		{"changed", changed ? "true" : "false"},
		{"total", number(arena, (int64_t)from->total)},
		{"copied", number(arena, (int64_t)from->copied)},
		{"skipped", number(arena, (int64_t)from->skipped)},
		{"failed", number(arena, (int64_t)from->failed)},
		{"bytes", number(arena, from->bytes)},
		{"report", report ? report : ""},
		{"images", images(arena, tally)},
		{"plan", plan ? plan->path : ""},
		{"matrix", matrix(arena, plan)},
	};
	memcpy(outputs, all, sizeof(all));
	for (size_t i = 0; i < ACTION_OUTPUT_COUNT; i++)
		if (!outputs[i].value)
			return false;
	return true;
}

static bool plainly_safe(const char *value)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._-/";
	return value[strspn(value, good)] == '\0';
}

bool action_output_record(const struct action_output *output, struct buf *out)
{
	uint64_t random[2];
	char delimiter[64];
	if (plainly_safe(output->value)) {
		buf_printf(out, "%s=%s\n", output->name, output->value);
		return true;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	snprintf(delimiter, sizeof(delimiter), "ghadelimiter_%016llx%016llx",
		 (unsigned long long)random[0], (unsigned long long)random[1]);
	buf_printf(out, "%s<<%s\n", output->name, delimiter);
	buf_add_string(out, output->value);
	buf_printf(out, "\n%s\n", delimiter);
	return true;
}
