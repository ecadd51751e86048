/*
 * Lists of images as other programs print them: names separated by blanks and line ends, `#` begins
 * a comment. What every list of images means: a name without tag and digest is that of `latest`.
 */
#pragma once

#include "config/problem.h"
#include "oci/reference.h"

struct list_image {
	struct reference ref; /* with tag or digest */
	const char *place;    /* "images.txt:3:1" */
};

struct image_list {
	struct list_image *items;
	size_t count;
};

/* One image of a list, given by its name. False, with the problem at place: it is none. */
bool list_file_image(struct arena *arena, struct str text, const char *place,
		     struct list_image *out, struct problems *problems);
/*
 * The images of text, in its order. name is that of the list, in messages. All mistakes go to
 * problems, also a list without images.
 */
void list_file_read(struct arena *arena, const char *name, struct str text, struct image_list *out,
		    struct problems *problems);
