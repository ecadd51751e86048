/*
 * A few changes have a row each. Many have one for each repository, with their tags: the first run
 * of a mirror is readable as well. Full digests would make every table too wide, so they are in a
 * block of their own, as references that can be copied.
 */
#include "report/step_tables.h"

#include "report/format.h"
#include "report/markdown.h"
#include "report/step_rows.h"

enum {
	ROWS_MAX = 30,      /* changes that have a row each */
	TAGS_SEEN = 12,     /* in a cell of a table that is not folded */
	TAGS_MAX = 200,     /* in any other cell */
	DIGESTS_MAX = 2000, /* images whose digests can be copied */
	DIGEST_SHOWN = 12
};

static const char *const words[STEP_KINDS] = {
	[STEP_NEW] = "new",
	[STEP_UPDATED] = "updated",
	[STEP_REFERRERS] = "referrers added",
	[STEP_FORCED] = "pushed again",
	[STEP_NO_PLATFORM] = "no platform fits",
	[STEP_TOO_NEW] = "too new",
	[STEP_HELD] = "held back by its rule",
	[STEP_KEPT] = "the tag holds another image",
};

static void read_image(const struct step_image *image, struct tally_walk *walk)
{
	*walk = tally_list_from(image->record);
	tally_list_next(walk);
}

/* What the destination holds now, or would hold. */
static struct str shown_digest(const struct outcome *outcome)
{
	return str_of(outcome->after ? outcome->after : outcome->digest);
}

/* What a tag held until now; empty for none, or if it still holds it. */
static struct str digest_before(const struct step_image *image, const struct outcome *outcome)
{
	return str_of(image->kind == STEP_UPDATED ? outcome->before : NULL);
}

static struct reference destination(const struct step_image *image, const struct outcome *outcome)
{
	struct reference name = image->task->destination;
	name.tag = outcome->tag ? outcome->tag : name.tag;
	return name;
}

/* --- a row for each image ------------------------------------------------------------------ */

static void add_digest(struct str digest, struct buf *out)
{
	size_t colon = str_find(digest, ':');
	if (!digest.len)
		return;
	buf_add_string(out, "<code>");
	markdown_text(str_head(str_from(digest, colon < digest.len ? colon + 1 : 0), DIGEST_SHOWN),
		      0, out);
	buf_add_string(out, "</code>");
}

static void add_change(const struct step_image *image, struct step_rows *rows)
{
	scoped(buf_finish) struct buf row = {0};
	char size[FORMAT_SIZE];
	struct tally_walk walk;
	read_image(image, &walk);
	const struct outcome *outcome = &walk.image.outcome;
	struct reference to = destination(image, outcome);
	struct str before = digest_before(image, outcome);
	format_bytes(outcome->bytes, size);
	buf_printf(&row, "| %s | ", words[image->kind]);
	step_rows_name(&image->task->source, &row);
	buf_add_string(&row, " | ");
	step_rows_name(&to, &row);
	buf_add_string(&row, " | ");
	add_digest(before, &row);
	buf_add_string(&row, before.len ? "&nbsp;\u2192&nbsp;" : "");
	add_digest(shown_digest(outcome), &row);
	buf_printf(&row, " | %s |\n", outcome->bytes ? size : "");
	step_rows_add(rows, &row, 1);
}

static void add_changes(const struct step_images *images, struct step_rows *rows)
{
	buf_add_string(rows->out, "| | Source | Destination | Digest | Sent |\n"
				  "| :--- | :--- | :--- | :--- | ---: |\n");
	for (size_t i = 0; i < images->count && images->items[i].kind < STEP_CHANGES; i++)
		add_change(&images->items[i], rows);
}

/* --- a row for each repository ------------------------------------------------------------- */

static void add_tags(const struct step_image *items, size_t count, struct buf *out)
{
	size_t most = items->kind < STEP_CHANGES ? TAGS_SEEN : TAGS_MAX;
	size_t shown = count > most ? most : count;
	for (size_t i = 0; i < shown; i++) {
		struct str from = str_of(reference_target(&items[i].task->source));
		buf_add_string(out, i ? ", " : "");
		if (!str_equal(from, items[i].tag)) {
			markdown_text(from, 0, out);
			buf_add_string(out, " \u2192 ");
		}
		markdown_text(items[i].tag, 0, out);
	}
	if (count > shown)
		buf_printf(out, ", and %zu more", count - shown);
}

/* Appends the images from first to end, of which all have the same repositories. */
static void add_group(const struct step_images *images, size_t first, size_t end,
		      struct step_rows *rows)
{
	scoped(buf_finish) struct buf row = {0};
	const struct step_image *image = &images->items[first];
	struct reference from = {image->task->source.host, image->task->source.repository, NULL,
				 NULL};
	struct reference to = {image->task->destination.host, image->task->destination.repository,
			       NULL, NULL};
	buf_add_string(&row, "| ");
	if (image->kind < STEP_CHANGES)
		buf_printf(&row, "%zu&nbsp;", end - first);
	if (words[image->kind])
		buf_printf(&row, "%s | ", words[image->kind]);
	step_rows_name(&from, &row);
	buf_add_string(&row, " | ");
	step_rows_name(&to, &row);
	buf_add_string(&row, " | ");
	add_tags(image, end - first, &row);
	buf_add_string(&row, " |\n");
	step_rows_add(rows, &row, end - first);
}

