/*
 * Registries have no "write if": between question and push somebody else may move the tag,
 * and If-Match is ignored by the most common of them. What can be done is to ask
 * last thing before writing, which leaves one round trip instead of a whole copy.
 */
#include "copy/drift.h"

#include "registry/manifests.h"
#include "registry/tags.h"

#include <stdio.h>
#include <string.h>

/* Hexadecimal digits of the digest in a tag of CHANGE_RETAG. */
enum { SHORT_DIGEST = 12 };

static bool unreadable(const char *tag, struct error *err)
{
	return error_wrap(err,
			  "destination: nobody can tell whether the tag %s is there, and on-change "
			  "forbids to write it blindly: allow the login to pull",
			  tag);
}

bool drift_absent(const struct repository *target, const char *tag, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *const *tags = NULL;
	size_t count = 0;
	if (!arena)
		return error_memory(err);
	if (!tags_list(target, arena, &tags, &count, err))
		return err->kind == ERROR_MISSING || unreadable(tag, err);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(tags[i], tag) != 0)
			continue;
		error_set(err, ERROR_DENIED, "HTTP 403 for a tag that is in the list of tags");
		return unreadable(tag, err);
	}
	return true;
}

static bool ask(struct image *image, struct arena *arena, const char *tag, const char **held,
		struct error *err)
{
	struct manifest_status status;
	if (!manifests_head(&image->to, arena, tag, &status, err))
		return error_wrap(err, "destination");
	*held = status.found ? status.digest : NULL;
	return !status.denied || drift_absent(&image->to, tag, err);
}

static bool refuse(const struct task *task, const char *tag, const char *held, const char *wanted,
		   struct error *err)
{
	return error_set(err, ERROR_IMMUTABLE,
			 "the tag %s holds %s, but the source is %s now: nothing was written "
			 "(on-change: %s)",
			 tag, held, wanted, change_name(task->rule->terms.on_change));
}

/* TAG-0123456789ab, with so much of TAG as there is room for. */
static const char *new_tag(struct arena *arena, const char *tag, const char *digest)
{
	return arena_printf(arena, "%.*s-%.*s", REFERENCE_TAG_MAX - SHORT_DIGEST - 1, tag,
			    SHORT_DIGEST, strchr(digest, ':') + 1);
}

static bool retag(struct image *image, struct arena *arena, const struct task *task,
		  const char *wanted, struct drift *out, struct error *err)
{
	out->tag = new_tag(arena, task->destination.tag, wanted);
	if (!out->tag)
		return error_memory(err);
	if (!ask(image, arena, out->tag, &out->held, err))
		return false;
	if (out->held && strcmp(out->held, wanted) == 0)
		out->way = DRIFT_EQUAL;
	else if (out->held)
		return refuse(task, out->tag, out->held, wanted, err);
	return true;
}

bool drift_decide(struct image *image, struct arena *arena, const struct task *task,
		  const char *held, const char *wanted, struct drift *out, struct error *err)
{
	*out = (struct drift){.way = DRIFT_PUSH, .tag = task->destination.tag, .held = held};
	switch (task->rule->terms.on_change) {
	case CHANGE_FAIL:
		return refuse(task, out->tag, held, wanted, err);
	case CHANGE_SKIP:
		out->way = DRIFT_SKIP;
		return true;
	case CHANGE_RETAG:
		return retag(image, arena, task, wanted, out, err);
	case CHANGE_UNSAID:
	case CHANGE_OVERWRITE:
		break;
	}
	return true;
}

bool drift_check(struct image *image, const char *tag, const char *digest, bool *held,
		 struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *now = NULL;
	if (!arena)
		return error_memory(err);
	if (!ask(image, arena, tag, &now, err))
		return false;
	*held = now && strcmp(now, digest) == 0 && !image->copier->options.force;
	bool as_expected = !now || strcmp(now, digest) == 0 ||
			   (image->expected && strcmp(now, image->expected) == 0);
	if (as_expected)
		return true;
	snprintf(image->moved, sizeof(image->moved), "%s", now);
	return error_set(err, ERROR_IMMUTABLE,
			 "the tag %s came to hold %s while this image was copied", tag, now);
}
