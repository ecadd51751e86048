/*
 * On a terminal a line that does not fit goes on in the next row, so that neither a name nor a
 * digest is cut.
 */
#include "report/changes.h"

#include "base/log.h"
#include "report/frame.h"

#include <string.h>

enum { SHORT_DIGEST = 12 };

static bool is_change(const struct outcome *outcome)
{
	return outcome->status == OUTCOME_COPIED || outcome->status == OUTCOME_WOULD_COPY;
}

/* Adds a digest; on a terminal only the first digits. */
static void add_digest(const struct changes_view *view, const char *digest, struct buf *out)
{
	struct str text = str_of(digest ? digest : "");
	const char *colon = view->columns ? memchr(text.at, ':', text.len) : NULL;
	if (colon)
		text = str_from(text, (size_t)(colon + 1 - text.at));
	log_clean(colon ? str_head(text, SHORT_DIGEST) : text, 0, out);
}

static bool is(const struct outcome *outcome, const char *reason)
{
	return outcome->reason && strcmp(outcome->reason, reason) == 0;
}

/* "new 3f4a1b2c9d0e", "3f4a1b2c9d0e -> 9d0e3f4a1b2c", "2 referrers added" */
static void add_change(const struct changes_view *view, const struct outcome *outcome,
		       struct buf *out)
{
	const char *digest = outcome->after ? outcome->after : outcome->digest;
	if (is(outcome, "companions")) {
		buf_printf(out, "%zu referrer%s added", outcome->companions,
			   outcome->companions == 1 ? "" : "s");
		return;
	}
	if (outcome->tag) {
		buf_add_string(out, "new tag ");
		log_clean(str_of(outcome->tag), 0, out);
		buf_add_string(out, " ");
	} else if (is(outcome, "missing")) {
		buf_add_string(out, "new ");
	} else if (is(outcome, "forced")) {
		buf_add_string(out, "pushed again ");
	} else if (outcome->before) {
		add_digest(view, outcome->before, out);
		buf_add_string(out, " -> ");
	}
	add_digest(view, digest, out);
}

static void add_line(const struct changes_view *view, const struct tally_image *image,
		     struct buf *out)
{
	scoped(buf_finish) struct buf name = {0}, line = {0}, change = {0};
	tally_destination(image, &name);
	buf_add_string(&line, "  + ");
	log_clean(buf_ok(&name) ? buf_str(&name) : STR("(out of memory)"), 0, &line);
	add_change(view, &image->outcome, &change);
	unsigned width = frame_width(buf_str(&line)) + 2 + frame_width(buf_str(&change));
	buf_add_str(out, buf_str(&line));
	buf_add_string(out, view->columns && width > view->columns ? "\n      " : "  ");
	buf_add_str(out, buf_str(&change));
	buf_add_char(out, '\n');
	out->failed |= !buf_ok(&line) || !buf_ok(&change);
}

static void add_rest(const struct changes_view *view, size_t count, struct buf *out)
{
	buf_printf(out, "  and %zu more", count);
	if (view->report) {
		buf_add_string(out, ", which are in ");
		log_clean(str_of(view->report), 0, out);
		buf_add_char(out, '\n');
	} else {
		buf_add_string(out, " (--report FILE lists all)\n");
	}
}

void changes_write(const struct tally *tally, const struct changes_view *view, struct buf *out)
{
	size_t count = 0;
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		if (!is_change(&walk.image.outcome))
			continue;
		if (!count)
			buf_add_string(out, tally->dry_run ? "images that would change:\n"
							   : "changed images:\n");
		if (count++ < CHANGES_LISTED)
			add_line(view, &walk.image, out);
	}
	if (count > CHANGES_LISTED)
		add_rest(view, count - CHANGES_LISTED, out);
}
