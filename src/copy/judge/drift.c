/*
 * Registries have no conditional push: the most common ones ignore If-Match, and another client may
 * move the tag between request and push. The most that can be done is to ask immediately before
 * writing, which leaves a gap of one round trip instead of the whole copy.
 */
#include "copy/judge/drift.h"

#include "copy/judge/pinned.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

/* The number of hexadecimal digits of the digest in a tag of CHANGE_RETAG. */
enum { SHORT_DIGEST = 12 };

bool drift_guards(const struct rule *rule)
{
	const struct planned *planned = rule->planned;
	return rule_terms(rule)->on_change != CHANGE_OVERWRITE ||
	       (planned && planned->moved != CHANGE_OVERWRITE);
}

static bool unreadable(const char *tag, struct error *err)
{
	return error_wrap(err,
			  "destination: cannot tell whether the tag %s exists, and on-change does "
			  "not allow overwriting it unseen: allow the login to pull",
			  tag);
}

bool drift_absent(const struct store *target, const char *tag, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tag_list tags;
	if (!arena)
		return error_memory(err);
	if (!store_tags(target, arena, 0, &tags, err))
		return err->kind == ERROR_MISSING || unreadable(tag, err);
	for (size_t i = 0; i < tags.count; i++) {
		if (strcmp(tags.items[i], tag) != 0)
			continue;
		error_set(err, ERROR_DENIED, "HTTP 403 for a tag that is in the list of tags");
		return unreadable(tag, err);
	}
	return true;
}

/* Asks what the tag holds; *held NULL: nothing. */
static bool ask(struct image *image, struct arena *arena, const char *tag, const char **held,
		struct error *err)
{
	struct manifest_status status = {0};
	struct manifest_bytes bytes;
	/* HEAD answered that the tag does not exist; only a GET confirms that. */
	bool fresh = image->target.fresh;
	bool ok = fresh ? store_look(image->to, arena, tag, &status.found, &bytes, err)
			: store_head(image->to, arena, tag, &status, err);
	if (!ok)
		return error_wrap(err, "destination");
	if (fresh) {
		status.digest = bytes.digest;
		status.denied = !status.found && bytes.denied;
	}
	*held = status.found ? status.digest : NULL;
	return !status.denied || drift_absent(image->to, tag, err);
}

static bool refuse(const struct image *image, struct error *err)
{
	return error_set(err, ERROR_IMMUTABLE,
			 "the tag %s holds %s, but the source is %s now: nothing was written "
			 "(on-change: %s)",
			 image->target.tag, image->target.held, image->wanted,
			 change_name(rule_terms(image->task->rule)->on_change));
}

/* TAG-0123456789ab, with TAG cut to fit. */
static const char *new_tag(struct arena *arena, const char *tag, const char *digest)
{
	return arena_printf(arena, "%.*s-%.*s", REFERENCE_TAG_MAX - SHORT_DIGEST - 1, tag,
			    SHORT_DIGEST, strchr(digest, ':') + 1);
}

static bool retag(struct image *image, struct error *err)
{
	struct image_target *target = &image->target;
	target->tag = new_tag(image->arena, image->task->destination.tag, image->wanted);
	if (!target->tag)
		return error_memory(err);
	if (!ask(image, image->arena, target->tag, &target->held, err))
		return false;
	bool same = target->held && strcmp(target->held, image->wanted) == 0;
	if (target->held && !same)
		return refuse(image, err);
	if (same)
		image->todo = IMAGE_KEEP;
	image->outcome->tag = target->tag;
	return true;
}

/* The tag holds another image: applies the task's policy. */
static bool decide(struct image *image, struct error *err)
{
	image->outcome->reason = "differs";
	image->outcome->before = arena_string(image->arena, image->target.held);
	if (!image->outcome->before)
		return error_memory(err);
	switch (rule_terms(image->task->rule)->on_change) {
	case CHANGE_FAIL:
		return refuse(image, err);
	case CHANGE_SKIP:
		image->todo = IMAGE_LEAVE;
		image->outcome->status = OUTCOME_SKIPPED;
		break;
	case CHANGE_RETAG:
		return retag(image, err);
	case CHANGE_UNSAID:
	case CHANGE_OVERWRITE:
		break;
	}
	return true;
}

static bool refuse_moved(const struct image *image, struct error *err)
{
	const char *held = image->target.held, *before = image->task->rule->planned->before;
	return error_set(err, ERROR_MOVED,
			 "the destination holds %s now, and held %s when the plan was made: "
			 "nothing was written; plan again, or apply with --on-change overwrite",
			 held ? held : "nothing", before ? before : "nothing");
}

/* The tag was written since the plan was made: applies the policy for that. */
static bool decide_moved(struct image *image, struct error *err)
{
	const char *held = image->target.held;
	image->outcome->reason = held ? "differs" : "missing";
	if (held && !(image->outcome->before = arena_string(image->arena, held)))
		return error_memory(err);
	switch (image->task->rule->planned->moved) {
	case CHANGE_UNSAID:
	case CHANGE_FAIL:
		return refuse_moved(image, err);
	case CHANGE_SKIP:
		image->todo = IMAGE_LEAVE;
		image->outcome->status = OUTCOME_SKIPPED;
		image->outcome->reason = "moved";
		break;
	case CHANGE_RETAG:
		return !held || retag(image, err);
	case CHANGE_OVERWRITE:
		break;
	}
	return true;
}

bool drift_decide(struct image *image, struct error *err)
{
	struct outcome *outcome = image->outcome;
	const char *held = image->target.held, *wanted = image->wanted;
	image->todo = IMAGE_PUSH;
	if (!wanted) {
		image->todo = IMAGE_LEAVE;
		outcome->status = OUTCOME_SKIPPED;
		outcome->reason = "no-platform";
		return true;
	}
	bool same = held && strcmp(held, wanted) == 0;
	if (!same && pinned_moved(image))
		return decide_moved(image, err);
	if (held && !same)
		return decide(image, err);
	if (held && !image->copier->options.force)
		image->todo = IMAGE_KEEP;
	outcome->reason = held ? "forced" : "missing";
	return true;
}

bool drift_noticed(struct image *image)
{
	struct image_target *target = &image->target;
	bool once = target->tag == image->task->destination.tag &&
		    strcmp(image->outcome->reason, "differs") != 0;
	if (!*target->moved || !once)
		return false;
	target->held = target->moved;
	return true;
}

bool drift_check(struct image *image, const char *tag, const char *digest, bool *held,
		 struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct image_target *target = &image->target;
	const char *now = NULL;
	if (!arena)
		return error_memory(err);
	if (!ask(image, arena, tag, &now, err))
		return false;
	*held = now && strcmp(now, digest) == 0 && !image->copier->options.force;
	bool as_expected = !now || strcmp(now, digest) == 0 ||
			   (target->held && strcmp(now, target->held) == 0);
	if (as_expected)
		return true;
	snprintf(target->moved, sizeof(target->moved), "%s", now);
	return error_set(err, image->task->rule->planned ? ERROR_MOVED : ERROR_IMMUTABLE,
			 "the tag %s was changed to %s while this image was copied", tag, now);
}
