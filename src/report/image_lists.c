/*
 * A list is an images file, where a source can stand once. So everything that goes from one source
 * is gathered under it, in an array that is sorted by source. The same source under two different
 * platform filters cannot be one key; the second is written as "repo:v1,v1", which is another text
 * and the same image, on both sides.
 *
 * A "$" can stand only in a pattern of a destination; it is doubled, since reading expands.
 */
#include "report/image_lists.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct str source, destination;
	const struct selection *selection;
	struct terms terms;      /* what the options do not say */
	const struct task *task; /* NULL: a rule */
	size_t order;
	unsigned spelling; /* 0, or how often the tag is repeated */
};

/* --- one source ---------------------------------------------------------------------------- */

static bool one_key(const struct entry *a, const struct entry *b)
{
	return a->spelling == b->spelling && str_equal(a->source, b->source);
}

/* Appends the tag or digest as often again as the spelling asks for. */
static void repeat(const struct entry *entry, const struct reference *ref, struct buf *out)
{
	for (unsigned i = 0; ref && i < entry->spelling; i++)
		buf_printf(out, ",%s", reference_target(ref));
}

static void add_key(struct writer *out, const struct entry *entry)
{
	const struct task *task = entry->task;
	scoped(buf_finish) struct buf key = {0};
	buf_add_str(&key, entry->source);
	repeat(entry, task ? &task->source : NULL, &key);
	writer_key(out, buf_str(&key));
	out->out->failed |= !buf_ok(&key);
}

static void add_destination(struct writer *out, const struct entry *entry)
{
	const struct task *task = entry->task;
	scoped(buf_finish) struct buf value = {0};
	struct str rest = entry->destination, part;
	for (bool more = false; str_cut(&rest, '$', &part); more = true) {
		buf_add_string(&value, more ? "$$" : "");
		buf_add_str(&value, part);
	}
	repeat(entry, task ? &task->destination : NULL, &value);
	writer_built(out, &value);
}

/* Writes the entries that share the first one's key; returns how many. */
static size_t add_source(struct writer *out, const struct entry *entries, size_t count)
{
	const struct entry *first = entries;
	bool mapping =
		first->selection || !terms_written_alike(&first->terms, &(const struct terms){0});
	size_t used = 0;
	add_key(out, first);
	if (mapping) {
		writer_open_map(out);
		writer_field(out, "to");
	}
	writer_open_list(out);
	for (; used < count && one_key(first, &entries[used]); used++)
		add_destination(out, &entries[used]);
	writer_close_list(out);
	if (first->selection)
		selection_write(first->selection, out);
	terms_write(&first->terms, out);
	if (mapping)
		writer_close_map(out);
	return used;
}

/* --- all of them --------------------------------------------------------------------------- */

static bool same_fields(const struct entry *a, const struct entry *b)
{
	return a->selection == b->selection && terms_written_alike(&a->terms, &b->terms);
}

static int compare_sources(const struct entry *a, const struct entry *b)
{
	size_t shorter = a->source.len < b->source.len ? a->source.len : b->source.len;
	int order = shorter ? memcmp(a->source.at, b->source.at, shorter) : 0;
	return order ? order : (a->source.len > b->source.len) - (a->source.len < b->source.len);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int order = compare_sources(left, right);
	if (!order)
		order = (left->spelling > right->spelling) - (left->spelling < right->spelling);
	return order ? order : (left->order > right->order) - (left->order < right->order);
}

/* In a sorted array: gives each entry a spelling that others of its source share, or none does. */
static void spell(struct entry *entries, size_t count)
{
	for (size_t i = 1, first = 0; i < count; i++) {
		unsigned highest = 0;
		size_t at = first;
		if (!str_equal(entries[i].source, entries[first].source)) {
			first = i;
			continue;
		}
		for (; at < i && !same_fields(&entries[at], &entries[i]); at++)
			if (highest < entries[at].spelling)
				highest = entries[at].spelling;
		entries[i].spelling = at < i ? entries[at].spelling : highest + 1;
	}
}

/* The image's names as they stand in a rule; false without memory. */
static bool fill(struct entry *entry, const struct tally *tally, const struct tally_image *image,
		 struct arena *arena)
{
	scoped(buf_finish) struct buf source = {0};
	scoped(buf_finish) struct buf destination = {0};
	tally_source(image, &source);
	tally_destination(image, &destination);
	entry->task = image->task;
	entry->terms = terms_beside(image->task ? &image->task->rule->terms : &image->rule->terms,
				    &tally->general);
	entry->selection = image->task ? NULL : image->rule->selection;
	entry->source = str_of(arena_copy(arena, buf_string(&source), source.len));
	entry->destination = str_of(arena_copy(arena, buf_string(&destination), destination.len));
	return buf_ok(&source) && buf_ok(&destination) && entry->source.at && entry->destination.at;
}

static size_t gather(const struct tally *tally, enum outcome_status status, struct arena *arena,
		     struct entry **out)
{
	struct entry *entries = arena_array(arena, tally->list.count + 1, sizeof(*entries));
	struct tally_walk walk = tally_list_walk(&tally->list);
	size_t count = 0;
	*out = NULL;
	if (!entries)
		return 0;
	while (tally_list_next(&walk)) {
		if (walk.image.outcome.status != status)
			continue;
		if (!fill(&entries[count], tally, &walk.image, arena))
			return 0;
		entries[count].order = count;
		count++;
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	spell(entries, count);
	qsort(entries, count, sizeof(*entries), compare_entries);
	*out = entries;
	return count;
}

void image_lists_write(const struct tally *tally, enum outcome_status status, bool json,
		       struct buf *out)
{
	struct writer writer = {.out = out, .json = json};
	scoped(arena_free) struct arena *arena = arena_new();
	struct entry *entries = NULL;
	size_t count = arena ? gather(tally, status, arena, &entries) : 0;
	if (!entries) {
		out->failed = true;
		return;
	}
	writer_begin(&writer);
	for (size_t at = 0; at < count;)
		at += add_source(&writer, &entries[at], count - at);
	writer_end(&writer, count > 0);
}
