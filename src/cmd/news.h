/*
 * What runs for hooks have done, for messages: collected over several runs, so that one message
 * covers several minutes, and an image that keeps failing is mentioned once.
 *
 * One thread at a time.
 */
#pragma once

#include "base/map.h"
#include "cmd/session.h"
#include "config/notify/notify_target.h"
#include "report/tally.h"

enum { NEWS_MS = 5 * 60 * 1000 }; /* between two messages */

/* Zeroed it is empty. */
struct news {
	struct arena *arena; /* of the tally */
	struct tally tally;
	struct map failing; /* source and destination of images that were told of, as failed */
	int64_t sent_ms;    /* clock_ms() of the last message; 0: there was none */
};

/* Adds the images of a run that were copied, or that failed for the first time. */
void news_add(struct news *news, const struct tally *tally);
/* Whether a message is due. */
bool news_are_due(const struct news *news);
/* Moves what there is to tell to *out, which is empty; the next message is due after a while. */
void news_cut(struct news *news, struct news *out);
/* Sends it and is empty. By a thread that works for no run afterwards. */
void news_send(struct news *news, const struct session *session, const struct notify_list *targets);
void news_finish(struct news *news);
