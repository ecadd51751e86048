/*
 * A list is an images file, where a source can stand once. So everything that goes from one source
 * is gathered under it, in an array that is sorted by source. The same source under two different
 * platform filters cannot be one key; the second is written as "repo:v1,v1", which is another text
 * and the same image, on both sides.
 *
 * A "$" can stand only in a pattern of a destination; it is doubled, since reading expands.
 */
#include "report/image_lists.h"

#include "base/clock.h"
#include "doc/json_writer.h"
#include "doc/yaml_quote.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct str source, destination;
	const struct selection *selection;
	const struct platform_filter *platforms;   /* NULL unless the rule has its own */
	const struct platform_filter *required;    /* NULL: none */
	enum change_policy on_change;              /* CHANGE_UNSAID: the usual one */
	const struct companion_filter *companions; /* NULL unless the rule has its own */
	const struct public_key *signer;           /* the same */
	bool unsigned_too;       /* the rule does without the signature of the flags */
	const struct task *task; /* NULL: a rule */
	size_t order;
	unsigned spelling; /* 0, or how often the tag is repeated */
};

/* Where a list is written: one of two forms of the same document. */
struct sheet {
	struct buf *out;
	struct json_writer json;
	bool in_json;
	int depth; /* of YAML */
};

/* --- writing ------------------------------------------------------------------------------- */

static void name(struct sheet *sheet, struct str key)
{
	scoped(buf_finish) struct buf copy = {0};
	if (sheet->in_json) {
		buf_add_str(&copy, key);
		json_writer_name(&sheet->json, buf_string(&copy));
		sheet->out->failed |= !buf_ok(&copy);
		return;
	}
	buf_printf(sheet->out, "%*s", sheet->depth * 2, "");
	if (key.len > YAML_QUOTE_KEY_MAX)
		buf_add_string(sheet->out, "? ");
	yaml_quote(key, sheet->out);
	if (key.len > YAML_QUOTE_KEY_MAX)
		buf_printf(sheet->out, "\n%*s", sheet->depth * 2, "");
	buf_add_char(sheet->out, ':');
}

/* One of the names that a rule's mapping has. */
static void field(struct sheet *sheet, const char *word)
{
	if (sheet->in_json)
		json_writer_name(&sheet->json, word);
	else
		buf_printf(sheet->out, "%*s%s:", sheet->depth * 2, "", word);
}

/* A value: behind its name, or an item of a list. */
static void text(struct sheet *sheet, struct str value, bool item)
{
	scoped(buf_finish) struct buf copy = {0};
	if (sheet->in_json) {
		buf_add_str(&copy, value);
		json_writer_string(&sheet->json, buf_string(&copy));
		sheet->out->failed |= !buf_ok(&copy);
		return;
	}
	if (item)
		buf_printf(sheet->out, "%*s- ", sheet->depth * 2, "");
	else
		buf_add_char(sheet->out, ' ');
	yaml_quote(value, sheet->out);
	buf_add_char(sheet->out, '\n');
}

static void open_list(struct sheet *sheet, const char *list_name)
{
	if (list_name)
		field(sheet, list_name);
	if (sheet->in_json)
		json_writer_open_list(&sheet->json);
	else
		buf_add_char(sheet->out, '\n');
	sheet->depth++;
}

static void close_list(struct sheet *sheet)
{
	if (sheet->in_json)
		json_writer_close_list(&sheet->json);
	sheet->depth--;
}

static void open_map(struct sheet *sheet)
{
	if (sheet->in_json)
		json_writer_open_object(&sheet->json);
	else
		buf_add_char(sheet->out, '\n');
	sheet->depth++;
}

static void close_map(struct sheet *sheet)
{
	if (sheet->in_json)
		json_writer_close_object(&sheet->json);
	sheet->depth--;
}

static void number(struct sheet *sheet, const char *number_name, int64_t value)
{
	field(sheet, number_name);
	if (sheet->in_json)
		json_writer_int(&sheet->json, value);
	else
		buf_printf(sheet->out, " %lld\n", (long long)value);
}

static void strings(struct sheet *sheet, const char *list_name, const struct placed *items,
		    size_t count)
{
	if (!count)
		return;
	open_list(sheet, list_name);
	for (size_t i = 0; i < count; i++)
		text(sheet, str_of(items[i].text), true);
	close_list(sheet);
}

/* --- one source ---------------------------------------------------------------------------- */

