/* The path below a namespace is kept (config/rules/naming.h), so the namespace is appended here. */
#include "config/serve/server_rules.h"

#include <string.h>

static bool make_rule(struct arena *arena, const struct server_route *route, struct rule *out)
{
	const char *slash = route->namespace ? "/" : "";
	const char *below = route->namespace ? route->namespace : "";
	*out = (struct rule){
		.source = arena_printf(arena, "%s%s%s/**", route->source, slash, below),
		.destination = arena_printf(arena, "%s%s%s", route->destination, slash, below),
		.source_place = route->place,
		.destination_place = route->place,
		.route = route};
	return out->source && out->destination;
}

bool server_rules_add(struct arena *arena, const struct server_config *server, struct rules *rules)
{
	size_t count = rules->count + server->route_count;
	struct rule *items = arena_array(arena, count, sizeof(*items));
	if (!items)
		return false;
	if (rules->count)
		memcpy(items, rules->items, rules->count * sizeof(*items));
	for (size_t i = 0; i < server->route_count; i++)
		if (!make_rule(arena, &server->routes[i], &items[rules->count + i]))
			return false;
	rules->items = items;
	rules->count = count;
	return true;
}
