/*
 * Each kind of annotation is limited, since a runner shows only the first ten of a step; the others
 * become plain lines of the log. A runner also shows each annotation in the log.
 */
#include "report/action.h"

#include "base/file.h"
#include "base/log.h"
#include "base/workflow.h"
#include "report/annotation.h"
#include "report/causes.h"
#include "report/plan_markdown.h"
#include "report/step_summary.h"

void action_write(const struct action *action, const struct action_output *outputs, size_t count)
{
	struct error err;
	for (size_t i = 0; action->output && i < count; i++) {
		scoped(buf_finish) struct buf record = {0};
		bool made = action_output_record(&outputs[i], &record) && buf_ok(&record);
		if (made && file_append(action->output, buf_str(&record), &err))
			continue;
		log_warn("cannot write output %s of the step: %s", outputs[i].name,
			 made ? err.text : "out of memory");
	}
}

static void write_outputs(const struct action *action, const struct tally *tally,
			  const char *report, const struct action_plan *plan)
{
	struct action_output outputs[ACTION_OUTPUT_COUNT];
	scoped(arena_free) struct arena *arena = arena_new();
	if (!action->output)
		return;
	if (arena && action_output_all(arena, tally, report, plan, outputs))
		action_write(action, outputs, ACTION_OUTPUT_COUNT);
	else
		log_warn("cannot write the outputs of the step: out of memory");
}

void action_begin(const struct action *action)
{
	write_outputs(action, NULL, NULL, NULL);
}

static void write_summary(const struct action *action, const struct buf *text)
{
	struct error err;
	if (!buf_ok(text))
		log_warn("cannot write the summary of the job: out of memory");
	else if (!file_append(action->summary, buf_str(text), &err))
		log_warn("cannot write the summary of the job: %s", err.text);
}

void action_tell(const struct action *action, const struct buf *text)
{
	if (action->summary)
		write_summary(action, text);
}

static void send(const struct buf *command)
{
	if (buf_ok(command) && command->len)
		workflow_send(command);
}

static void send_text(const char *type, const struct buf *text)
{
	scoped(buf_finish) struct buf command = {0};
	annotation_text(type, buf_str(text), &command);
	send(&command);
}

/* Prints all lines: the first ones as annotations, the others plain, and a count of the latter. */
static void tell_lines(const struct action *action, const char *type, struct str rest, size_t most)
{
	struct str line;
	size_t told = 0;
	while (str_cut(&rest, '\n', &line)) {
		scoped(buf_finish) struct buf command = {0};
		if (!line.len)
			continue;
		if (++told <= most)
			annotation_problem(type, line, action->workspace, &command);
		else
			buf_add_str(&command, line);
		send(&command);
	}
	if (told <= most)
		return;
	scoped(buf_finish) struct buf more = {0};
	buf_printf(&more, "and %zu more %ss, see the log", told - most, type);
	send_text(type, &more);
}

void action_problems(const struct action *action, struct str errors, struct str warnings)
{
	/* One annotation is reserved for the images that were retried. */
	tell_lines(action, "warning", warnings, ANNOTATION_MAX - 1);
	tell_lines(action, "error", errors, ANNOTATION_MAX);
	if (errors.len && action->summary) {
		scoped(buf_finish) struct buf text = {0};
		step_summary_problems(errors, &text);
		write_summary(action, &text);
	}
}

/* At the line of the image's rule, where that is known. */
static void tell_image(const struct action *action, const struct tally_image *image)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf command = {0};
	if (tally_place(image))
		buf_printf(&text, "%s: ", tally_place(image));
	tally_source(image, &text);
	buf_add_string(&text, " -> ");
	tally_destination(image, &text);
	buf_printf(&text, ": %s", tally_failure(image));
	annotation_problem("error", buf_str(&text), action->workspace, &command);
	command.failed |= !buf_ok(&text);
	send(&command);
}

/* The place of the first image that failed for a cause; NULL: unknown. */
static const char *place_of(const struct tally *tally, const struct causes *causes,
			    const struct cause *cause)
{
	struct tally_walk walk = tally_list_walk(&tally->list);
	while (tally_list_next(&walk))
		if (causes_of(causes, &walk.image) == cause)
			return tally_place(&walk.image);
	return NULL;
}

/* At the line of the first image's rule. Returns how many images were told of. */
static size_t tell_causes(const struct action *action, const struct tally *tally,
			  const struct causes *causes, size_t *told)
{
	size_t images = 0;
	for (size_t i = 0; i < causes->count && *told < ANNOTATION_MAX; i++, ++*told) {
		const char *place = place_of(tally, causes, &causes->items[i]);
		scoped(buf_finish) struct buf text = {0};
		scoped(buf_finish) struct buf command = {0};
		if (place)
			buf_printf(&text, "%s: ", place);
		causes_print(&causes->items[i], 0, &text);
		annotation_problem("error", buf_str(&text), action->workspace, &command);
		command.failed |= !buf_ok(&text);
		send(&command);
		images += causes->items[i].count;
	}
	return images;
}

static void tell_failures(const struct action *action, const struct tally *tally)
{
	struct causes causes;
	size_t told = 0;
	causes_collect(tally, &causes);
	size_t images = tell_causes(action, tally, &causes, &told);
	struct tally_walk walk = tally_list_walk(&tally->list);
	while (told < ANNOTATION_MAX && tally_list_next(&walk)) {
		if (walk.image.outcome.status != OUTCOME_FAILED || walk.image.unfinished ||
		    causes_of(&causes, &walk.image))
			continue;
		tell_image(action, &walk.image);
		images++;
		told++;
	}
	if (tally_failed(tally) <= images)
		return;
	scoped(buf_finish) struct buf more = {0};
	buf_printf(&more, "and %zu more image%s failed", tally_failed(tally) - images,
		   tally_failed(tally) - images == 1 ? "" : "s");
	send_text("error", &more);
}

static void tell_retries(const struct tally *tally)
{
	scoped(buf_finish) struct buf text = {0};
	if (!tally->retried)
		return;
	buf_printf(&text, "%zu image%s failed at first and had to be tried again", tally->retried,
		   tally->retried == 1 ? "" : "s");
	send_text("warning", &text);
}

void action_finish(const struct action *action, const struct tally *tally, const char *program,
		   const char *report, const struct action_plan *plan)
{
	write_outputs(action, tally, report, plan);
	tell_retries(tally);
	tell_failures(action, tally);
	if (action->summary) {
		scoped(buf_finish) struct buf text = {0};
		if (plan)
			plan_markdown_write(plan->sheet, PLAN_MARKDOWN_SUMMARY, &text);
		else
			step_summary_write(tally, program, report, &text);
		write_summary(action, &text);
	}
}
