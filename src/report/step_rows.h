/* Tables in the summary of a job: rows as long as there is room, then a count of the others. */
#pragma once

#include "plan/task.h"

/* A runner drops a summary of more than 1 MiB as a whole. */
enum { STEP_SUMMARY_MAX = 900 * 1024 };

struct step_rows {
	struct buf *out;
	size_t left;      /* images without a row */
	const char *noun; /* "tag", when rows are of these; NULL: "image" */
};

/* Appends a row that stands for so many images, or counts them. */
void step_rows_add(struct step_rows *rows, const struct buf *row, size_t images);
/* True when there is no room for another table with a long title. */
bool step_rows_full(const struct buf *out);
/* Appends how many images have no row, and the line that ends a table. */
void step_rows_end(const struct step_rows *rows);
/* Appends the name of an image or repository, linked to its page if one is known. */
void step_rows_name(const struct reference *name, struct buf *out);
