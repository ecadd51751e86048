/* A whole run of the three images in a pipe: what it wrote to stderr, stdout and the JSON file. */
#pragma once

#include "test_report_fixture.h"

#include "base/file.h"
#include "doc/json.h"

struct run {
	struct report_options options;
	const struct outcome *outcomes[array_count(tasks)]; /* in this order; NULL: none */
	bool backwards;                                     /* they arrive last first */
	bool rule_failed;
	int stopped;
};

struct result {
	int code;
	bool finished;
	struct buf out, err, json;
	struct arena *arena;
	const struct node *document;
};

static inline void tell(struct report *report, const struct run *run)
{
	for (size_t i = 0; i < array_count(tasks); i++) {
		size_t at = run->backwards ? array_count(tasks) - 1 - i : i;
		if (run->outcomes[at])
			report_outcome(report, &tasks[at], run->outcomes[at]);
	}
	if (run->rule_failed) {
		struct error error;
		error_set(&error, ERROR_UNREACHABLE, "gone.io: no such host");
		report_rule_failed(report, &rule, &error);
	}
}

static inline struct result run(struct run run)
{
	char path[] = "/tmp/report-XXXXXX";
	struct result result = {.arena = arena_new()};
	struct error error = {0};
	struct progress *progress = progress_new();
	struct capture out = capture_start(STDOUT_FILENO), err = capture_start(STDERR_FILENO);
	close(mkstemp(path));
	if (!run.options.json_path)
		run.options.json_path = path;
	progress_request(progress, false);
	progress_request(progress, true);
	progress_request(progress, true);
	struct report *report = report_new(&run.options, progress);
	report_plan(report, 1);
	report_plan(report, array_count(tasks) - 1);
	tell(report, &run);
	result.finished = report_finish(report, run.stopped, &error);
	result.code = report_exit_code(report, run.stopped);
	report_free(&report);
	progress_free(&progress);
	capture_stop(&err, &result.err);
	capture_stop(&out, &result.out);
	struct error ignored;
	if (file_read(path, &result.json, &ignored) && result.json.len)
		assert_true(
			json_read(result.arena, buf_str(&result.json), &result.document, &ignored));
	unlink(path);
	return result;
}

static inline void result_finish(struct result *result)
{
	buf_finish(&result->out);
	buf_finish(&result->err);
	buf_finish(&result->json);
	arena_free(&result->arena);
}

static inline void field_is(const struct node *node, const char *name, const char *value)
{
	const struct node *field = node_get(node, name);
	assert_non_null(field);
	if (!str_is(field->text, value)) {
		print_error("%s is %.*s, not %s\n", name, STR_ARGS(field->text), value);
		fail();
	}
}
