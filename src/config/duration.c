/* Hours, minutes and seconds, in this order, each at most once. */
#include "config/duration.h"

#include "base/scoped.h"
#include "base/str.h"

enum { LONGEST = 3600 * 1000 };

unsigned duration_read(const char *given)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
	struct str text = str_of(given);
	int64_t total = 0;
	for (size_t i = 0; i < array_count(units); i++) {
		int64_t number;
		size_t len = str_find(text, units[i].unit);
		if (len == text.len)
			continue;
		if (!str_to_int64(str_head(text, len), &number) || number > LONGEST)
			return 0;
		total += number * units[i].seconds;
		text = str_from(text, len + 1);
	}
	return !text.len && total > 0 && total <= LONGEST ? (unsigned)total : 0;
}
