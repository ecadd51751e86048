/*
 * Conditional requests would prevent lost updates, but registries ignore them. When two writers
 * read the same list and write one after the other, the second one removes the entries of the
 * first, which can notice that only later. Hence the second read after some time, and a pause of
 * random length before another try.
 */
#include "copy/companions/attach.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "copy/claim.h"
#include "copy/companions/lookup.h"
#include "copy/judge/remember.h"
#include "store/store.h"

#include <string.h>
#include <sys/random.h>

enum { TRIES = 30, PAUSE_MIN_MS = 100, PAUSE_SPAN_MS = 150, WINDOWS = 3, PAUSE_MAX_MS = 5000 };

/* Waits longer than other writers probably need between reading and writing: WINDOWS times ours. */
static bool wait_a_little(const struct attachment *attachment, struct error *err)
{
	unsigned random = 0;
	int64_t pause = attachment->took_ms * WINDOWS;
	(void)!getrandom(&random, sizeof(random), 0);
	pause = (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS) + PAUSE_MIN_MS;
	return cancel_sleep((unsigned)pause + random % PAUSE_SPAN_MS) || error_canceled(err);
}

/* Collects the descriptors that the list lacks; *out is in arena. */
static bool find_lacking(struct arena *arena, const struct attachment *attachment, struct str list,
			 struct str **out, size_t *count, struct error *err)
{
	scoped(map_finish) struct map held = {0};
	*count = 0;
	*out = arena_array(arena, attachment->count, sizeof(**out));
	if (!*out)
		return error_memory(err);
	if (list.len && !referrers_read(arena, list, &held, err))
		return false;
	for (size_t i = 0; i < attachment->count; i++)
		if (!map_get(&held, str_of(attachment->digests[i])))
			(*out)[(*count)++] = attachment->descriptors[i];
	return true;
}

static bool write_list(struct attachment *attachment, struct str list, struct error *err)
{
	struct push_answer answer;
	const struct push push = {.reference = attachment->tag,
				  .digest = attachment->held,
				  .media_type = "application/vnd.oci.image.index.v1+json",
				  .bytes = list};
	digest_of(list, attachment->held);
	if (!store_put(attachment->image->to, &push, &answer, err))
		return false;
	remember_written(attachment->image, push.reference, push.digest);
	return true;
}

/* Reads the list, and writes it if referrers were missing. *complete: none was missing. */
static bool complete_list(struct attachment *attachment, bool *complete, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str old, list, *lacking = NULL;
	size_t count = 0;
	int64_t start = clock_ms();
	if (!arena)
		return error_memory(err);
	if (!lookup_fallback(attachment->image->to, arena, attachment->subject, &old, err) ||
	    !find_lacking(arena, attachment, old, &lacking, &count, err))
		return false;
	*complete = count == 0;
	if (*complete)
		digest_of(old, attachment->held);
	else if (!referrers_append(arena, old, lacking, count, &list, err) ||
		 !write_list(attachment, list, err))
		return false;
	else
		attachment->took_ms = clock_ms() - start;
	return true;
}

static bool write_once(struct attachment *attachment, struct error *err)
{
	bool complete = false;
	if (!complete_list(attachment, &complete, err))
		return false;
	if (complete)
		attachment->held[0] = '\0';
	return true;
}

/* Waits and reads until the list is complete and the same twice in a row. */
static bool converge(struct attachment *attachment, struct error *err)
{
	for (int i = 0; i < TRIES && attachment->held[0]; i++) {
		char before[DIGEST_TEXT_SIZE];
		bool complete = false;
		memcpy(before, attachment->held, sizeof(before));
		if (!wait_a_little(attachment, err) || !complete_list(attachment, &complete, err))
			return false;
		if (complete && strcmp(before, attachment->held) == 0)
			return true;
	}
	return !attachment->held[0] ||
	       error_set(err, ERROR_UNAVAILABLE, "another client keeps overwriting it");
}

/*
 * Lets one thread of the run at a time work on each list. No claim is settled, so the next thread
 * always gets its turn.
 */
static bool in_turn(struct attachment *attachment,
		    bool (*work)(struct attachment *attachment, struct error *err),
		    struct error *err)
{
	scoped(claim_end) struct claim claim = {0};
	const struct store *to = attachment->image->to;
	const char *tag = attachment->tag;
	companion_fallback_tag(attachment->subject, attachment->tag);
	if (!claim_begin(&claim, attachment->image, err, "list %s/%s:%s", to->party_name, to->path,
			 tag))
		return false;
	return claim_pass_on(&claim, work(attachment, err)) ||
	       error_wrap(err, "the list of referrers %s/%s:%s", to->party_name, to->path, tag);
}

bool attach_write(struct attachment *attachment, struct error *err)
{
	return in_turn(attachment, write_once, err);
}

bool attach_confirm(struct attachment *attachment, struct error *err)
{
	return in_turn(attachment, converge, err);
}
