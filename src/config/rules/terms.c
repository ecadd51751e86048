/*
 * Each member is a row of one table. Two members are equal when they print the same text: the order
 * of platforms does not count, nor the file a key came from.
 */
#include "config/rules/terms.h"

#include <string.h>

struct member {
	const char *name; /* the name of its field */
	/* Appends what the member demands; nothing where it demands nothing. */
	void (*print)(const struct terms *terms, struct buf *out);
	/* Writes the member as fields; NULL: a rule has no field for it. */
	void (*write)(const struct terms *terms, struct writer *out);
};

/* --- printing ------------------------------------------------------------------------------ */

static void print_filter(const struct platform_filter *filter, struct buf *out)
{
	scoped(arena_free) struct arena *arena = NULL;
	if (!filter || platform_filter_empty(filter))
		return;
	arena = arena_new();
	const char *text = arena ? platform_filter_text(arena, filter) : NULL;
	out->failed |= !text;
	buf_add_string(out, text ? text : "");
}

static void print_platforms(const struct terms *terms, struct buf *out)
{
	print_filter(terms->platforms, out);
}

static void print_required(const struct terms *terms, struct buf *out)
{
	print_filter(terms->required, out);
}

static void print_on_change(const struct terms *terms, struct buf *out)
{
	buf_add_string(out, change_name(terms->on_change));
}

static void print_types(const struct companion_filter *filter, struct buf *out)
{
	if (!filter || companion_filter_empty(filter))
		return;
	buf_printf(out, "%d%d%d%d", filter->all, filter->signatures, filter->attestations,
		   filter->sboms);
	for (size_t i = 0; i < filter->type_count; i++) {
		buf_add_char(out, ' ');
		buf_add_str(out, filter->types[i]);
	}
}

static void print_referrers(const struct terms *terms, struct buf *out)
{
	print_types(terms->companions, out);
}

static void print_demanded(const struct terms *terms, struct buf *out)
{
	print_types(terms->demanded, out);
}

static void print_from(const struct terms *terms, struct buf *out)
{
	buf_add_string(out, terms->referrers_from ? terms->referrers_from : "");
}

static void print_signer(const struct terms *terms, struct buf *out)
{
	const struct signer *signer = terms->signer;
	for (size_t i = 0; signer && i < sizeof(signer->key.point); i++)
		buf_printf(out, "%02x", signer->key.point[i]);
	if (signer && signer_named(signer))
		buf_printf(out, " %s", signer_named(signer));
}

static void print_foreign(const struct terms *terms, struct buf *out)
{
	buf_add_string(out, foreign_name(terms->foreign));
}

static void print_min_age(const struct terms *terms, struct buf *out)
{
	if (terms->min_age)
		cooldown_print_age(terms->min_age, out);
}

static void print_picks(const struct picks *picks, struct buf *out)
{
	for (; picks; picks = picks->beside)
		for (size_t i = 0; i < picks->count; i++)
			buf_printf(out, "%s,", picks->items[i].text);
}

static void print_hold(const struct terms *terms, struct buf *out)
{
	print_picks(terms->hold, out);
}

static void print_release(const struct terms *terms, struct buf *out)
{
	print_picks(terms->release, out);
}

static void print_pinned_tag(const struct terms *terms, struct buf *out)
{
	buf_add_string(out, terms->pinned_tag ? terms->pinned_tag : "");
}

static void print_repository(const struct terms *terms, struct buf *out)
{
	const struct creation_settings *settings = terms->creation.repository;
	if (!settings)
		return;
	if (!settings->wanted)
		buf_add_string(out, "none");
	if (settings->scan)
		buf_add_string(out, "scan ");
	if (settings->immutable)
		buf_add_string(out, "immutable ");
	for (size_t i = 0; i < settings->tag_count; i++)
		buf_printf(out, "%zu %s=%s ", strlen(settings->tags[i].key), settings->tags[i].key,
			   settings->tags[i].value);
}

static void print_project(const struct terms *terms, struct buf *out)
{
	buf_add_string(out, terms->creation.project == CREATION_YES ? "yes" : "");
}

static void print_max_bytes(const struct terms *terms, struct buf *out)
{
	if (terms->max_bytes)
		buf_printf(out, "%lld", (long long)terms->max_bytes);
}

/* --- writing ------------------------------------------------------------------------------- */

static void write_patterns(const char *field, const struct platform_pattern *patterns, size_t count,
			   struct writer *out)
{
	scoped(buf_finish) struct buf text = {0};
	if (!count)
		return;
	writer_field(out, field);
	writer_open_list(out);
	for (size_t i = 0; i < count; i++) {
		buf_reset(&text);
		buf_add_str(&text, patterns[i].value);
		if (patterns[i].extra.len)
			buf_printf(&text, ":%.*s", STR_ARGS(patterns[i].extra));
		writer_built(out, &text);
	}
	writer_close_list(out);
}

