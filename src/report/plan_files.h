/* Writes a plan to its files at the end of the run that made it. */
#pragma once

#include "report/plan_sheet.h"

/* Where a plan is written. */
struct plan_files {
	const char *path;     /* for apply */
	const char *markdown; /* for people; NULL: nowhere */
	unsigned groups;      /* of images; 0: none */
	const struct survey *survey;
	const char *program; /* that writes it */
};

/*
 * Makes the sheet, in arena, and writes both files. False: one could not be written, or the run was
 * stopped before it had seen all images, and then neither is.
 */
bool plan_files_write(const struct plan_files *files, const struct tally *tally,
		      struct arena *arena, struct plan_sheet *sheet, struct error *err);
