/* The bytes of a run are those it has sent, retries included, and those that it knows it will. */
#include "report/remaining.h"

#include "report/format.h"

enum { DAY = 24 * 60 * 60 };

/* True when all images that are left are under way, and all their blobs known. */
static bool is_all(const struct remaining *remaining)
{
	return remaining->total && remaining->done + remaining->now->sized >= remaining->total;
}

void remaining_bytes(const struct remaining *remaining, struct buf *out)
{
	char sent[FORMAT_SIZE], all[FORMAT_SIZE];
	const struct progress_view *now = remaining->now;
	format_bytes(now->bytes, sent);
	buf_add_string(out, sent);
	if (!now->left)
		return;
	format_bytes(now->left < INT64_MAX - now->bytes ? now->bytes + now->left : INT64_MAX, all);
	buf_printf(out, " of %s%s", is_all(remaining) ? "" : "at least ", all);
}

void remaining_time(const struct remaining *remaining, int64_t rate, struct buf *out)
{
	char text[FORMAT_SIZE];
	int64_t seconds = rate > 0 ? remaining->now->left / rate : 0;
	if (!seconds || seconds >= DAY)
		return;
	format_elapsed(seconds * 1000, text);
	buf_printf(out, "%s%s left", is_all(remaining) ? "" : "over ", text);
}
