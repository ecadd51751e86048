/*
 * Everything that is wrong with the configuration, collected so that all of it is reported at once.
 *
 * Each problem is one line "file:line:column: text", made harmless for a terminal and with secrets
 * masked (log_clean). Warnings are kept apart; they do not stop the run. Zeroed memory is an empty
 * collection. One thread.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#include <stdio.h>

struct problems {
	struct buf errors;   /* one line each */
	struct buf warnings; /* one line each */
	size_t error_count;  /* counts an error even when there was no memory for its line */
};

void problem_finish(struct problems *problems);
/* Adds an error at place ("images.yaml:3:1", or NULL for the command line). */
void problem_add(struct problems *problems, const char *place, const char *format, ...)
	printf_like(3, 4);
void problem_warn(struct problems *problems, const char *place, const char *format, ...)
	printf_like(3, 4);
/* Adds the errors and the warnings of found to problems, all of them as warnings. */
void problem_demote(const struct problems *found, struct problems *problems);
/*
 * Appends the errors of found to *lines, a text in arena or NULL, for a later problem_add_lines().
 * False without memory, also when found lacks the text of an error.
 */
bool problem_keep(struct arena *arena, const struct problems *found, const char **lines);
/* Adds errors that problem_keep() has made into lines. */
void problem_add_lines(struct problems *problems, const char *lines);
/* Writes the errors to stream, and "out of memory" if the text of some is missing. */
void problem_print(const struct problems *problems, FILE *stream);
/* Logs the warnings, one line each. */
void problem_log(const struct problems *problems);
/* Logs the errors, one line each, for a process whose log is open. */
void problem_log_errors(const struct problems *problems);
