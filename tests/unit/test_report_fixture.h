/*
 * For the tests of the report: streams caught in files, so that output can be read back, and a few
 * images with their outcomes.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "report/report.h"

struct capture {
	int number, saved;
	FILE *file;
};

static inline struct capture capture_start(int number)
{
	struct capture capture = {.number = number, .saved = dup(number), .file = tmpfile()};
	assert_non_null(capture.file);
	fflush(NULL);
	assert_true(dup2(fileno(capture.file), number) >= 0);
	return capture;
}

static inline void capture_stop(struct capture *capture, struct buf *out)
{
	char piece[4096];
	size_t len;
	fflush(NULL);
	dup2(capture->saved, capture->number);
	close(capture->saved);
	rewind(capture->file);
	while ((len = fread(piece, 1, sizeof(piece), capture->file)) > 0)
		buf_add(out, piece, len);
	fclose(capture->file);
}

static const struct task tasks[] = {
	{.source = {"docker.io", "library/nginx", "v1", NULL},
	 .destination = {"reg.io", "m/nginx", "v1", NULL},
	 .rule = &(const struct rule){.source_place = "i.yaml:3:1"}},
	{.source = {"docker.io", "library/nginx", "v2", NULL},
	 .destination = {"reg.io", "m/nginx", "v2", NULL},
	 .rule = &(const struct rule){.source_place = "i.yaml:3:1"}},
	{.source = {"quay.io", "a/b", "x", NULL},
	 .destination = {"reg.io", "m/b", "x", NULL},
	 .rule = &(const struct rule){.source_place = "i.yaml:12:1"}},
};

static const struct outcome copied = {
	.status = OUTCOME_COPIED,
	.reason = "missing",
	.digest = "sha256:aa",
	.bytes = 45380000,
	.blobs_copied = 5,
	.blobs_present = 1,
	.milliseconds = 1200,
};
static const struct outcome in_sync = {
	.status = OUTCOME_SKIPPED,
	.reason = "in-sync",
	.digest = "sha256:bb",
	.milliseconds = 20,
};
static const struct outcome replaced = {
	.status = OUTCOME_COPIED,
	.reason = "differs",
	.digest = "sha256:ee",
	.before = "sha256:dd",
	.after = "sha256:ff",
};
static const struct outcome failed = {
	.status = OUTCOME_FAILED,
	.milliseconds = 7,
	.error_kind = ERROR_DENIED,
	.error_text = "quay.io refuses to show a/b",
};
static const struct outcome unfit = {
	.status = OUTCOME_SKIPPED,
	.reason = "no-platform",
	.digest = "sha256:cc",
	.platforms = 3,
};
static const struct outcome would = {
	.status = OUTCOME_WOULD_COPY, .reason = "differs", .digest = "sha256:ee"};
static const struct outcome absent = {
	.status = OUTCOME_WOULD_COPY, .reason = "missing", .digest = "sha256:dd"};

/* A rule that became no images. */
static const struct rule rule = {
	.source = "gone.io/a",
	.destination = "reg.io/m/a",
	.source_place = "i.yaml:5:1",
	.destination_place = "i.yaml:5:12",
};

static inline void has(const struct buf *buf, const char *text)
{
	if (!strstr(buf_string(buf), text)) {
		print_error("not found: %s\nin: %s\n", text, buf_string(buf));
		fail();
	}
}

static inline void has_not(const struct buf *buf, const char *text)
{
	if (strstr(buf_string(buf), text)) {
		print_error("found: %s\nin: %s\n", text, buf_string(buf));
		fail();
	}
}
