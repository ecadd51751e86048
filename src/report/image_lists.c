/*
 * A list is an images file, which has each source once. So all destinations of one source are
 * collected under it, in an array sorted by source. Destinations with the same terms form a group;
 * a source with several groups has a list of mappings as its value, one for each. A "$" can occur
 * only in a destination's pattern; it is doubled, since reading expands variables.
 */
#include "report/image_lists.h"

#include <stdlib.h>
#include <string.h>

struct list_entry {
	struct str source, destination;
	const struct selection *selection;
	const struct gather *gather;
	struct terms terms; /* the terms that differ from the options */
	size_t order;
	unsigned group; /* number of the group with this source and these terms */
};

/* --- one source ---------------------------------------------------------------------------- */

static void add_destination(struct writer *out, const struct list_entry *entry)
{
	scoped(buf_finish) struct buf value = {0};
	struct str rest = entry->destination, part;
	for (bool more = false; str_cut(&rest, '$', &part); more = true) {
		buf_add_string(&value, more ? "$$" : "");
		buf_add_str(&value, part);
	}
	writer_built(out, &value);
}

/* Writes the entries of the first entry's group; returns their number. */
static size_t add_group(struct writer *out, const struct list_entry *entries, size_t count,
			bool mapping)
{
	const struct list_entry *first = entries;
	size_t used = 0;
	if (mapping) {
		writer_open_map(out);
		writer_field(out, "to");
	}
	writer_open_list(out);
	for (; used < count && entries[used].group == first->group; used++)
		add_destination(out, &entries[used]);
	writer_close_list(out);
	if (first->selection)
		selection_write(first->selection, out);
	if (first->gather)
		gather_write(first->gather, out);
	terms_write(&first->terms, out);
	if (mapping)
		writer_close_map(out);
	return used;
}

static bool needs_mapping(const struct list_entry *entry)
{
	static const struct terms nothing;
	return entry->selection || entry->gather || !terms_written_alike(&entry->terms, &nothing);
}

/* Writes the entries with the first entry's source; returns their number. */
static size_t add_source(struct writer *out, const struct list_entry *entries, size_t count)
{
	size_t same = 0;
	while (same < count && str_equal(entries[same].source, entries->source))
		same++;
	writer_key(out, entries->source);
	if (entries[same - 1].group == entries->group)
		return add_group(out, entries, same, needs_mapping(entries));
	writer_open_list(out);
	for (size_t at = 0; at < same;)
		at += add_group(out, &entries[at], same - at, true);
	writer_close_list(out);
	return same;
}

/* --- all of them --------------------------------------------------------------------------- */

static bool same_fields(const struct list_entry *a, const struct list_entry *b)
{
	return a->selection == b->selection && a->gather == b->gather &&
	       terms_written_alike(&a->terms, &b->terms);
}

static int compare_sources(const struct list_entry *a, const struct list_entry *b)
{
	size_t shorter = a->source.len < b->source.len ? a->source.len : b->source.len;
	int order = shorter ? memcmp(a->source.at, b->source.at, shorter) : 0;
	return order ? order : (a->source.len > b->source.len) - (a->source.len < b->source.len);
}

static int compare_entries(const void *a, const void *b)
{
	const struct list_entry *left = a, *right = b;
	int order = compare_sources(left, right);
	if (!order)
		order = (left->group > right->group) - (left->group < right->group);
	return order ? order : (left->order > right->order) - (left->order < right->order);
}

/* Numbers the groups of each source, in an array that is sorted by source. */
static void group(struct list_entry *entries, size_t count)
{
	for (size_t i = 1, first = 0; i < count; i++) {
		unsigned next = 0;
		size_t at = first;
		if (!str_equal(entries[i].source, entries[first].source)) {
			first = i;
			continue;
		}
		for (; at < i && !same_fields(&entries[at], &entries[i]); at++)
			if (next <= entries[at].group)
				next = entries[at].group + 1;
		entries[i].group = at < i ? entries[at].group : next;
	}
}

/* Fills in the image's names as written in a rule; false without memory. */
static bool fill(struct list_entry *entry, const struct tally *tally,
		 const struct tally_image *image, struct arena *arena)
{
	scoped(buf_finish) struct buf source = {0};
	scoped(buf_finish) struct buf destination = {0};
	tally_source(image, &source);
	tally_destination(image, &destination);
	entry->terms = terms_beside(rule_terms(image->task ? image->task->rule : image->rule),
				    &tally->general);
	entry->selection = image->task ? NULL : image->rule->selection;
	entry->gather = image->task ? NULL : image->rule->gather;
	entry->source = str_of(arena_copy(arena, buf_string(&source), source.len));
	entry->destination = str_of(arena_copy(arena, buf_string(&destination), destination.len));
	return buf_ok(&source) && buf_ok(&destination) && entry->source.at && entry->destination.at;
}

static size_t gather(const struct tally *tally, enum outcome_status status, struct arena *arena,
		     struct list_entry **out)
{
	struct list_entry *entries = arena_array(arena, tally->list.count + 1, sizeof(*entries));
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
	group(entries, count);
	qsort(entries, count, sizeof(*entries), compare_entries);
	*out = entries;
	return count;
}

void image_lists_write(const struct tally *tally, enum outcome_status status, bool json,
		       struct buf *out)
{
	struct writer writer = {.out = out, .json = json};
	scoped(arena_free) struct arena *arena = arena_new();
	struct list_entry *entries = NULL;
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
