/*
 * On a bad network one request in three may fail, and that must never look like an outage: twelve
 * failures in a row then have a chance of one in half a million.
 *
 * Tries are spaced so that twelve of them take some ten seconds; a server that restarts is back by
 * then, or in the next round.
 *
 * Requests that fail together count as one failure: thirty threads that lose their connections at
 * the same moment have seen one event.
 */
#include "net/outage.h"

enum { GAP_MS = 150, GAP_MAX_MS = 2000, OTHERS_WEIGHT = 4, OTHERS_SILENT_MS = 5000 };

/* The gap before the next try; none for a failure that waiting cannot cure. */
static int64_t gap_after(const struct outage *outage, const struct outage_failure *failure)
{
	int64_t gap = (int64_t)outage->weight * GAP_MS;
	if (outage->weight < OUTAGE_SPACED || failure->weight == OUTAGE_LASTING)
		return 0;
	return gap < GAP_MAX_MS ? gap : GAP_MAX_MS;
}

int64_t outage_wait(const struct outage *outage, int64_t now_ms)
{
	return now_ms < outage->next_ms ? outage->next_ms - now_ms : 0;
}

void outage_began(struct outage *outage, int64_t now_ms)
{
	outage->next_ms = now_ms + outage->gap_ms;
}

void outage_ended(struct outage *outage)
{
	outage->next_ms = 0;
}

static void start_over(struct outage *outage)
{
	outage->weight = 0;
	outage->silent_ms = outage->counted_ms = outage->gap_ms = outage->next_ms = 0;
	outage->several = outage->over = false;
}

void outage_answered(struct outage *outage, int64_t now_ms)
{
	start_over(outage);
	outage->answered_ms = now_ms;
	outage->known = true;
}

void outage_forgive(struct outage *outage)
{
	start_over(outage);
	outage->answered_ms = 0;
	outage->forgiven = true;
}

int64_t outage_patience(const struct outage *outage)
{
	if (outage->known)
		return 0;
	return outage->forgiven ? OUTAGE_AGAIN_MS : OUTAGE_FIRST_MS;
}

/* Failures of one path alone are not enough: a few of others must follow. */
static void leave_a_chance(struct outage *outage)
{
	if (outage->weight > OUTAGE_LIMIT - OTHERS_WEIGHT)
		outage->weight = OUTAGE_LIMIT - OTHERS_WEIGHT;
	if (outage->silent_ms > OUTAGE_SILENT_MS - OTHERS_SILENT_MS)
		outage->silent_ms = OUTAGE_SILENT_MS - OTHERS_SILENT_MS;
}

static void count(struct outage *outage, int64_t now_ms, const struct outage_failure *failure)
{
	bool news = failure->began_ms >= outage->counted_ms;
	if (!outage->weight)
		outage->path = failure->path;
	bool other = failure->early || failure->path != outage->path;
	if (other && !outage->several && news)
		leave_a_chance(outage);
	outage->several |= other;
	if (!news)
		return;
	outage->weight += failure->weight;
	outage->silent_ms += failure->silent_ms;
	outage->counted_ms = now_ms;
	outage->gap_ms = gap_after(outage, failure);
	outage->next_ms = now_ms + outage->gap_ms;
}

enum outage_verdict outage_failed(struct outage *outage, int64_t now_ms,
				  const struct outage_failure *failure)
{
	count(outage, now_ms, failure);
	bool recent = outage->answered_ms && now_ms - outage->answered_ms < OUTAGE_KNOWN_MS;
	bool enough = outage->weight >= OUTAGE_LIMIT || outage->silent_ms >= OUTAGE_SILENT_MS;
	outage->over |= enough && !recent && outage->several;
	if (outage->over)
		return OUTAGE_OVER;
	if (enough && !recent)
		return OUTAGE_ENOUGH;
	return outage->weight < OUTAGE_SPACED ? OUTAGE_NONE : OUTAGE_WAIT;
}
