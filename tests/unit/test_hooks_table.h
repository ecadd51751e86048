/* Requests to the hooks of a server as rows of a table, and what each of them leads to. */
#pragma once

#include "test_hooks_fixture.h"

#define JSON HOOKS_LOGIN "Content-Type: application/json\r\n"
#define FORM HOOKS_LOGIN "Content-Type: application/x-www-form-urlencoded\r\n"
#define ERROR(text) "{\"error\":\"" text "\"}\n"
#define TO_HOOK "POST /images/sync/hook"
#define OLD "GET /images/sync/hook"
/* What an image that most rows name becomes in the queue. */
#define IMG "quay.io/ns/img:1&dst.test/x pending 0\n"

/* A request, and what it leads to. */
struct hooks_row {
	const char *what, *headers, *body;
	unsigned status;
	const char *answer;  /* its body; NULL: any */
	const char *header;  /* that is among its headers; NULL: any */
	const char *queue;   /* all that is queued then; NULL: nothing */
	const char *counted; /* NULL: nothing */
};

static inline void hooks_row_check(const struct hooks_row *row, const struct hooks_scene *scene)
{
	scoped(buf_finish) struct buf answer = {0};
	scoped(buf_finish) struct buf queued = {0};
	scoped(buf_finish) struct buf counted = {0};
	hooks_scene_ask(scene, row->what, row->headers, str_of(row->body), &answer);
	describe(scene->queue, 1000, &queued);
	hooks_scene_counted(scene, &counted);
	if (hooks_scene_status(&answer) != row->status ||
	    (row->answer && strcmp(hooks_scene_body(&answer), row->answer) != 0) ||
	    (row->header && !strstr(buf_string(&answer), row->header)) ||
	    strcmp(buf_string(&queued), row->queue ? row->queue : "") != 0 ||
	    strcmp(buf_string(&counted), row->counted ? row->counted : "") != 0)
		fail_msg("%s\n%s%s:\n%s\nqueue: %s\ncounted: %s", row->what, row->headers,
			 row->body ? row->body : "", buf_string(&answer), buf_string(&queued),
			 buf_string(&counted));
	if (row->queue)
		client_refute(&answer, "HTTP/1.1 5");
	else
		expect_content(record, "{\n}\n");
}

/* Each row has a server of its own. */
static inline void hooks_rows_check(const struct hooks_row *rows, size_t count,
				    const struct server_config *config)
{
	for (size_t i = 0; i < count; i++) {
		struct hooks_scene scene;
		put(record, "{\n}\n");
		hooks_scene_open(&scene, 3);
		if (config) {
			scene.config.allow_get = config->allow_get;
			scene.config.allow_snapshots = config->allow_snapshots;
			scene.config.open_metrics = config->open_metrics;
		}
		hooks_row_check(&rows[i], &scene);
		hooks_scene_close(&scene);
	}
}
