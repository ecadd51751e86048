/*
 * The images that a request to the hook names: one in the query or in a form, or in JSON one or a
 * list of them, each with a name and a tag. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

/* As the request has them. */
struct hook_name {
	const char *name, *tag; /* NULL: missing or empty */
};

struct hook_names {
	struct hook_name *items;
	size_t count;
};

enum { HOOK_NAMES_MAX = 1000 };

/*
 * Reads a JSON document: {"name": ..., "tag": ...} or a list of these; names of fields in upper and
 * lower case, further ones do not count. ERROR_CONFIG says what is wrong with it.
 */
bool hook_names_json(struct arena *arena, struct str body, struct hook_names *out,
		     struct error *err);
/* Reads name=...&tag=..., as forms are sent: application/x-www-form-urlencoded. Errors as above. */
bool hook_names_form(struct arena *arena, struct str body, struct hook_names *out,
		     struct error *err);

enum hook_verdict {
	HOOK_GOOD,
	HOOK_NAMELESS, /* there is no name */
	HOOK_TAGLESS,  /* there is no tag */
	HOOK_SHORT,    /* the name has fewer than three parts, so that no route can mean it */
	HOOK_SNAPSHOT, /* the tag begins or ends with "snapshot" */
	HOOK_BAD,      /* it is no name of an image */
};

/* An image that may be asked for: the host lower-cased, and one name for each registry. */
struct hook_image {
	const char *host, *repository, *tag;
};

/*
 * Judges what one request names, and parses it into arena. short_too: a name of two parts is good
 * as well. *err says what is wrong with what is not good. False without memory only.
 */
bool hook_names_judge(struct arena *arena, const struct hook_name *name, bool short_too,
		      enum hook_verdict *verdict, struct hook_image *out, struct error *err);