static void add_selection(struct sheet *sheet, const struct selection *selection)
{
	char since[CLOCK_TEXT_SIZE];
	strings(sheet, "tags", selection->tags, selection->tag_count);
	strings(sheet, "exclude", selection->exclude, selection->exclude_count);
	if (selection->semver.text) {
		field(sheet, "semver");
		text(sheet, str_of(selection->semver.text), false);
	}
	if (selection->latest && selection->latest_by_date) {
		char newest[64];
		snprintf(newest, sizeof(newest), "%lld by date", (long long)selection->latest);
		field(sheet, "latest");
		text(sheet, str_of(newest), false);
	} else if (selection->latest) {
		number(sheet, "latest", selection->latest);
	}
	if (!selection->since)
		return;
	clock_rfc3339(selection->since, since);
	field(sheet, "since");
	text(sheet, str_of(since), false);
}

static void add_patterns(struct sheet *sheet, const char *word,
			 const struct platform_pattern *patterns, size_t count)
{
	scoped(buf_finish) struct buf joined = {0};
	if (!count)
		return;
	open_list(sheet, word);
	for (size_t i = 0; i < count; i++) {
		buf_reset(&joined);
		buf_add_str(&joined, patterns[i].value);
		if (patterns[i].extra.len)
			buf_printf(&joined, ":%.*s", STR_ARGS(patterns[i].extra));
		text(sheet, buf_str(&joined), true);
		sheet->out->failed |= !buf_ok(&joined);
	}
	close_list(sheet);
}

static void add_named(struct sheet *sheet, const char *word, const struct platform_filter *filter)
{
	scoped(buf_finish) struct buf joined = {0};
	if (filter->platform_count)
		open_list(sheet, word);
	for (size_t i = 0; i < filter->platform_count; i++) {
		const struct platform *platform = &filter->platforms[i];
		buf_reset(&joined);
		buf_add_str(&joined, platform->os);
		if (platform->architecture.len)
			buf_printf(&joined, "/%.*s", STR_ARGS(platform->architecture));
		if (platform->variant.len)
			buf_printf(&joined, "/%.*s", STR_ARGS(platform->variant));
		text(sheet, buf_str(&joined), true);
		sheet->out->failed |= !buf_ok(&joined);
	}
	if (filter->platform_count)
		close_list(sheet);
}

static void add_platforms(struct sheet *sheet, const struct platform_filter *filter)
{
	add_named(sheet, "platforms", filter);
	add_patterns(sheet, "os", filter->os, filter->os_count);
	add_patterns(sheet, "arch", filter->arch, filter->arch_count);
}

static void no(struct sheet *sheet, const char *word)
{
	field(sheet, word);
	if (sheet->in_json)
		json_writer_bool(&sheet->json, false);
	else
		buf_add_string(sheet->out, " false\n");
}

static void add_companions(struct sheet *sheet, const struct companion_filter *filter)
{
	if (companion_filter_empty(filter)) {
		no(sheet, "referrers");
		return;
	}
	open_list(sheet, "referrers");
	if (filter->all)
		text(sheet, STR("all"), true);
	if (filter->signatures)
		text(sheet, STR("signatures"), true);
	if (filter->attestations)
		text(sheet, STR("attestations"), true);
	if (filter->sboms)
		text(sheet, STR("sboms"), true);
	for (size_t i = 0; i < filter->type_count; i++)
		text(sheet, filter->types[i], true);
	close_list(sheet);
}

static void add_signer(struct sheet *sheet, const struct entry *entry)
{
	if (entry->unsigned_too) {
		no(sheet, "require-signed");
	} else if (entry->signer) {
		field(sheet, "require-signed");
		text(sheet, str_of(entry->signer->place), false);
	}
}

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

static void add_key(struct sheet *sheet, const struct entry *entry)
{
	const struct task *task = entry->task;
	scoped(buf_finish) struct buf key = {0};
	buf_add_str(&key, entry->source);
	repeat(entry, task ? &task->source : NULL, &key);
	name(sheet, buf_str(&key));
	sheet->out->failed |= !buf_ok(&key);
}

static void add_destination(struct sheet *sheet, const struct entry *entry)
{
	const struct task *task = entry->task;
	scoped(buf_finish) struct buf value = {0};
	struct str rest = entry->destination, part;
	for (bool more = false; str_cut(&rest, '$', &part); more = true) {
		buf_add_string(&value, more ? "$$" : "");
		buf_add_str(&value, part);
	}
	repeat(entry, task ? &task->destination : NULL, &value);
	text(sheet, buf_str(&value), true);
	sheet->out->failed |= !buf_ok(&value);
}

