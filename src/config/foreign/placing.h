/*
 * Where the images of a form go that names no destination: below --to, by the names that --names
 * asks for, as the images of --list do.
 */
#pragma once

#include "config/foreign/translation.h"
#include "oci/reference.h"

/* One image of a list. */
struct placing_image {
	const struct node *at;        /* where it is named */
	struct str text;              /* its name; without tag and digest that of latest */
	const struct node *platforms; /* NULL: all; a text or a list */
	struct str rename;            /* its name below the prefix; empty: it keeps its own */
};

/* Adds its rule. An image that is named again changes nothing, but for further platforms. */
void placing_add(struct translation *translation, const struct placing_image *image);
/*
 * The name of the copy of a repository, which has no tag. names is what the form does without
 * --names. NULL with a refusal at at, or without memory.
 */
struct node *placing_target(struct translation *translation, const struct node *at,
			    const struct reference *repository, const char *names);
