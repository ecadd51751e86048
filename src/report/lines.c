/*
 * Of a thousand images a few have changed, and these are what somebody who watches wants to see. A
 * log that is kept, or read by a program, is complete: who searches it may look for any image.
 */
#include "report/lines.h"

#include <string.h>

bool lines_named(const char *name, enum lines *out)
{
	static const char *const names[] = {
		[LINES_ALL] = "all", [LINES_CHANGES] = "changes", [LINES_NONE] = "none"};
	for (size_t i = LINES_ALL; i < array_count(names); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*out = (enum lines)i;
		return true;
	}
	return false;
}

enum lines lines_of_log(enum lines chosen, bool kept)
{
	if (chosen != LINES_UNSAID)
		return chosen;
	return kept ? LINES_ALL : LINES_CHANGES;
}

bool lines_show(enum lines lines, const struct tally_image *image)
{
	switch (lines) {
	case LINES_ALL:
		return true;
	case LINES_NONE:
		return image->outcome.status == OUTCOME_FAILED;
	case LINES_UNSAID:
	case LINES_CHANGES:
		break;
	}
	return !tally_in_sync(image);
}