static void write_named(const char *field, const struct platform_filter *filter, struct writer *out)
{
	scoped(buf_finish) struct buf text = {0};
	if (!filter || !filter->platform_count)
		return;
	writer_field(out, field);
	writer_open_list(out);
	for (size_t i = 0; i < filter->platform_count; i++) {
		const struct platform *platform = &filter->platforms[i];
		buf_reset(&text);
		buf_add_str(&text, platform->os);
		if (platform->architecture.len)
			buf_printf(&text, "/%.*s", STR_ARGS(platform->architecture));
		if (platform->variant.len)
			buf_printf(&text, "/%.*s", STR_ARGS(platform->variant));
		writer_built(out, &text);
	}
	writer_close_list(out);
}

static void write_platforms(const struct terms *terms, struct writer *out)
{
	const struct platform_filter *filter = terms->platforms;
	write_named("platforms", filter, out);
	if (!filter)
		return;
	write_patterns("os", filter->os, filter->os_count, out);
	write_patterns("arch", filter->arch, filter->arch_count, out);
}

static void write_no(const char *field, struct writer *out)
{
	writer_field(out, field);
	writer_bool(out, false);
}

static void write_required(const struct terms *terms, struct writer *out)
{
	if (terms->required)
		write_named("require-platforms", terms->required, out);
	else if (terms->required_said)
		write_no("require-platforms", out);
}

static void write_on_change(const struct terms *terms, struct writer *out)
{
	if (terms->on_change == CHANGE_UNSAID)
		return;
	writer_field(out, "on-change");
	writer_text(out, str_of(change_name(terms->on_change)));
}

static void write_types(const char *field, const struct companion_filter *filter,
			struct writer *out)
{
	struct companion_filter part;
	struct str word;
	if (!filter)
		return;
	if (companion_filter_empty(filter)) {
		write_no(field, out);
		return;
	}
	writer_field(out, field);
	writer_open_list(out);
	for (size_t i = 0; companion_filter_part(filter, i, &part, &word); i++)
		writer_text(out, word);
	writer_close_list(out);
}

static void write_referrers(const struct terms *terms, struct writer *out)
{
	write_types("referrers", terms->companions, out);
}

static void write_demanded(const struct terms *terms, struct writer *out)
{
	if (terms->demanded)
		write_types("require-referrers", terms->demanded, out);
	else if (terms->demanded_said)
		write_no("require-referrers", out);
}

static void write_from(const struct terms *terms, struct writer *out)
{
	if (terms->referrers_from) {
		writer_field(out, "referrers-from");
		writer_text(out, str_of(terms->referrers_from));
	} else if (terms->from_said) {
		write_no("referrers-from", out);
	}
}

static void write_signer(const struct terms *terms, struct writer *out)
{
	const struct signer *signer = terms->signer;
	if (!signer) {
		if (terms->signer_said)
			write_no("require-signed", out);
		return;
	}
	writer_field(out, "require-signed");
	if (!signer_named(signer)) {
		writer_text(out, str_of(signer->key.place));
		return;
	}
	writer_open_map(out);
	writer_field(out, "key");
	writer_text(out, str_of(signer->key.place));
	writer_field(out, "reference");
	writer_text(out, str_of(signer_named(signer)));
	writer_close_map(out);
}

static void write_foreign(const struct terms *terms, struct writer *out)
{
	if (terms->foreign == FOREIGN_UNSAID)
		return;
	writer_field(out, "foreign");
	writer_text(out, str_of(foreign_name(terms->foreign)));
}

static void write_min_age(const struct terms *terms, struct writer *out)
{
	scoped(buf_finish) struct buf text = {0};
	if (!terms->min_age && !terms->min_age_said)
		return;
	cooldown_print_age(terms->min_age, &text);
	writer_field(out, "min-age");
	writer_built(out, &text);
}

static void write_hold(const struct terms *terms, struct writer *out)
{
	cooldown_write_picks("hold", terms->hold, out);
}

static void write_release(const struct terms *terms, struct writer *out)
{
	cooldown_write_picks("release", terms->release, out);
}

static void write_switch(const char *field, bool on, struct writer *out)
{
	writer_field(out, field);
	writer_bool(out, on);
}

static void write_repository(const struct terms *terms, struct writer *out)
{
	const struct creation_settings *settings = terms->creation.repository;
	if (!settings)
		return;
	if (!settings->scan && !settings->immutable && !settings->tag_count) {
		write_switch("create-repository", settings->wanted, out);
		return;
	}
	writer_field(out, "create-repository");
	writer_open_map(out);
	if (settings->scan)
		write_switch("scan-on-push", true, out);
	if (settings->immutable)
		write_switch("immutable-tags", true, out);
	if (settings->tag_count) {
		writer_field(out, "tags");
		writer_open_map(out);
		for (size_t i = 0; i < settings->tag_count; i++) {
			writer_key(out, str_of(settings->tags[i].key));
			writer_text(out, str_of(settings->tags[i].value));
		}
		writer_close_map(out);
	}
	writer_close_map(out);
}

static void write_project(const struct terms *terms, struct writer *out)
{
	if (terms->creation.project != CREATION_UNSAID)
		write_switch("create-project", terms->creation.project == CREATION_YES, out);
}

