/* The list links entries on the waiting threads' stacks, so it needs no memory and has no limit. */
#include "base/waits.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

enum { BRIEF_MS = 1000 };

static struct {
	pthread_mutex_t lock;
	struct waits_entry *first;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

void waits_begin(struct waits_entry *entry, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(entry->text, sizeof(entry->text), format, args);
	va_end(args);
	pthread_mutex_lock(&table.lock);
	entry->next = table.first;
	entry->previous = NULL;
	if (table.first)
		table.first->previous = entry;
	table.first = entry;
	entry->listed = true;
	pthread_mutex_unlock(&table.lock);
}

void waits_end(struct waits_entry *entry)
{
	if (!entry->listed)
		return;
	pthread_mutex_lock(&table.lock);
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		table.first = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	entry->listed = false;
	pthread_mutex_unlock(&table.lock);
}

static bool is_brief(const struct waits_entry *entry)
{
	return entry->until_ms && entry->until_ms - entry->since_ms < BRIEF_MS;
}

void waits_look(struct waits_view *out)
{
	out->count = 0;
	pthread_mutex_lock(&table.lock);
	for (const struct waits_entry *at = table.first; at; at = at->next)
		if (!is_brief(at) && (!out->count++ || at->since_ms < out->oldest.since_ms))
			out->oldest = *at;
	pthread_mutex_unlock(&table.lock);
}

static long long seconds(int64_t milliseconds)
{
	return milliseconds > 0 ? (long long)(milliseconds + 999) / 1000 : 0;
}

void waits_print(const struct waits_view *view, int64_t now_ms, struct buf *out)
{
	const struct waits_entry *oldest = &view->oldest;
	if (!view->count)
		return;
	if (oldest->kind == WAITS_TRY)
		buf_printf(out, "trying again in %lld s: ", seconds(oldest->until_ms - now_ms));
	else
		buf_printf(out, "waiting for %lld s", seconds(now_ms - oldest->since_ms));
	if (oldest->kind == WAITS_ANSWER && oldest->until_ms)
		buf_printf(out, ", %lld s at most", seconds(oldest->until_ms - oldest->since_ms));
	if (oldest->kind == WAITS_ANSWER)
		buf_add_string(out, ": ");
	buf_add_string(out, oldest->text);
	if (view->count > 1)
		buf_printf(out, " (and %u more)", view->count - 1);
}
