/*
 * Rules for namespaces are taken out of the others when they are parsed, and a rule with several
 * destinations is several rules. So the entries are put back in the order of their places.
 */
#include "plan/order.h"

#include "base/place.h"
#include "config/fields.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct place place;
	const char *where; /* the same as text */
	struct str text;
};

static int compare_places(const void *a, const void *b)
{
	return place_compare(&((const struct entry *)a)->place, &((const struct entry *)b)->place);
}

static void add(struct entry *entries, size_t *count, const char *where, struct str text)
{
	struct entry *entry = &entries[*count];
	*entry = (struct entry){.where = where, .text = text};
	*count += where && place_read(str_of(where), &entry->place);
}

static bool is_before(struct str a, struct str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;
	return order < 0 || (!order && a.len < b.len);
}

static void tell(struct entry *entries, size_t count, struct problems *problems)
{
	qsort(entries, count, sizeof(*entries), compare_places);
	for (size_t i = 1; i < count; i++) {
		const struct entry *above = &entries[i - 1], *entry = &entries[i];
		if (str_equal(above->place.file, entry->place.file) &&
		    is_before(entry->text, above->text))
			problem_warn(problems, entry->where,
				     "not sorted: %.*s comes before %.*s, which is above it",
				     STR_ARGS(entry->text), STR_ARGS(above->text));
	}
}

static void add_rule(struct entry *entries, size_t *count, const struct rule *rule)
{
	if (!rule->route)
		add(entries, count, rule->source_place, str_of(rule->source));
}

bool order_check(struct arena *arena, const struct order_entries *given, struct problems *problems)
{
	const struct config *config = given->config;
	const struct rules *rules = &config->rules;
	size_t count = 0, most = rules->count + given->namespace_count + config->auth_count;
	struct entry *entries = arena_array(arena, most + 1, sizeof(*entries));
	if (!entries)
		return false;
	for (size_t i = 0; i < rules->count; i++)
		add_rule(entries, &count, &rules->items[i]);
	for (size_t i = 0; i < given->namespace_count; i++)
		add_rule(entries, &count, given->namespaces[i].rule);
	tell(entries, count, problems);
	count = 0;
	for (size_t i = 0; i < config->auth_count; i++)
		if (!fields_private(config->credentials.items[i].key))
			add(entries, &count, config->credentials.items[i].place,
			    config->credentials.items[i].key);
	tell(entries, count, problems);
	return true;
}