/* Appends the images of all kinds from first up to, but without, end. */
static void add_groups(const struct step_images *images, enum step_kind first, enum step_kind end,
		       struct step_rows *rows)
{
	size_t next;
	buf_printf(rows->out, "%sSource | Destination | Tags |\n%s:--- | :--- | :--- |\n",
		   words[first] ? "| | " : "| ", words[first] ? "| :--- | " : "| ");
	for (size_t at = 0; at < images->count; at = next) {
		next = step_images_group(images, at);
		if (images->items[at].kind >= first && images->items[at].kind < end)
			add_group(images, at, next, rows);
	}
}

/* --- digests ------------------------------------------------------------------------------- */

static void print_pinned(const struct reference *name, const char *tag, struct str digest,
			 struct buf *out)
{
	const struct reference tagged = {name->host, name->repository, tag, NULL};
	reference_print(&tagged, out);
	buf_printf(out, "@%.*s", STR_ARGS(digest));
}

/* "ghcr.io/a/b:v1@sha256:...", and below it what the tag held before. */
static void add_pinned(const struct step_image *image, struct step_rows *rows)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf lines = {0};
	struct tally_walk walk;
	read_image(image, &walk);
	const struct outcome *outcome = &walk.image.outcome;
	struct reference to = destination(image, outcome);
	struct str before = digest_before(image, outcome);
	print_pinned(&to, to.tag, shown_digest(outcome), &text);
	markdown_text(buf_str(&text), 0, &lines);
	buf_add_char(&lines, '\n');
	if (before.len) {
		buf_reset(&text);
		buf_add_string(&text, "  # before: ");
		print_pinned(&to, NULL, before, &text);
		markdown_text(buf_str(&text), 0, &lines);
		buf_add_char(&lines, '\n');
	}
	lines.failed |= !buf_ok(&text);
	step_rows_add(rows, &lines, 1);
}

static bool has_digest(const struct step_image *image)
{
	struct tally_walk walk;
	read_image(image, &walk);
	return image->kind < STEP_CHANGES && walk.image.outcome.digest;
}

static void add_digests(const struct step_images *images, struct buf *out)
{
	struct step_rows rows = {.out = out};
	size_t count = 0;
	for (size_t i = 0; i < images->count; i++)
		count += has_digest(&images->items[i]);
	if (!count)
		return;
	buf_add_string(out, "<details><summary>Full digests, to copy</summary>\n\n<pre>\n");
	for (size_t i = 0, added = 0; i < images->count && added < DIGESTS_MAX; i++) {
		if (!has_digest(&images->items[i]))
			continue;
		add_pinned(&images->items[i], &rows);
		added++;
	}
	buf_add_string(out, "</pre>\n");
	rows.left += count > DIGESTS_MAX ? count - DIGESTS_MAX : 0;
	step_rows_end(&rows);
	buf_add_string(out, "</details>\n\n");
}

/* --- the parts ----------------------------------------------------------------------------- */

void step_tables_changes(const struct step_images *images, bool dry_run, struct buf *out)
{
	struct step_rows rows = {.out = out, .left = 0};
	size_t count = step_images_changes(images);
	if (!count)
		return;
	buf_printf(out, "#### %s\n\n", dry_run ? "Would be copied" : "Copied");
	if (count > ROWS_MAX)
		add_groups(images, STEP_NEW, STEP_CHANGES, &rows);
	else
		add_changes(images, &rows);
	rows.left += images->others;
	step_rows_end(&rows);
	add_digests(images, out);
}

void step_tables_skipped(const struct step_images *images, struct buf *out)
{
	struct step_rows rows = {.out = out};
	size_t count = 0;
	for (int kind = STEP_NO_PLATFORM; kind < STEP_IN_SYNC; kind++)
		count += images->of[kind];
	if (!count)
		return;
	buf_add_string(out, "#### Skipped\n\n");
	add_groups(images, STEP_NO_PLATFORM, STEP_IN_SYNC, &rows);
	step_rows_end(&rows);
}

void step_tables_in_sync(const struct step_images *images, struct buf *out)
{
	struct step_rows rows = {.out = out};
	size_t count = images->of[STEP_IN_SYNC];
	if (!count)
		return;
	buf_printf(out, "<details><summary>%zu image%s in sync</summary>\n\n", count,
		   count == 1 ? "" : "s");
	add_groups(images, STEP_IN_SYNC, STEP_KINDS, &rows);
	step_rows_end(&rows);
	buf_add_string(out, "</details>\n\n");
}
