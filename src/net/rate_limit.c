/*
 * There is no standard yet: servers use headers of several drafts and conventions, and all of them
 * are read.
 */
#include "net/rate_limit.h"

#include "base/scoped.h"
#include "net/retry_after.h"

#include <limits.h>

/* A number above this is not a duration but a date, in seconds since 1970. */
enum { DATES_FROM = 500000000 };

/* The number at the start of value, as in "0;w=21600"; false when there is none. */
static bool leading_number(struct str value, int64_t *out)
{
	size_t len = 0;
	value = str_trim(value);
	while (len < value.len && value.at[len] >= '0' && value.at[len] <= '9')
		len++;
	return str_to_int64(str_head(value, len), out);
}

/*
 * A parameter of the header RateLimit, in the forms of its drafts: `limit=9, remaining=0, reset=5`
 * and `"default";r=0;t=5`.
 */
static bool parameter(struct str value, const char *name, const char *short_name, int64_t *out)
{
	struct str item, part;
	while (str_cut(&value, ',', &item))
		while (str_cut(&item, ';', &part)) {
			size_t equals = str_find(part, '=');
			struct str key = str_trim(str_head(part, equals));
			if ((str_is(key, name) || str_is(key, short_name)) &&
			    leading_number(str_from(part, equals + 1), out))
				return true;
		}
	return false;
}

bool rate_limit_used_up(const struct http_answer *answer)
{
	static const char *const names[] = {"ratelimit-remaining", "x-ratelimit-remaining",
					    "x-rate-limit-remaining"};
	int64_t left = 1;
	for (size_t i = 0; i < array_count(names); i++)
		if (leading_number(http_header(answer, names[i]), &left) && left == 0)
			return true;
	return parameter(http_header(answer, "ratelimit"), "remaining", "r", &left) && left == 0;
}

/* Seconds from now until the time in a header like X-RateLimit-Reset; -1: not a time. */
static int until(struct str value, int64_t now)
{
	int64_t number = 0;
	if (!str_to_int64(str_trim(value), &number))
		return retry_after_parse(value, now);
	if (number >= (int64_t)DATES_FROM * 1000)
		number /= 1000;
	if (number >= DATES_FROM)
		number -= now;
	return number < 0 || number > INT_MAX ? -1 : (int)number;
}

int rate_limit_wait(const struct http_answer *answer, int64_t now_unix)
{
	static const char *const resets[] = {"ratelimit-reset", "x-ratelimit-reset",
					     "x-rate-limit-reset"};
	int64_t now = retry_after_clock(http_header(answer, "Date"), now_unix);
	int64_t reset = -1;
	int wait = retry_after_parse(http_header(answer, "Retry-After"), now);
	if (wait < 0)
		wait = until(http_header(answer, "X-Retry-After"), now);
	if (wait >= 0 || !rate_limit_used_up(answer))
		return wait;
	for (size_t i = 0; i < array_count(resets) && wait < 0; i++)
		wait = until(http_header(answer, resets[i]), now);
	if (wait < 0 && parameter(http_header(answer, "ratelimit"), "reset", "t", &reset) &&
	    reset <= INT_MAX)
		wait = (int)reset;
	return wait;
}
