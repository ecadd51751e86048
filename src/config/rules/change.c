/* One table for reading and writing. */
#include "config/rules/change.h"

#include "base/scoped.h"

static const char *const names[] = {
	[CHANGE_UNSAID] = "",   [CHANGE_OVERWRITE] = "overwrite", [CHANGE_FAIL] = "fail",
	[CHANGE_SKIP] = "skip", [CHANGE_RETAG] = "retag",
};

bool change_parse(struct str text, enum change_policy *out)
{
	for (size_t i = CHANGE_OVERWRITE; i < array_count(names); i++) {
		if (!str_is(text, names[i]))
			continue;
		*out = (enum change_policy)i;
		return true;
	}
	return false;
}

const char *change_name(enum change_policy policy)
{
	return names[policy];
}