/* Writes the entries that share the first one's key; tells how many. */
static size_t add_source(struct sheet *sheet, const struct entry *entries, size_t count)
{
	const struct entry *first = entries;
	bool mapping = first->selection || first->platforms || first->required ||
		       first->on_change || first->companions || first->signer ||
		       first->unsigned_too;
	size_t used = 0;
	add_key(sheet, first);
	if (mapping)
		open_map(sheet);
	open_list(sheet, mapping ? "to" : NULL);
	for (; used < count && one_key(first, &entries[used]); used++)
		add_destination(sheet, &entries[used]);
	close_list(sheet);
	if (first->selection)
		add_selection(sheet, first->selection);
	if (first->platforms)
		add_platforms(sheet, first->platforms);
	if (first->required)
		add_named(sheet, "require-platforms", first->required);
	if (first->on_change) {
		field(sheet, "on-change");
		text(sheet, str_of(change_name(first->on_change)), false);
	}
	if (first->companions)
		add_companions(sheet, first->companions);
	add_signer(sheet, first);
	if (mapping)
		close_map(sheet);
	return used;
}

/* --- all of them --------------------------------------------------------------------------- */

static bool same_filter(const struct platform_filter *a, const struct platform_filter *b)
{
	scoped(arena_free) struct arena *arena = NULL;
	if (!a || !b || a == b)
		return a == b;
	arena = arena_new();
	const char *left = arena ? platform_filter_text(arena, a) : NULL;
	const char *right = arena ? platform_filter_text(arena, b) : NULL;
	return left && right && strcmp(left, right) == 0;
}

static bool same_fields(const struct entry *a, const struct entry *b)
{
	return a->selection == b->selection && a->on_change == b->on_change &&
	       a->unsigned_too == b->unsigned_too && !a->companions == !b->companions &&
	       companion_filter_equal(a->companions, b->companions) &&
	       public_key_equal(a->signer, b->signer) && same_filter(a->platforms, b->platforms) &&
	       same_filter(a->required, b->required);
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

/* The filter a rule has of its own; that of the flags is given with the flags again. */
static const struct platform_filter *own_platforms(const struct tally *tally,
						   const struct tally_image *image)
{
	const struct platform_filter *filter =
		image->task ? image->task->terms->platforms : image->rule->platforms;
	bool own = filter && filter != tally->general && !platform_filter_empty(filter);
	return own ? filter : NULL;
}

/*
 * Policies are written even if they came from the flags or from the kind of file: a second run that
 * takes the list must not overwrite what the first one was told to leave alone.
 */
static void fill_policies(struct entry *entry, const struct tally_image *image)
{
	const struct task *task = image->task;
	enum change_policy policy = task ? task->terms->on_change : image->rule->on_change;
	entry->on_change = policy == CHANGE_OVERWRITE ? CHANGE_UNSAID : policy;
	entry->required = task ? task->terms->required : image->rule->required;
}

/* What the rule itself says about signatures and the like. */
static void fill_companions(struct entry *entry, const struct tally *tally,
			    const struct tally_image *image)
{
	const struct companion_filter *companions =
		image->task ? image->task->terms->companions : image->rule->companions;
	const struct public_key *signer =
		image->task ? image->task->terms->signer : image->rule->signer;
	entry->companions = companions != tally->general_companions ? companions : NULL;
	entry->signer = signer != tally->general_signer ? signer : NULL;
	entry->unsigned_too = !signer && tally->general_signer;
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
	entry->platforms = own_platforms(tally, image);
	fill_policies(entry, image);
	fill_companions(entry, tally, image);
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
	struct sheet sheet = {.out = out, .json = {.out = out}, .in_json = json};
	scoped(arena_free) struct arena *arena = arena_new();
	struct entry *entries = NULL;
	size_t count = arena ? gather(tally, status, arena, &entries) : 0;
	if (!entries) {
		out->failed = true;
		return;
	}
	if (json)
		json_writer_open_object(&sheet.json);
	for (size_t at = 0; at < count;)
		at += add_source(&sheet, &entries[at], count - at);
	if (json)
		json_writer_close_object(&sheet.json);
	else if (!count)
		buf_add_string(out, "{}");
	if (json || !count)
		buf_add_char(out, '\n');
}
