/* Times of a crontab and the next one after some other time, in several zones; texts of zones. */
#include "fuzz.h"

#include "base/cron.h"
#include "serve/zone.h"

enum { NOW = 1790000000, MINUTE = 60 };

static const int64_t longest = 41 * 366 * INT64_C(86400);

static const char *const zones[] = {"UTC", "CET-1CEST,M3.5.0,M10.5.0/3",
				    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
				    "<-04>4<-03>,M9.1.6/24,M4.1.6/24"};

static void take_zone(struct str text)
{
	scoped(buf_finish) struct buf zone = {0};
	struct error err = {0};
	buf_add_str(&zone, text);
	require(zone_set(buf_string(&zone), &err) || (err.kind == ERROR_CONFIG && *err.text));
	require(zone_set(zones[text.len % array_count(zones)], &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = input_text(data, size);
	struct cron cron;
	struct error err = {0};
	take_zone(text);
	if (!cron_parse(text, &cron, &err)) {
		require(err.kind == ERROR_CONFIG && *err.text);
		return 0;
	}
	require(cron.minutes && cron.hours && cron.days && cron.months && cron.weekdays);
	int64_t next = cron_next(&cron, NOW);
	require(next > NOW && next % MINUTE == 0 && next - NOW < longest);
	/* Nothing is due in between, from wherever one looks. */
	require(cron_next(&cron, next - 1) == next);
	require(cron_next(&cron, NOW + (next - NOW) / 2) == next);
	require(cron_next(&cron, next) > next);
	return 0;
}
