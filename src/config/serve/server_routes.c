/*
 * An image source/NAMESPACE/x goes to destination/NAMESPACE/x. So all that a route may write lies
 * below one prefix, and the images of two routes may meet where the prefix of one is that of the
 * other or lies below it. Routes of one source and one destination never make two images meet.
 *
 * The fork takes a namespace with a comma in it for one that no image has, and a source with a path
 * as well. The former is meant as a list; the latter still matches nothing.
 */
#include "config/serve/server_routes.h"

#include "base/map.h"
#include "config/serve/server_value.h"

#include <string.h>

enum registry_field { REG, REGISTRY_FIELDS };
enum route_field { SOURCE, NAMESPACE, DESTINATION, ROUTE_FIELDS };

static const struct field registry_fields[REGISTRY_FIELDS] = {
	[REG] = {"reg", FIELDS_MIXED, "the routes, a list", true},
};

static const struct field route_fields[ROUTE_FIELDS] = {
	[SOURCE] = {"sourceName", FIELDS_TEXT, "the registry that the images come from", true},
	[NAMESPACE] = {"namespace", FIELDS_TEXTS, "the first part of their path, or *", true},
	[DESTINATION] = {"destinationName", FIELDS_TEXTS, "the registries they go to", true},
};

static const struct fields_table registry_table = {
	.fields = registry_fields, .count = REGISTRY_FIELDS, .unknown = fields_ignore};
static const struct fields_table route_table = {
	.fields = route_fields, .count = ROUTE_FIELDS, .unknown = fields_ignore};

/* The destinations of a route, as written and parsed. */
struct targets {
	struct target {
		const char *text;
		struct reference name;
	} *items;
	size_t count;
};

/* A route, and what it may write. */
struct draft {
	struct server_route route;
	struct str prefix;        /* "r.io/team/namespace" */
	const char *host, *path;  /* of the destination */
	const struct draft *next; /* another one with the same prefix */
	size_t number;
};

struct drafting {
	const struct fields_reading *fields;
	struct draft **items;
	size_t count, room;
	struct map known; /* all three of a route -> struct draft */
};

static void drafting_finish(struct drafting *drafting)
{
	map_finish(&drafting->known);
}

/* --- one route ------------------------------------------------------------------------------ */

static bool add_draft(struct drafting *drafting, struct draft *draft)
{
	struct arena *arena = drafting->fields->arena;
	if (drafting->count == drafting->room) {
		size_t room = 2 * drafting->room + 8;
		struct draft **items = arena_array(arena, room, sizeof(struct draft *));
		if (!items)
			return false;
		if (drafting->count)
			memcpy(items, drafting->items, drafting->count * sizeof(*items));
		drafting->items = items;
		drafting->room = room;
	}
	draft->number = drafting->count;
	drafting->items[drafting->count++] = draft;
	return true;
}

/* Adds the route unless it is there. False without memory. */
static bool add_route(struct drafting *drafting, const struct server_route *route,
		      const struct reference *to)
{
	struct arena *arena = drafting->fields->arena;
	const char *below = route->namespace ? route->namespace : "";
	const char *prefix = arena_printf(arena, "%s%s%s%s%s", to->host, *to->repository ? "/" : "",
					  to->repository, *below ? "/" : "", below);
	const char *key =
		arena_printf(arena, "%s %s %s/%s", route->source, below, to->host, to->repository);
	struct draft *draft = arena_new_of(arena, struct draft);
	if (!prefix || !key || !draft)
		return false;
	if (map_get(&drafting->known, str_of(key)))
		return true;
	*draft = (struct draft){.route = *route,
				.prefix = str_of(prefix),
				.host = to->host,
				.path = to->repository};
	return map_put(&drafting->known, str_of(key), draft) && add_draft(drafting, draft);
}

/*
 * Whether images may have that host and namespace. Without memory, which is reported, the answer is
 * yes, and *out is empty.
 */
