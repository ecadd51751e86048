/*
 * A server that is asked over HTTP, without its runs: a listener on loopback, the hooks behind it,
 * a queue with its record in a folder, and rules that mean some images.
 */
#pragma once

#include "config/serve/server_rules.h"
#include "serve/hooks.h"
#include "test_listener_client.h"
#include "test_queue_hooks.h"
#include "test_state_fixture.h"

#include "base/log.h"
#include "base/secret.h"

/* "ci:word-of-ours" and "ci:word-of-yours" */
#define HOOKS_LOGIN "Authorization: Basic Y2k6d29yZC1vZi1vdXJz\r\n"
#define HOOKS_WRONG "Authorization: Basic Y2k6d29yZC1vZi15b3Vycw==\r\n"

static struct server_route hooks_routes[] = {
	{"quay.io", "ns", "dst.test/x", "sync.yaml:7:5"},
	{"quay.io", "both", "dst.test", "sync.yaml:8:5"},
	{"quay.io", "both", "other.test", "sync.yaml:9:5"},
};

static const struct rule hooks_rules[] = {
	{.source = "quay.io/team/app", .destination = "a.test/app"},
	{.source = "quay.io/team/web:/^v1/", .destination = "a.test/web"},
	{.source = "harbor.test/library/**", .destination = "a.test/library"},
	{.source = "nginx", .destination = "a.test/nginx"},
};

static struct server_events hooks_events[] = {
	{"harbor", "harbor-secret", NULL, "sync.yaml:12:5"},
	{"dockerhub", "hub-secret", NULL, "sync.yaml:13:5"},
	{"nexus", NULL, "harbor.test", "sync.yaml:14:5"},
};

struct hooks_scene {
	struct arena *arena;
	struct server_config config;
	struct narrow *narrow;
	struct hooks_rules rules;
	atomic_uint held, runs; /* rules that are held now; wishes for a run */
	struct queue *queue;
	struct hooks *hooks;
	struct client_scene client;
	bool speechless; /* describe() has no memory */
	FILE *log;
};

/* --- behind the hooks ------------------------------------------------------------------------- */

static inline const struct hooks_rules *hooks_scene_hold(void *ctx)
{
	struct hooks_scene *scene = ctx;
	atomic_fetch_add(&scene->held, 1);
	return &scene->rules;
}

static inline void hooks_scene_release(void *ctx, const struct hooks_rules *rules)
{
	struct hooks_scene *scene = ctx;
	assert_ptr_equal(rules, &scene->rules);
	atomic_fetch_sub(&scene->held, 1);
}

static inline void hooks_scene_run(void *ctx)
{
	struct hooks_scene *scene = ctx;
	atomic_fetch_add(&scene->runs, 1);
}

static inline bool hooks_scene_describe(void *ctx, struct arena *arena, struct state *out)
{
	const struct hooks_scene *scene = ctx;
	(void)arena;
	*out = state_fresh();
	return !scene->speechless;
}

/* --- the scene -------------------------------------------------------------------------------- */

static inline void hooks_scene_plan(struct hooks_scene *scene)
{
	scoped(problem_finish) struct problems problems = {0};
	struct arena *arena = scene->arena;
	struct rules rules = {
		.items = arena_array(arena, array_count(hooks_rules), sizeof(*rules.items)),
		.count = array_count(hooks_rules)};
	struct narrow_rules parsed;
	struct plan_rule *plan;
	struct namespace_rule *namespaces;
	for (size_t i = 0; i < rules.count; i++) {
		rules.items[i] = hooks_rules[i];
		rules.items[i].source_place = rules.items[i].destination_place = "images.yaml:1:1";
	}
	assert_true(server_rules_add(arena, &scene->config, &rules));
	assert_true(
		namespace_parse(arena, &rules, &namespaces, &parsed.namespace_count, &problems));
	assert_true(plan_parse(arena, &rules, &plan, &parsed.rule_count, &problems));
	assert_string_equal(buf_string(&problems.errors), "");
	parsed.rules = plan;
	parsed.namespaces = namespaces;
	scene->narrow = narrow_new(arena, &parsed);
	assert_non_null(scene->narrow);
}

static inline void hooks_scene_login(struct hooks_scene *scene, bool anonymous)
{
	static const struct login_options login = {.user = "ci", .password = "word-of-ours"};
	static const struct login_options nobody = {.anonymous = true};
	scene->rules.login = login_new(anonymous ? &nobody : &login);
	assert_non_null(scene->rules.login);
}

