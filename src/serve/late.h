/*
 * Refusals of logins that are held back, so that a peer that guesses is slow. They wait without a
 * thread, and there are few of them: further ones are answered at once.
 */
#pragma once

#include "serve/listener.h"

#include <pthread.h>
#include <stdint.h>

enum { LATE_MAX = 64 };

struct late;

/* Zeroed but for the lock it is empty. */
struct late_list {
	pthread_mutex_t lock;
	struct late *first;
	size_t count;
	bool closed;
};

/*
 * Keeps the request, which gets this answer at that time of clock_ms(): all of the answer is
 * constant. False: it is not kept, and to be answered now.
 */
bool late_keep(struct late_list *list, struct listener_request *request,
	       const struct listener_answer *answer, int64_t due_ms);
/* Answers those whose time has come. Returns how long the next one has; INT64_MAX: none waits. */
int64_t late_answer(struct late_list *list, int64_t now_ms);
/* Answers all of them, and keeps no more. */
void late_close(struct late_list *list);