static bool parse_image(const struct fields_reading *fields, struct str host, const char *namespace,
			struct reference *out)
{
	struct error err = {0};
	const char *path = arena_printf(fields->arena, "%s/x", namespace);
	const char *image =
		path ? arena_printf(fields->arena, "%.*s/%s", STR_ARGS(host), path) : NULL;
	if (!image)
		error_memory(&err);
	else if (reference_parse(fields->arena, str_of(image), out, &err))
		return strcmp(out->repository, path) == 0;
	if (err.kind != ERROR_MEMORY)
		return false;
	fields_memory(fields);
	*out = (struct reference){0};
	return true;
}

/* The host of the source; NULL with a warning: no image can come from there. */
static const char *read_source(const struct fields_reading *fields, const struct node *value)
{
	struct reference image;
	struct str text;
	if (!fields_filled(fields, &route_fields[SOURCE], value, &text))
		return NULL;
	text = str_trim(text);
	while (str_ends(text, "/"))
		text.len--;
	if (parse_image(fields, text, "x", &image))
		return image.host;
	problem_warn(
		fields->problems, fields_place(fields, value),
		"sourceName %.*s is not the host of a registry, so the route never matches: write "
		"the first part of the name alone, as in quay.io or reg.example.com:5000",
		STR_ARGS(str_head(text, 100)));
	return NULL;
}

/* Whether images may have that namespace; if not, there is a warning. */
static bool check_namespace(const struct fields_reading *fields, const struct placed *namespace)
{
	struct reference image;
	if (strcmp(namespace->text, "*") == 0)
		return true;
	if (!strchr(namespace->text, '/') &&
	    parse_image(fields, STR("r.io"), namespace->text, &image))
		return true;
	problem_warn(fields->problems, namespace->place,
		     "namespace %.100s is not a single part of an image's path, so the route never "
		     "matches: write the part behind the registry, as in coreos, or \"*\" for all",
		     namespace->text);
	return false;
}

/* Reads a name as it was written, without slashes at its end, and its parts. */
static bool read_destination(const struct fields_reading *fields, const struct placed *written,
			     struct target *out)
{
	struct error err = {0};
	struct str text = str_of(written->text);
	while (str_ends(text, "/"))
		text.len--;
	out->text = arena_copy(fields->arena, text.at, text.len);
	if (!out->text)
		error_memory(&err);
	else if (server_value_prefix(fields->arena, text, &out->name, &err))
		return true;
	if (err.kind == ERROR_MEMORY)
		fields_memory(fields);
	else
		problem_add(fields->problems, written->place, "destinationName %s", err.text);
	return false;
}

static void read_destinations(const struct fields_reading *fields, const struct placed *written,
			      size_t count, struct targets *out)
{
	out->items = arena_array(fields->arena, count, sizeof(*out->items));
	if (!out->items)
		fields_memory(fields);
	for (size_t i = 0; out->items && i < count; i++)
		out->count += read_destination(fields, &written[i], &out->items[out->count]);
}

/* Adds the routes of one namespace. */
static void add_routes(struct drafting *drafting, struct server_route route,
		       const struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		route.destination = targets->items[i].text;
		if (!add_route(drafting, &route, &targets->items[i].name))
			fields_memory(drafting->fields);
	}
}

/* The texts of a field that must be there. */
static const struct placed *required(const struct fields_reading *fields, const struct node *map,
				     const struct node *const *values, enum route_field number,
				     size_t *count)
{
	static const char *const examples[ROUTE_FIELDS] = {
		[NAMESPACE] = "coreos, or \"*\" for every namespace of the source",
		[DESTINATION] = "registry.example.com/team",
	};
	const struct field *field = &route_fields[number];
	const struct placed *list;
	size_t before = fields->problems->error_count;
	server_value_list(fields, field, values[number], &list, count);
	if (!*count && fields->problems->error_count == before)
		fields_complain(fields, values[number] ? values[number] : map,
				"%s is %s: write one, as in %s", field->name,
				values[number] ? "empty" : "missing", examples[number]);
	return list;
}

