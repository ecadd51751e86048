/* What one request wants to be queued. */
#pragma once

#include "serve/asking.h"
#include "serve/hook_names.h"

/* Lives in the arena of its request. */
struct wish {
	struct asking asking; /* once it waits for the disk, without its rules */
	bool old;             /* a GET, as the fork has it */
	struct queue_item *items;
	size_t count, room;
	size_t images;  /* that some rule means */
	size_t ignored; /* that none means */
	size_t others;  /* events about something else */
};

/* Adds an image for each destination under which a rule means it. False: *err is why. */
bool wish_add(struct wish *wish, const struct hook_image *image, struct error *err);
/*
 * Queues what is wished, and answers once it is on disk. False: nothing is wished, and it is not
 * answered. After true the wish may be gone.
 */
bool wish_queue(struct wish *wish);
/* Answers with the numbers of images. */
void wish_answer(const struct wish *wish, unsigned status);
