/*
 * What copies are called below the prefix of a destination, as the field `names` of a rule says:
 * keep, the path below the namespace; full, the host and the whole path; flatten, the same with `_`
 * for each `/` and `:`; or a text with {host}, {path}, {flat}, {namespace} and {name}, in which
 * {flat} is the path with `_` for each `/`. Tags have no part in it. Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

/* A repository that gets a copy. */
struct naming {
	const char *host;
	struct str path;  /* "coreos/etcd" */
	struct str below; /* what keep takes of it, "etcd" */
};

/*
 * True when names can tell repositories apart and make valid names. ERROR_CONFIG quotes it and says
 * what is wrong.
 */
bool naming_check(const char *names, struct error *err);
/* Appends the name of the copy. names has passed naming_check(); NULL is keep. */
void naming_add(const char *names, const struct naming *naming, struct buf *out);

/* The holes of a template, in words. */
#define NAMING_HOLES "{host}, {path}, {flat}, {namespace} and {name}"

/* The length of the hole that text begins with; 0: none. */
size_t naming_hole(struct str text);
/* Appends the template text with its holes filled. */
void naming_fill(const char *text, const struct naming *naming, struct buf *out);