static void read_route(struct drafting *drafting, const struct node *map)
{
	const struct fields_reading *fields = drafting->fields;
	const struct node *values[ROUTE_FIELDS];
	const struct placed *namespaces, *destinations;
	size_t namespace_count, destination_count;
	struct targets targets = {0};
	struct server_route route = {.place = fields_place(fields, map)};
	if (map->kind != NODE_MAP) {
		fields_complain(fields, map,
				"expected a route, as in {sourceName: quay.io, namespace: coreos, "
				"destinationName: registry.example.com}, found %s",
				node_kind_name(map->kind));
		return;
	}
	fields_collect(fields, &route_table, map, values);
	if (values[SOURCE])
		route.source = read_source(fields, values[SOURCE]);
	else
		fields_complain(fields, map,
				"sourceName is missing: write a registry, as in quay.io");
	namespaces = required(fields, map, values, NAMESPACE, &namespace_count);
	destinations = required(fields, map, values, DESTINATION, &destination_count);
	read_destinations(fields, destinations, destination_count, &targets);
	for (size_t i = 0; i < namespace_count; i++) {
		bool all = strcmp(namespaces[i].text, "*") == 0;
		route.namespace = all ? NULL : namespaces[i].text;
		if (check_namespace(fields, &namespaces[i]) && route.source)
			add_routes(drafting, route, &targets);
	}
}

/* --- all of them ---------------------------------------------------------------------------- */

static const char *namespace_of(const struct draft *draft)
{
	return draft->route.namespace ? draft->route.namespace : "*";
}

/* The first of those with one prefix, up to limit, whose images may be others than draft's. */
static const struct draft *rival(const struct draft *draft, const struct draft *chain, size_t limit)
{
	for (; chain; chain = chain->next) {
		bool same = strcmp(chain->route.source, draft->route.source) == 0 &&
			    strcmp(chain->host, draft->host) == 0 &&
			    strcmp(chain->path, draft->path) == 0;
		if (!same && chain->number < limit)
			return chain;
	}
	return NULL;
}

/* A route that writes where draft does, or further up. */
static const struct draft *find_rival(const struct map *prefixes, const struct draft *draft)
{
	struct str prefix = draft->prefix;
	const struct draft *found = rival(draft, map_get(prefixes, prefix), draft->number);
	while (!found && prefix.len) {
		prefix.len--;
		if (prefix.at[prefix.len] == '/')
			found = rival(draft, map_get(prefixes, prefix), SIZE_MAX);
	}
	return found;
}

static void warn_meeting(const struct drafting *drafting)
{
	scoped(map_finish) struct map prefixes = {0};
	for (size_t i = drafting->count; i > 0; i--) {
		struct draft *draft = drafting->items[i - 1];
		draft->next = map_get(&prefixes, draft->prefix);
		if (!map_put(&prefixes, draft->prefix, draft)) {
			fields_memory(drafting->fields);
			return;
		}
	}
	for (size_t i = 0; i < drafting->count; i++) {
		const struct draft *draft = drafting->items[i];
		const struct draft *other = find_rival(&prefixes, draft);
		if (other)
			problem_warn(drafting->fields->problems, draft->route.place,
				     "images of %s/%s and of %s/%s (%s) may get one name below "
				     "%.*s: the later hook wins; give the routes different "
				     "destinations to keep both",
				     draft->route.source, namespace_of(draft), other->route.source,
				     namespace_of(other), other->route.place,
				     STR_ARGS(draft->prefix));
	}
}

void server_routes_read(const struct fields_reading *reading, const struct field *field,
			const struct node *value, struct server_config *out)
{
	scoped(drafting_finish) struct drafting drafting = {.fields = reading};
	const struct node *values[REGISTRY_FIELDS], *list;
	if (!server_value_fields(reading, field, value, &registry_table, values))
		return;
	list = values[REG];
	if (!list || list->kind == NODE_NULL)
		return;
	if (list->kind != NODE_LIST) {
		fields_complain(reading, list, "reg must be a list of routes, found %s",
				node_kind_name(list->kind));
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		read_route(&drafting, list->items[i]);
	out->routes = arena_array(reading->arena, drafting.count, sizeof(*out->routes));
	if (!out->routes) {
		fields_memory(reading);
		return;
	}
	for (size_t i = 0; i < drafting.count; i++)
		out->routes[out->route_count++] = drafting.items[i]->route;
	warn_meeting(&drafting);
}
