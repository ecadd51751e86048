/* One table for reading and writing. */
#include "config/rules/foreign.h"

#include "base/scoped.h"

static const char *const names[] = {[FOREIGN_UNSAID] = "",
				    [FOREIGN_SKIP] = "skip",
				    [FOREIGN_COPY] = "copy",
				    [FOREIGN_FAIL] = "fail"};

bool foreign_parse(struct str text, enum foreign_policy *out)
{
	for (size_t i = FOREIGN_SKIP; i < array_count(names); i++) {
		if (!str_is(text, names[i]))
			continue;
		*out = (enum foreign_policy)i;
		return true;
	}
	return false;
}

const char *foreign_name(enum foreign_policy policy)
{
	return names[policy];
}
