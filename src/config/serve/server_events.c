/*
 * The kinds are those of serve/events/, which this layer may not include, so their names are here
 * once more. An unknown kind is a mistake: its events would be answered by 404.
 */
#include "config/serve/server_events.h"

#include "config/serve/server_value.h"

enum kind_field { SECRET, REGISTRY, KIND_FIELDS };

static const struct field kinds[] = {
	{"dockerhub", FIELDS_MAP, "webhooks of Docker Hub", true},
	{"harbor", FIELDS_MAP, "webhooks of Harbor", true},
	{"quay", FIELDS_MAP, "notifications of Quay", true},
	{"github", FIELDS_MAP, "webhooks of GitHub about packages", true},
	{"gitlab", FIELDS_MAP, "notifications of a GitLab registry", true},
	{"acr", FIELDS_MAP, "webhooks of Azure", true},
	{"aliyun", FIELDS_MAP, "triggers of Alibaba Cloud", true},
	{"distribution", FIELDS_MAP, "notifications of distribution, the registry", true},
	{"zot", FIELDS_MAP, "events of zot", true},
	{"nexus", FIELDS_MAP, "webhooks of Nexus", true},
};

static const struct field kind_fields[KIND_FIELDS] = {
	[SECRET] = {"secret", FIELDS_TEXT, "the secret that the registry presents", true},
	[REGISTRY] = {"registry", FIELDS_TEXT, "whose events these are", true},
};

static const struct fields_table kinds_table = {.fields = kinds, .count = array_count(kinds)};
static const struct fields_table kind_table = {
	.fields = kind_fields, .count = KIND_FIELDS, .unknown = fields_ignore};

/* "registry.example.com/prefix" as names have it; NULL: absent or wrong. */
static const char *read_registry(const struct fields_reading *reading, const struct node *value)
{
	struct reference name;
	struct error err = {0};
	const char *text = NULL, *registry = NULL;
	server_value_text(reading, &kind_fields[REGISTRY], value, &text);
	if (!text)
		return NULL;
	if (server_value_prefix(reading->arena, str_of(text), &name, &err)) {
		registry = arena_printf(reading->arena, "%s%s%s", name.host,
					*name.repository ? "/" : "", name.repository);
		if (!registry)
			fields_memory(reading);
	} else if (err.kind == ERROR_MEMORY) {
		fields_memory(reading);
	} else {
		fields_complain(reading, value, "registry %s", err.text);
	}
	return registry;
}

const struct node *server_events_read(const struct fields_reading *reading,
				      const struct field *field, const struct node *value,
				      const struct expand_lookup *lookup, struct server_config *out)
{
	const struct node *found[array_count(kinds)], *values[KIND_FIELDS], *literal = NULL;
	if (!server_value_fields(reading, field, value, &kinds_table, found))
		return NULL;
	out->events = arena_array(reading->arena, array_count(kinds), sizeof(*out->events));
	if (!out->events) {
		fields_memory(reading);
		return NULL;
	}
	for (size_t i = 0; i < array_count(kinds); i++) {
		struct fields_reading own = *reading;
		if (!found[i])
			continue;
		own.subject = kinds[i].name;
		struct server_events *events = &out->events[out->event_count++];
		*events = (struct server_events){.kind = kinds[i].name,
						 .place = fields_place(reading, found[i])};
		server_value_fields(&own, &kinds[i], found[i], &kind_table, values);
		if (server_value_secret(&own, &kind_fields[SECRET], values[SECRET], lookup,
					&events->secret))
			literal = values[SECRET];
		events->registry = read_registry(&own, values[REGISTRY]);
	}
	return literal;
}
