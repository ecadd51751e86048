/*
 * The message repeats the place, since the log shows only the message of an annotation. The text is
 * cut before the runner's own limit of 4096 characters, which could cut an escape in two.
 */
#include "report/annotation.h"

#include "base/log.h"
#include "base/place.h"
#include "base/workflow.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 3000 };

void annotation_text(const char *type, struct str text, struct buf *out)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(text, MESSAGE_MAX, &clean);
	buf_printf(out, "::%s title=image-syncer::", type);
	workflow_data(buf_str(&clean), out);
	out->failed |= !buf_ok(&clean);
}

/* Appends the path of file relative to the workspace; false when it is elsewhere, or not a file. */
static bool add_relative(struct str file, const char *workspace, struct buf *out)
{
	char name[PATH_MAX], full[PATH_MAX], root[PATH_MAX];
	if (!workspace || file.len >= sizeof(name) || !realpath(workspace, root))
		return false;
	memcpy(name, file.at, file.len);
	name[file.len] = '\0';
	struct str rest = str_of(realpath(name, full));
	if (!rest.len || !str_starts(rest, root))
		return false;
	rest = str_from(rest, strlen(root));
	if (!str_starts(rest, "/"))
		return false;
	workflow_property(str_from(rest, 1), out);
	return true;
}

void annotation_problem(const char *type, struct str line, const char *workspace, struct buf *out)
{
	struct place place;
	struct str message;
	scoped(buf_finish) struct buf file = {0};
	if (!place_split(line, &place, &message) || !add_relative(place.file, workspace, &file)) {
		annotation_text(type, line, out);
		return;
	}
	scoped(buf_finish) struct buf clean = {0};
	log_clean(line, MESSAGE_MAX, &clean);
	buf_printf(out, "::%s file=%s,line=%" PRId64 ",col=%" PRId64 ",title=image-syncer::", type,
		   buf_string(&file), place.line, place.column);
	workflow_data(buf_str(&clean), out);
	out->failed |= !buf_ok(&clean) || !buf_ok(&file);
}
