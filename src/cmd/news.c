/*
 * Images are copied with all that a message says of them, since the run that they come from is over
 * by then, and perhaps its edition, too. Without memory an image is only counted.
 */
#include "cmd/news.h"

#include "base/clock.h"
#include "notify/notify.h"

#include <stdlib.h>

enum { FAILING_MAX = 10000 };

static bool copy_reference(struct arena *arena, const struct reference *from, struct reference *out)
{
	const char *const texts[] = {from->host, from->repository, from->tag, from->digest};
	const char **const copies[] = {&out->host, &out->repository, &out->tag, &out->digest};
	for (size_t i = 0; i < array_count(texts); i++)
		if (texts[i] && !(*copies[i] = arena_string(arena, texts[i])))
			return false;
	return true;
}

static bool copy_image(struct arena *arena, const struct tally_image *from, struct tally_image *out)
{
	struct rule *rule = arena_new_of(arena, struct rule);
	struct task *task = from->task ? arena_new_of(arena, struct task) : NULL;
	const struct rule *old = from->task ? from->task->rule : from->rule;
	if (!rule || (from->task && !task))
		return false;
	rule->source = arena_string(arena, old->source);
	rule->destination = arena_string(arena, old->destination);
	rule->source_place = arena_string(arena, old->source_place);
	if (!rule->source || !rule->destination || !rule->source_place)
		return false;
	*out = (struct tally_image){
		.task = task, .rule = task ? NULL : rule, .outcome = from->outcome};
	if (!task)
		return true;
	task->rule = rule;
	return copy_reference(arena, &from->task->source, &task->source) &&
	       copy_reference(arena, &from->task->destination, &task->destination);
}

/* True if a message should mention the image. Remembers failures that were mentioned. */
static bool is_news(struct news *news, const struct tally_image *image)
{
	scoped(buf_finish) struct buf key = {0};
	bool failed = image->outcome.status == OUTCOME_FAILED;
	tally_source(image, &key);
	buf_add_char(&key, ' ');
	tally_destination(image, &key);
	if (!buf_ok(&key))
		return true;
	if (news->failing.count > FAILING_MAX)
		map_finish(&news->failing);
	bool known = map_get(&news->failing, buf_str(&key)) != NULL;
	if (failed != known)
		map_put(&news->failing, buf_str(&key), failed ? news : NULL);
	return failed ? !known : image->outcome.status == OUTCOME_COPIED;
}

void news_add(struct news *news, const struct tally *tally)
{
	struct tally_walk walk = tally_list_walk(&tally->list);
	while (tally_list_next(&walk)) {
		struct tally_image image;
		if (!is_news(news, &walk.image))
			continue;
		if (!news->arena)
			news->arena = arena_new();
		if (!news->tally.started)
			news->tally.started = tally->started;
		if (news->arena && copy_image(news->arena, &walk.image, &image))
			tally_add(&news->tally, news->arena, &image);
		else
			tally_miss(&news->tally, &walk.image);
	}
	news->tally.requests_source += tally->requests_source;
	news->tally.requests_target += tally->requests_target;
	news->tally.milliseconds += tally->milliseconds;
}

bool news_are_due(const struct news *news)
{
	return tally_done(&news->tally) &&
	       (!news->sent_ms || clock_ms() - news->sent_ms >= NEWS_MS);
}

static void empty(struct news *news)
{
	arena_free(&news->arena);
	news->tally = (struct tally){.total = 0};
}

void news_cut(struct news *news, struct news *out)
{
	*out = (struct news){.arena = news->arena, .tally = news->tally};
	news->arena = NULL;
	news->sent_ms = clock_ms();
	empty(news);
}

void news_send(struct news *news, const struct session *session, const struct notify_list *targets)
{
	const struct notify_run messages = {.http = session->http,
					    .pool = session->pool,
					    .targets = targets,
					    .tally = &news->tally,
					    .code = news->tally.failed ? EXIT_FAILURE
								       : EXIT_SUCCESS};
	if (!tally_done(&news->tally))
		return;
	tally_list_sort(&news->tally.list);
	notify_send(&messages);
	empty(news);
}

void news_finish(struct news *news)
{
	empty(news);
	map_finish(&news->failing);
}
