/* The words of a plan. */
#include "config/rules/planned.h"

#include "base/error.h"

#include <stddef.h>

/* What the requests for an image count for: about as long as sending so many bytes takes. */
enum { ASKED = 16 * 1024, COPIED = 512 * 1024 };

static const char *const names[PLANNED_ACTIONS] = {
	[PLANNED_COPY] = "copy",       [PLANNED_NONE] = "none",     [PLANNED_SKIPPED] = "skipped",
	[PLANNED_REFUSED] = "refused", [PLANNED_FAILED] = "failed",
};

static const struct {
	enum planned_action action;
	const char *word;
} reasons[] = {
	{PLANNED_COPY, "missing"},    {PLANNED_COPY, "differs"},
	{PLANNED_COPY, "companions"}, {PLANNED_NONE, "in-sync"},
	{PLANNED_SKIPPED, "differs"}, {PLANNED_SKIPPED, "no-platform"},
	{PLANNED_SKIPPED, "too-new"}, {PLANNED_SKIPPED, "held"},
};

const char *planned_name(enum planned_action action)
{
	return names[action];
}

bool planned_named(struct str name, enum planned_action *out)
{
	for (int i = 0; i < PLANNED_FAILED; i++)
		if (str_is(name, names[i])) {
			*out = (enum planned_action)i;
			return true;
		}
	return false;
}

const char *planned_reason(enum planned_action action, struct str text)
{
	enum error_kind kind;
	if (action == PLANNED_REFUSED)
		return error_kind_named(text, &kind) ? error_kind_name(kind) : NULL;
	for (size_t i = 0; i < array_count(reasons); i++)
		if (reasons[i].action == action && str_is(text, reasons[i].word))
			return reasons[i].word;
	return NULL;
}

int64_t planned_weight(enum planned_action action, int64_t bytes)
{
	if (action == PLANNED_COPY)
		return bytes < INT64_MAX - COPIED ? bytes + COPIED : INT64_MAX;
	return action == PLANNED_NONE ? ASKED : 1;
}