/* All but the queue and the listener. */
static inline void hooks_scene_prepare(struct hooks_scene *scene, bool anonymous)
{
	*scene = (struct hooks_scene){.arena = arena_new(), .log = fopen("/dev/null", "w")};
	log_open(scene->log, LOG_DEBUG);
	scene->config = (struct server_config){.path = "sync.yaml",
					       .allow_get = true,
					       .routes = hooks_routes,
					       .route_count = array_count(hooks_routes),
					       .events = hooks_events,
					       .event_count = array_count(hooks_events)};
	hooks_scene_plan(scene);
	scene->rules = (struct hooks_rules){&scene->config, scene->narrow, NULL, scene};
	hooks_scene_login(scene, anonymous);
}

static inline const struct hooks_options *hooks_scene_options(struct hooks_scene *scene)
{
	struct hooks_options *options = arena_new_of(scene->arena, struct hooks_options);
	*options = (struct hooks_options){.queue = scene->queue,
					  .hold = hooks_scene_hold,
					  .release = hooks_scene_release,
					  .run_now = hooks_scene_run,
					  .describe = hooks_scene_describe,
					  .ctx = scene};
	return options;
}

static inline void hooks_scene_listen(struct hooks_scene *scene)
{
	struct listener_options options = client_usual;
	struct error err;
	scene->hooks = hooks_new(scene->arena, hooks_scene_options(scene));
	assert_non_null(scene->hooks);
	options.serve = hooks_serve;
	options.ctx = scene->hooks;
	signal(SIGPIPE, SIG_IGN);
	if (!listener_bind(&options, &scene->client.listener, &err) ||
	    !listener_start(scene->client.listener, &err))
		fail_msg("%s", err.text);
}

/* A server whose queue has room for that many; started: its thread writes. */
static inline void hooks_scene_open(struct hooks_scene *scene, size_t most)
{
	hooks_scene_prepare(scene, false);
	scene->queue = started_for(most);
	hooks_scene_listen(scene);
}

static inline void hooks_scene_close(struct hooks_scene *scene)
{
	hooks_stop(scene->hooks);
	listener_free(&scene->client.listener);
	queue_free(&scene->queue);
	assert_int_equal(atomic_load(&scene->held), 0);
	login_free((struct login_guard **)&scene->rules.login);
	narrow_free(&scene->narrow);
	arena_free(&scene->arena);
	log_open(stderr, LOG_INFO);
	fclose(scene->log);
	secret_forget();
	unlink(record);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Appends a request: "POST /path", lines of headers, each with its end, and a body. */
static inline void hooks_scene_request(const char *what, const char *headers, struct str body,
				       struct buf *out)
{
	buf_printf(out, "%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s", what, headers);
	if (body.len)
		buf_printf(out, "Content-Length: %zu\r\n", body.len);
	buf_add_string(out, "\r\n");
	buf_add_str(out, body);
}

static inline void hooks_scene_ask(const struct hooks_scene *scene, const char *what,
				   const char *headers, struct str body, struct buf *out)
{
	scoped(buf_finish) struct buf request = {0};
	int fd = client_connect(&scene->client);
	hooks_scene_request(what, headers, body, &request);
	client_send(fd, request.at, request.len);
	client_rest(fd, out);
	close(fd);
}

/* The status of an answer, and its body. */
static inline unsigned hooks_scene_status(const struct buf *answer)
{
	unsigned status = 0;
	sscanf(buf_string(answer), "HTTP/1.1 %u ", &status);
	return status;
}

static inline const char *hooks_scene_body(const struct buf *answer)
{
	const char *end = strstr(buf_string(answer), "\r\n\r\n");
	return end ? end + 4 : "";
}

/* What has been counted: "queued 1 ignored 2 ", without what is 0. */
static inline void hooks_scene_counted(const struct hooks_scene *scene, struct buf *out)
{
	struct state_counters counters = {.hooks_queued = 0};
	hooks_count(scene->hooks, &counters);
	const struct {
		const char *name;
		uint64_t number;
	} all[] = {
		{"queued", counters.hooks_queued},   {"ignored", counters.hooks_ignored},
		{"refused", counters.hooks_refused}, {"snapshots", counters.hooks_snapshots},
		{"full", counters.hooks_full},       {"denied", counters.hooks_denied},
		{"unsaved", counters.hooks_unsaved}, {"others", counters.hooks_others},
	};
	for (size_t i = 0; i < array_count(all); i++)
		if (all[i].number)
			buf_printf(out, "%s %llu ", all[i].name, (unsigned long long)all[i].number);
}
