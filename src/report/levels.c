/*
 * The lines are imgsync's, so that what reads them goes on. What it counted as failed without
 * having tried has a line of its own, only where there is something to count.
 */
#include "report/levels.h"

#include "base/arena.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define RULER "========================================\n"

static const char banner[] = " _\n"
			     "(_)_ __ ___   __ _ ___ _   _ _ __   ___\n"
			     "| | '_ ` _ \\ / _` / __| | | | '_ \\ / __|\n"
			     "| | | | | | | (_| \\__ \\ |_| | | | | (__\n"
			     "|_|_| |_| |_|\\__, |___/\\__, |_| |_|\\___|\n";

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "reference: why it failed", or whether anything was to be done; NULL without memory. */
static const char *line_of(struct arena *arena, const struct tally_image *image)
{
	enum { REASON_MAX = 512 };
	scoped(buf_finish) struct buf line = {0}, clean = {0};
	bool failed = image->outcome.status == OUTCOME_FAILED;
	bool hit = image->outcome.status == OUTCOME_SKIPPED;
	tally_source(image, &line);
	buf_printf(&line, ": %s",
		   failed ? tally_failure(image)
		   : hit  ? "hit cache"
			  : "not hit cache");
	log_clean(buf_str(&line), failed ? REASON_MAX : 0, &clean);
	return buf_ok(&line) && buf_ok(&clean) ? arena_string(arena, buf_string(&clean)) : NULL;
}

/* Appends the images that failed, or those that did not. */
static void add_images(const struct tally *tally, bool failed, struct buf *out)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char **lines =
		arena ? arena_array(arena, tally->list.count + 1, sizeof(*lines)) : NULL;
	size_t count = 0;
	out->failed |= !lines;
	for (struct tally_walk walk = tally_list_walk(&tally->list);
	     lines && tally_list_next(&walk);) {
		if ((walk.image.outcome.status == OUTCOME_FAILED) != failed)
			continue;
		lines[count] = line_of(arena, &walk.image);
		out->failed |= !lines[count];
		count += lines[count] != NULL;
	}
	if (count)
		qsort(lines, count, sizeof(*lines), compare_lines);
	buf_printf(out, RULER "Sync %s images:\n", failed ? "failed" : "success");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s\n", lines[i]);
}

void levels_write(const struct tally *tally, const struct levels *levels, struct buf *out)
{
	scoped(buf_finish) struct buf name = {0};
	log_clean(str_of(levels->name), 0, &name);
	buf_printf(out, "%s\n" RULER, banner);
	buf_printf(out, ">> Sync Repo: %s\n", buf_string(&name));
	if (tally->batch)
		buf_printf(out, ">> Batch: %s\n", tally->batch);
	buf_printf(out, ">> Sync Total: %zu\n", tally->total);
	buf_printf(out, ">> Sync Failed: %zu\n", tally->failed);
	buf_printf(out, ">> Sync Success: %zu\n",
		   tally->copied + tally->skipped + tally->would_copy);
	buf_printf(out, ">> Manifests CacheHit: %zu\n", tally->skipped);
	if (tally_left(tally))
		buf_printf(out, ">> Not Attempted: %zu\n", tally_left(tally));
	if (tally->dry_run)
		buf_printf(out, ">> Would Copy: %zu\n", tally->would_copy);
	if (levels->level >= LEVELS_FAILED)
		add_images(tally, true, out);
	if (levels->level >= LEVELS_ALL)
		add_images(tally, false, out);
}
