/*
 * Annotations: the errors and warnings that a runner shows beside a job and at lines of files.
 * Pure, except for resolving the path of a file.
 */
#pragma once

#include "base/buf.h"

/* A runner shows ten of each type; two are reserved for summary lines. */
enum { ANNOTATION_MAX = 8 };

/* Appends the command for text, which is made harmless here. type: "error" or "warning". */
void annotation_text(const char *type, struct str text, struct buf *out);
/*
 * The same for one line of struct problems, "file:line:column: text". If the file is below
 * workspace, which may be NULL, the annotation is attached to its line.
 */
void annotation_problem(const char *type, struct str line, const char *workspace, struct buf *out);
