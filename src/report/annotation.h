/*
 * Annotations: the errors and warnings that a runner shows beside a job and at lines of files. Pure, but for the look at where a file is.
 */
#pragma once

#include "base/buf.h"

/* A runner shows ten of each type; two are left for what sums up. */
enum { ANNOTATION_MAX = 8 };

/* Appends the command for text, which is made harmless here. type: "error" or "warning". */
void annotation_text(const char *type, struct str text, struct buf *out);
/*
 * The same for one line of struct problems, "file:line:column: text". If the file is below
 * workspace, which may be NULL, the annotation stands there.
 */
void annotation_problem(const char *type, struct str line, const char *workspace, struct buf *out);
