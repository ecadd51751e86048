/*
 * The file of a server, which is YAML. What was understood is within its limits, and its routes are
 * rules. What is told about mistakes is harmless for a terminal.
 */
#include "rules.h"

#include "base/secret.h"
#include "config/serve/server_file.h"
#include "config/serve/server_rules.h"
#include "doc/yaml.h"
#include "plan/namespace.h"

static void check_told(const struct buf *lines)
{
	struct str rest = buf_str(lines);
	while (rest.len)
		require(input_printable(input_part(&rest, '\n')));
}

static void check_config(const struct server_config *config, bool good)
{
	const struct server_limits *limits = &config->limits;
	require(limits->header_bytes && limits->body_bytes && limits->seconds);
	require(limits->connections && limits->entries);
	require(config->interval >= 0 && config->grace >= 0);
	/* Who may ask is said, or nobody may. */
	if (good && config->listen)
		require(config->anonymous || config->password || config->token);
	for (size_t i = 0; i < config->event_count; i++)
		require(config->events[i].kind && config->events[i].place);
	for (size_t i = 0; i < config->route_count; i++) {
		const struct server_route *route = &config->routes[i];
		require(*route->source && *route->destination && route->place);
		require(!route->namespace || *route->namespace);
		require(route->destination[strlen(route->destination) - 1] != '/');
	}
}

static void plan(struct arena *arena, const struct server_config *config, struct problems *problems)
{
	struct rules rules = {0};
	struct namespace_rule *namespaces;
	size_t count;
	require(server_rules_add(arena, config, &rules));
	require(rules.count == config->route_count);
	require(namespace_parse(arena, &rules, &namespaces, &count, problems));
	for (size_t i = 0; i < count; i++)
		require(namespaces[i].rule->route);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct document document = {.name = "fuzz.yaml"};
	struct server_config config;
	struct options presets;
	struct error err = {0};
	require(arena);
	if (!yaml_read(arena, input_text(data, size), &document.root, &err)) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		return 0;
	}
	options_init(&presets);
	server_file_recognise(&document);
	server_file_read(arena, &document, &some_variables, &config, &presets, &problems);
	check_config(&config, !problems.error_count);
	plan(arena, &config, &problems);
	check_told(&problems.errors);
	check_told(&problems.warnings);
	secret_forget();
	return 0;
}
