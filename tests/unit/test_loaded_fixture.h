/* A run whose rules were loaded, without files: for what servers make of rules. */
#pragma once

#include "cmd/edition.h"
#include "config/serve/server_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct rule_schedule loaded_six = {.every = {"6h", "images.yaml:1:1"}};
static const struct rule_schedule loaded_night = {.cron = {"17 3 * * *", "images.yaml:1:1"}};

static const struct server_route loaded_route = {
	.source = "quay.io", .namespace = "team", .destination = "dst.test/x"};

/* Fills run, which has an arena, with copies of these rules, as load_run() does. */
static inline void loaded_fill(struct run *run, const struct rule *rules, size_t count)
{
	scoped(problem_finish) struct problems problems = {0};
	struct rule *items = arena_array(run->arena, count + 1, sizeof(*items));
	assert_non_null(items);
	for (size_t i = 0; i < count; i++) {
		items[i] = rules[i];
		items[i].source_place = arena_printf(run->arena, "images.yaml:%zu:1", i + 1);
		items[i].destination_place = items[i].source_place;
	}
	run->config.rules = (struct rules){.items = items, .count = count};
	assert_true(namespace_parse(run->arena, &run->config.rules, &run->namespaces,
				    &run->namespace_count, &problems));
	assert_true(plan_parse(run->arena, &run->config.rules, &run->rules, &run->rule_count,
			       &problems));
	assert_string_equal(buf_string(&problems.errors), "");
}

/* An edition with these rules, and without a login. */
static inline struct edition *loaded_edition(struct session *session, const struct rule *rules,
					     size_t count)
{
	static const struct server_config nobody = {.anonymous = true, .path = "sync.yaml"};
	struct options options;
	options_init(&options);
	options.server = &nobody;
	struct edition *edition = edition_new(session, &options);
	assert_non_null(edition);
	loaded_fill(&edition->loaded, rules, count);
	assert_true(edition_settle(edition));
	return edition;
}
