/*
 * Lists of images as other programs print them: names separated by blanks and line ends, `#` begins
 * a comment. What every list of images means: a name without tag and digest is that of `latest`.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "config/problem.h"
#include "config/rules/rule.h"

/*
 * One rule for each image of text, each image once, in the order of the list: to prefix with the
 * image's path behind it, under its own tag or digest. name is that of the list, in messages. All
 * mistakes go to problems, also a list without images.
 */
void list_file_read(struct arena *arena, const char *name, struct str text, const char *prefix,
		    struct rules *out, struct problems *problems);