static void write_max_bytes(const struct terms *terms, struct writer *out)
{
	scoped(buf_finish) struct buf text = {0};
	print_max_bytes(terms, &text);
	if (!text.len)
		return;
	writer_field(out, "max-bytes");
	writer_built(out, &text);
}

/* --- all members --------------------------------------------------------------------------- */

static const struct member members[] = {
	{"platforms", print_platforms, write_platforms},
	{"require-platforms", print_required, write_required},
	{"on-change", print_on_change, write_on_change},
	{"referrers", print_referrers, write_referrers},
	{"require-referrers", print_demanded, write_demanded},
	{"referrers-from", print_from, write_from},
	{"require-signed", print_signer, write_signer},
	{"foreign", print_foreign, write_foreign},
	{"create-repository", print_repository, write_repository},
	{"create-project", print_project, write_project},
	{"max-bytes", print_max_bytes, write_max_bytes},
	{"min-age", print_min_age, write_min_age},
	{"hold", print_hold, write_hold},
	{"release", print_release, write_release},
	{"tag beside the digest", print_pinned_tag, NULL},
};

void terms_complete(struct terms *own, const struct terms *general)
{
	if (!own->platforms)
		own->platforms = general->platforms;
	if (!own->required && !own->required_said)
		own->required = general->required;
	if (!own->companions)
		own->companions = general->companions;
	if (!own->demanded_said)
		own->demanded = general->demanded;
	if (!own->from_said)
		own->referrers_from = general->referrers_from;
	if (!own->signer_said)
		own->signer = general->signer;
	if (own->on_change == CHANGE_UNSAID)
		own->on_change = general->on_change;
	if (own->foreign == FOREIGN_UNSAID)
		own->foreign = general->foreign;
	if (!own->min_age_said)
		own->min_age = general->min_age;
	own->hold = cooldown_join(own->hold, general->hold);
	own->release = cooldown_join(own->release, general->release);
	if (!own->creation.repository)
		own->creation.repository = general->creation.repository;
	if (own->creation.project == CREATION_UNSAID)
		own->creation.project = general->creation.project;
	if (!own->max_bytes)
		own->max_bytes = general->max_bytes;
}

bool terms_compare(const struct terms *a, const struct terms *b, const char **difference)
{
	scoped(buf_finish) struct buf left = {0};
	scoped(buf_finish) struct buf right = {0};
	*difference = NULL;
	for (size_t i = 0; a != b && i < array_count(members); i++) {
		buf_reset(&left);
		buf_reset(&right);
		members[i].print(a, &left);
		members[i].print(b, &right);
		bool memory = buf_ok(&left) && buf_ok(&right);
		if (memory && str_equal(buf_str(&left), buf_str(&right)))
			continue;
		*difference = members[i].name;
		return memory;
	}
	return true;
}

const char *terms_difference(const struct terms *a, const struct terms *b)
{
	const char *difference;
	terms_compare(a, b, &difference);
	return difference;
}

static bool same_filter(const struct platform_filter *a, const struct platform_filter *b)
{
	const struct terms left = {.platforms = a}, right = {.platforms = b};
	return !terms_difference(&left, &right);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

struct terms terms_beside(const struct terms *own, const struct terms *general)
{
	struct terms rest = *own;
	if (same_filter(own->platforms, general->platforms))
		rest.platforms = NULL;
	if (companion_filter_equal(own->companions, general->companions))
		rest.companions = NULL;
	if (same_text(own->referrers_from, general->referrers_from))
		rest.referrers_from = NULL;
	rest.from_said = !own->referrers_from && general->referrers_from;
	rest.demanded_said = !own->demanded && general->demanded;
	rest.required_said = !own->required && general->required;
	rest.signer_said = !own->signer && general->signer;
	if (signer_equal(own->signer, general->signer))
		rest.signer = NULL;
	if (own->on_change == CHANGE_OVERWRITE && general->on_change <= CHANGE_OVERWRITE)
		rest.on_change = CHANGE_UNSAID;
	if (own->foreign == FOREIGN_SKIP && general->foreign <= FOREIGN_SKIP)
		rest.foreign = FOREIGN_UNSAID;
	rest.min_age_said = !own->min_age && general->min_age;
	if (own->creation.repository == general->creation.repository &&
	    (!own->creation.repository || own->creation.repository->wanted))
		rest.creation.repository = NULL;
	if (own->creation.project == general->creation.project ||
	    (own->creation.project == CREATION_NO && general->creation.project != CREATION_YES))
		rest.creation.project = CREATION_UNSAID;
	return rest;
}

void terms_write(const struct terms *terms, struct writer *out)
{
	for (size_t i = 0; i < array_count(members); i++)
		if (members[i].write)
			members[i].write(terms, out);
}

bool terms_written_alike(const struct terms *a, const struct terms *b)
{
	scoped(buf_finish) struct buf left = {0};
	scoped(buf_finish) struct buf right = {0};
	terms_write(a, &(struct writer){.out = &left});
	terms_write(b, &(struct writer){.out = &right});
	return buf_ok(&left) && buf_ok(&right) && str_equal(buf_str(&left), buf_str(&right));
}
