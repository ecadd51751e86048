/* An age is written as the point in time it meant when the rule was read, so it does not drift. */
#include "config/rules/selection.h"

#include "base/clock.h"

#include <stdio.h>

static void write_latest(const struct selection *selection, struct writer *out)
{
	char text[64];
	if (!selection->latest)
		return;
	writer_field(out, "latest");
	if (!selection->latest_by_date) {
		writer_int(out, selection->latest);
		return;
	}
	snprintf(text, sizeof(text), "%lld by date", (long long)selection->latest);
	writer_text(out, str_of(text));
}

void selection_write(const struct selection *selection, struct writer *out)
{
	char since[CLOCK_TEXT_SIZE];
	fields_write_list("tags", selection->tags, selection->tag_count, out);
	fields_write_list("exclude", selection->exclude, selection->exclude_count, out);
	fields_write_text("semver", &selection->semver, out);
	write_latest(selection, out);
	if (selection->prereleases) {
		writer_field(out, "prereleases");
		writer_bool(out, selection->prereleases == SELECTION_PRERELEASES_YES);
	}
	if (selection->required) {
		writer_field(out, "required");
		writer_bool(out, true);
	}
	if (!selection->since)
		return;
	clock_rfc3339(selection->since, since);
	writer_field(out, "since");
	writer_text(out, str_of(since));
}
