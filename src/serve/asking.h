/*
 * A request under way: what the files that handle requests share. It is answered exactly once.
 */
#pragma once

#include "serve/hooks.h"
#include "serve/late.h"

#include <stdatomic.h>

/* Requests, and images that they name, by what became of them. */
enum asking_counter {
	ASKING_QUEUED,
	ASKING_IGNORED,
	ASKING_REFUSED,
	ASKING_SNAPSHOTS,
	ASKING_FULL,
	ASKING_DENIED,
	ASKING_UNSAVED,
	ASKING_OTHERS,
	ASKING_COUNTERS
};

struct hooks {
	struct hooks_options options;
	atomic_bool stopping;
	_Atomic uint64_t counters[ASKING_COUNTERS];
	struct late_list late;
	_Atomic int64_t refusal_logged_ms; /* clock_ms() of the last line about a wrong login */
	_Atomic uint64_t refusals;         /* that were not logged since */
};

/* Plain record; rules are those in force while the request is handled, not while it waits. */
struct asking {
	struct hooks *hooks;
	struct listener_request *request;
	const struct hooks_rules *rules;
	const char *method, *path;
};

extern const char asking_text[], asking_json[]; /* types of answers */

void asking_count(struct hooks *hooks, enum asking_counter counter, size_t number);
/* Memory that lasts until the request is answered. */
struct arena *asking_arena(const struct asking *asking);
/* The value of a header; NULL: absent. */
const char *asking_header(const struct asking *asking, const char *name);

/* Answers; body is copied. */
void asking_answer(const struct asking *asking, unsigned status, const char *type, struct str body);
/* Answers with a text and one more header. */
void asking_answer_with(const struct asking *asking, unsigned status, struct str body,
			const char *name, const char *value);
/* Answers {"error": why}. */
void asking_answer_error(const struct asking *asking, unsigned status, const char *why);
/* Answers 503: it may be sent again in ten seconds. */
void asking_answer_later(const struct asking *asking, const char *why);
/* Counts, logs and answers a request that is wrong, or for which there is no memory. */
void asking_refuse(const struct asking *asking, unsigned status, const struct error *err);
