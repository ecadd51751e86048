/*
 * A rule's own age takes the place of that of the options. Lists add up instead: whoever holds an
 * image back for a whole run means all rules, whatever lists they have.
 */
#include "config/rules/cooldown.h"

#include "config/duration.h"
#include "config/rules/terms.h"

enum { MIN_AGE, HOLD, RELEASE };

struct picks *cooldown_join(struct picks *own, struct picks *general)
{
	if (!own)
		return general;
	if (own != general)
		own->beside = general;
	return own;
}

void cooldown_write_picks(const char *field, const struct picks *picks, struct writer *out)
{
	if (!picks)
		return;
	writer_field(out, field);
	writer_open_list(out);
	for (; picks; picks = picks->beside)
		for (size_t i = 0; i < picks->count; i++)
			writer_text(out, str_of(picks->items[i].text));
	writer_close_list(out);
}

void cooldown_print_age(int64_t seconds, struct buf *out)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	for (size_t i = 0; i < array_count(units); i++) {
		if (seconds % units[i].seconds)
			continue;
		buf_printf(out, "%lld", (long long)(seconds / units[i].seconds));
		if (seconds)
			buf_add_char(out, units[i].unit);
		return;
	}
}

/* --- options -------------------------------------------------------------------------------- */

static struct picks *read_option(struct arena *arena, const struct option_list *list,
				 struct problems *problems)
{
	struct picks *picks = list->count ? arena_new_of(arena, struct picks) : NULL;
	struct placed *items = picks ? arena_array(arena, list->count, sizeof(*items)) : NULL;
	if (!list->count)
		return NULL;
	if (!items) {
		problem_add(problems, NULL, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < list->count; i++)
		items[i].text = list->items[i];
	*picks = (struct picks){.items = items, .count = list->count, .option = true};
	return picks;
}

void cooldown_options_read(struct arena *arena, const struct options *options, struct terms *out,
			   struct problems *problems)
{
	const char *age = options->min_age;
	if (age && !duration_read_age(age, &out->min_age))
		problem_add(problems, NULL, "--min-age %.100s: expected " DURATION_AGE_FORM, age);
	out->min_age_said = age != NULL;
	out->hold = read_option(arena, &options->hold, problems);
	out->release = read_option(arena, &options->release, problems);
}

/* --- fields --------------------------------------------------------------------------------- */

static void read_age(const struct fields_reading *reading, const struct field *field,
		     const struct node *node, int64_t *out)
{
	struct placed text;
	if (fields_placed(reading, field, node, &text) && !duration_read_age(text.text, out))
		fields_complain(reading, node, "min-age: %.100s: expected " DURATION_AGE_FORM,
				text.text);
}

static struct picks *read_list(const struct fields_reading *reading, const struct field *field,
			       const struct node *node)
{
	struct picks *picks = node ? arena_new_of(reading->arena, struct picks) : NULL;
	if (picks)
		fields_placed_list(reading, field, node, &picks->items, &picks->count);
	else if (node)
		fields_memory(reading);
	return picks;
}

void cooldown_fields_read(const struct fields_reading *reading, const struct field fields[3],
			  const struct node *const values[3], struct terms *out)
{
	if (values[MIN_AGE])
		read_age(reading, &fields[MIN_AGE], values[MIN_AGE], &out->min_age);
	out->min_age_said = values[MIN_AGE] != NULL;
	out->hold = read_list(reading, &fields[HOLD], values[HOLD]);
	out->release = read_list(reading, &fields[RELEASE], values[RELEASE]);
}
