/*
 * Batches of a list of images, as imgsync makes them for jobs that share the work: SIZE images each
 * but for the last one, which keeps the remainder. Batch NUMBER, from 1, of
 *
 *	105 images by 10: 1 is 0 to 9, 9 is 80 to 89, 10 is 90 to 104; 11 is empty
 *	 19 images by 10: 1 is 0 to 18; 2 is empty
 *
 * The list is sorted before it is cut, by the whole name of the source, bytewise, so that each job
 * cuts the same list. Pure.
 */
#pragma once

#include "plan/task.h"

#include <stddef.h>

struct batch {
	int size;   /* images; 0: no batches */
	int number; /* from 1 */
};

/* The part of a list that a batch is. */
struct batch_part {
	size_t from, to; /* to is behind the last one */
	size_t batches;  /* how many there are, at least 1 */
};

/* The part of a list of total images. A number beyond the last batch is an empty part. */
struct batch_part batch_part(size_t total, const struct batch *batch);
/*
 * Sorts the tasks and keeps those of the batch; *count becomes their number. *batches is how many
 * there are. False without memory.
 */
bool batch_select(const struct task **tasks, size_t *count, const struct batch *batch,
		  size_t *batches);
