/* The report as its callers see it in a pipe: stderr, stdout, the JSON file, and its verdict. */
#include "test_report_run.h"

#include <signal.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/secret.h"
#include "report/report_json.h"
#include "report/summary.h"

static void test_in_a_pipe(void **state)
{
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&copied, &in_sync, &failed}});
	(void)state;
	assert_true(result.finished);
	assert_int_equal(result.code, 1);
	assert_string_equal(buf_string(&result.out), "failed tasks exist\n");
	has(&result.err,
	    "level=info msg=\"Finish synchronizing image from docker.io/library/nginx:v1 to "
	    "reg.io/m/nginx:v1: copied 45.38MB in 1.2s, sha256:aa, blobs: 5 sent, 0 mounted, "
	    "1 already there. Now 1/3 images have been processed.\"\n");
	has_not(&result.err, "nginx:v2");
	has(&result.err, "level=info msg=\"Skip synchronization of 1 image because destination "
			 "image exists. Now 3/3 images have been processed.\"\n");
	has(&result.err,
	    "level=error msg=\"Failed to execute synchronizing image from quay.io/a/b:x to "
	    "reg.io/m/b:x: quay.io refuses to show a/b. Now 3/3 images have been processed.\"\n");
	has(&result.err,
	    "\nchanged images:\n  + reg.io/m/nginx:v1  new sha256:aa\n"
	    "failed images:\n  x quay.io/a/b:x -> reg.io/m/b:x: quay.io refuses to show "
	    "a/b (i.yaml:12:1)\n3 images: 1 copied, 1 in sync, 1 failed\n45.38MB sent, ");
	has(&result.err, "; 1 request to sources, 2 to destinations\n"
			 "Synchronization finished, 1 image failed, took ");
	has_not(&result.err, "\033");
}

static const struct outcome accompanied = {.status = OUTCOME_COPIED,
					   .reason = "companions",
					   .digest = "sha256:dd",
					   .bytes = 300,
					   .companions = 2,
					   .blobs_copied = 2};
static const struct outcome unaccompanied = {
	.status = OUTCOME_WOULD_COPY, .reason = "companions", .companions = 1};

static void test_companions(void **state)
{
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&accompanied, &in_sync, &in_sync}});
	scoped(result_finish) struct result dry = run((struct run){
		.outcomes = {&absent, &unaccompanied, &in_sync}, .options.dry_run = true});
	const struct node *images = node_get(result.document, "images");
	(void)state;
	field_is(result.document, "companions", "2");
	field_is(images->items[0], "companions", "2");
	field_is(images->items[0], "reason", "companions");
	field_is(images->items[1], "companions", "0");
	has(&result.err, "2 sent, 0 mounted, 0 already there, 2 referrers. Now 1/3");
	has(&result.err, "\n2 referrers copied; 300B sent");
	has(&dry.err, "2 would be copied (1 missing, 1 without all signatures), 1 in sync");
	has(&dry.err, "\n1 referrer would be copied; ");
	has(&dry.err, "it is in sync, but signatures or other referrers are missing, 1 referrer");
}

/* Layers that may not be distributed: in the line of the image, in the sum and in the document. */
static void test_left_out(void **state)
{
	static const struct outcome one = {.status = OUTCOME_COPIED,
					   .reason = "missing",
					   .blobs_copied = 2,
					   .blobs_skipped = 1};
	static const struct outcome two = {
		.status = OUTCOME_COPIED, .blobs_mounted = 4, .blobs_skipped = 2};
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&one, &in_sync, &two}});
	scoped(result_finish) struct result single =
		run((struct run){.outcomes = {&one, &in_sync, &in_sync}});
	const struct node *images = node_get(result.document, "images");
	(void)state;
	field_is(node_get(images->items[0], "blobs"), "skipped", "1");
	field_is(node_get(images->items[1], "blobs"), "skipped", "0");
	field_is(node_get(result.document, "blobs"), "skipped", "3");
	field_is(node_get(result.document, "blobs"), "mounted", "4");
	has(&result.err, "2 sent, 0 mounted, 0 already there, 1 foreign layer left out. Now 1/3");
	has(&result.err, "4 mounted, 0 already there, 2 foreign layers left out. Now 3/3");
	has(&result.err,
	    "\n3 foreign layers were left out: they may not be distributed (--foreign copy "
	    "includes them)\n");
	has(&single.err,
	    "\n1 foreign layer was left out: it may not be distributed (--foreign copy includes "
	    "it)\n");
}

static void test_all_lines(void **state)
{
	scoped(result_finish) struct result result = run(
		(struct run){.outcomes = {&copied, &in_sync, &failed}, .options.lines = LINES_ALL});
	(void)state;
	has(&result.err,
	    "to reg.io/m/nginx:v2: skip synchronization because destination image exists. "
	    "Now 2/3 images have been processed.\"\n");
	has_not(&result.err, "Skip synchronization of");
}

static void test_no_lines(void **state)
{
	scoped(result_finish) struct result result = run((struct run){
		.outcomes = {&copied, &in_sync, &failed}, .options.lines = LINES_NONE});
	(void)state;
	has_not(&result.err, "level=info");
	has(&result.err, "level=error msg=\"Failed to execute synchronizing image from quay.io");
	has(&result.err, "\n3 images: 1 copied, 1 in sync, 1 failed\n");
}

static void test_json(void **state)
{
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&copied, &in_sync, &failed}});
	const struct node *top = result.document;
	(void)state;
	field_is(top, "version", "1");
	field_is(top, "result", "partial");
	field_is(top, "dry_run", "false");
	field_is(top, "total", "3");
	field_is(top, "copied", "1");
	field_is(top, "skipped", "1");
	field_is(top, "failed", "1");
	field_is(top, "bytes", "45380000");
	assert_null(node_get(top, "would_copy"));
	assert_int_equal(node_get(top, "started")->text.len, strlen("2026-11-20T20:00:00Z"));
	field_is(node_get(top, "requests"), "source", "1");
	field_is(node_get(top, "requests"), "destination", "2");
	const struct node *images = node_get(top, "images");
	assert_int_equal(images->count, 3);
	field_is(images->items[0], "source", "docker.io/library/nginx:v1");
	field_is(images->items[0], "destination", "reg.io/m/nginx:v1");
	field_is(images->items[0], "status", "copied");
	field_is(images->items[0], "digest", "sha256:aa");
	field_is(images->items[0], "bytes", "45380000");
	field_is(images->items[0], "seconds", "1.200");
	field_is(node_get(images->items[0], "blobs"), "copied", "5");
	field_is(node_get(images->items[0], "blobs"), "mounted", "0");
	field_is(node_get(images->items[0], "blobs"), "present", "1");
	field_is(node_get(images->items[0], "blobs"), "skipped", "0");
	field_is(node_get(top, "blobs"), "copied", "5");
	field_is(node_get(top, "blobs"), "present", "1");
	field_is(node_get(top, "blobs"), "skipped", "0");
	has_not(&result.err, "foreign");
	assert_null(node_get(images->items[0], "error"));
	field_is(images->items[1], "status", "skipped");
	field_is(images->items[1], "reason", "in-sync");
	field_is(images->items[2], "status", "failed");
	assert_null(node_get(images->items[2], "digest"));
	assert_null(node_get(images->items[2], "reason"));
	field_is(node_get(images->items[2], "error"), "kind", "denied");
	field_is(node_get(images->items[2], "error"), "message", "quay.io refuses to show a/b");
}

static void test_json_of_a_replaced_image(void **state)
{
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&replaced, &in_sync, &in_sync}});
	const struct node *images = node_get(result.document, "images");
	(void)state;
	field_is(images->items[0], "digest", "sha256:ee");
	field_is(images->items[0], "before", "sha256:dd");
	field_is(images->items[0], "after", "sha256:ff");
	assert_null(node_get(images->items[1], "before"));
	assert_null(node_get(images->items[1], "after"));
}

static void test_json_is_in_the_order_of_the_rules(void **state)
{
	static const char *const wanted[] = {"reg.io/m/nginx:v1", "reg.io/m/nginx:v2", "reg.io/m/a",
					     "reg.io/m/b:x"};
	scoped(result_finish) struct result result = run((struct run){
		.outcomes = {&copied, &in_sync, &failed}, .backwards = true, .rule_failed = true});
	const struct node *images = node_get(result.document, "images");
	(void)state;
	assert_int_equal(images->count, array_count(wanted));
	for (size_t i = 0; i < array_count(wanted); i++)
		field_is(images->items[i], "destination", wanted[i]);
	field_is(result.document, "total", "4");
	field_is(result.document, "failed", "2");
	field_is(images->items[2], "reason", "unreachable");
	field_is(node_get(images->items[2], "error"), "kind", "unreachable");
	has(&result.err, "Failed to execute generating sync tasks from gone.io/a to reg.io/m/a: "
			 "gone.io: no such host. Now 4/4 images have been processed.");
	has(&result.err, "  x gone.io/a -> reg.io/m/a: gone.io: no such host (i.yaml:5:1)\n");
}

static void test_verdicts(void **state)
{
	static const struct {
		struct run run;
		int code;
		const char *result;
	} rows[] = {
		{{.outcomes = {&copied, &in_sync, &in_sync}}, 0, "success"},
		{{.outcomes = {&in_sync, &in_sync, &in_sync}}, 0, "success"},
		{{.outcomes = {&failed, &in_sync, &in_sync}}, 1, "partial"},
		{{.outcomes = {&failed, &failed, &failed}}, 1, "failure"},
		{{.outcomes = {&copied, &copied, NULL}}, 1, "partial"},
		{{.outcomes = {NULL, NULL, NULL}}, 1, "failure"},
		{{.outcomes = {&copied, &copied, &copied}, .rule_failed = true}, 1, "partial"},
		{{.outcomes = {&copied, &failed, NULL}, .stopped = SIGINT}, 130, "cancelled"},
		{{.outcomes = {&copied}, .stopped = SIGTERM}, 143, "cancelled"},
		{{.outcomes = {&copied}, .stopped = CANCEL_TIME}, 1, "cancelled"},
		{{.outcomes = {&copied}, .stopped = CANCEL_WISH}, 1, "cancelled"},
		/* all of a run filtered away is a mistake, a part of it is not */
		{{.outcomes = {&unfit, &unfit, &unfit}}, 1, "failure"},
		{{.outcomes = {&unfit, &in_sync, &unfit}}, 0, "success"},
		{{.outcomes = {&unfit, &failed, &unfit}}, 1, "partial"},
		{{.outcomes = {&unfit, &unfit, &unfit}, .options.dry_run = true}, 1, "failure"},
		{{.outcomes = {&would, &in_sync, &would}, .options.dry_run = true}, 0, "success"},
		{{.outcomes = {&would, &failed, &would}, .options.dry_run = true}, 1, "partial"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(result_finish) struct result result = run(rows[i].run);
		assert_int_equal(result.code, rows[i].code);
		field_is(result.document, "result", rows[i].result);
	}
}

static void test_platforms(void **state)
{
	static const struct outcome some = {
		.status = OUTCOME_COPIED, .platforms_kept = 2, .platforms = 5};
	static const struct outcome all = {
		.status = OUTCOME_COPIED, .platforms_kept = 5, .platforms = 5};
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&some, &unfit, &all}});
	const struct node *images = node_get(result.document, "images");
	(void)state;
	assert_int_equal(result.code, 0);
	field_is(node_get(images->items[0], "platforms"), "kept", "2");
	field_is(node_get(images->items[0], "platforms"), "total", "5");
	field_is(images->items[1], "reason", "no-platform");
	field_is(node_get(images->items[1], "platforms"), "kept", "0");
	field_is(node_get(images->items[2], "platforms"), "kept", "5");
	has(&result.err, ", filtered, 2 of 5 platforms. Now 1/3");
	has(&result.err, "because no manifest fits platform filters. Now 2/3");
	has_not(&result.err, "5 of 5");
	has_not(&result.err, "the platform filters leave nothing of any image");
}

static void test_everything_filtered_away(void **state)
{
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&unfit, &unfit, &unfit}});
	(void)state;
	has(&result.err, "\nthe platform filters leave nothing of any image");
}

static void test_dry_run(void **state)
{
	scoped(result_finish) struct result result = run((struct run){
		.outcomes = {&would, &in_sync, &absent},
		.options.dry_run = true,
	});
	(void)state;
	field_is(result.document, "dry_run", "true");
	field_is(result.document, "copied", "0");
	field_is(result.document, "would_copy", "2");
	field_is(node_get(result.document, "images")->items[0], "status", "would-copy");
	has(&result.err, "level=info msg=\"Would copy image from docker.io/library/nginx:v1 to "
			 "reg.io/m/nginx:v1: the destination has another image there. "
			 "Now 1/3 images have been processed.\"\n");
	has_not(&result.err, "nginx:v2");
	has(&result.err, "\nimages that would change:\n  + reg.io/m/nginx:v1  sha256:ee\n"
			 "  + reg.io/m/b:x  new sha256:dd\ndry run");
	has(&result.err, "dry run, nothing was written: 3 images: 2 would be copied (1 missing, "
			 "1 different), 1 in sync, 0 failed\n"
			 "1 request to sources, 2 to destinations\n"
			 "Dry run finished, 0 images failed, took ");
	assert_int_equal(result.out.len, 0);
}

static void test_a_signal_is_named(void **state)
{
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&copied}, .stopped = SIGTERM});
	(void)state;
	has(&result.err, "stopped by SIGTERM\n3 images: 1 copied, 0 in sync, 0 failed, "
			 "2 not finished\n");
}

static void test_json_on_stdout_is_alone_there(void **state)
{
	scoped(result_finish) struct result result = run((struct run){
		.outcomes = {&copied, &in_sync, &failed},
		.options = {.json_path = "-"},
	});
	struct error error;
	(void)state;
	assert_true(json_read(result.arena, buf_str(&result.out), &result.document, &error));
	field_is(result.document, "result", "partial");
	assert_int_equal(result.out.at[result.out.len - 1], '\n');
}

static void test_a_report_that_cannot_be_written_is_told(void **state)
{
	scoped(result_finish) struct result result = run((struct run){
		.outcomes = {&copied, &in_sync, &in_sync},
		.options.json_path = "/no/such/folder/report.json",
	});
	(void)state;
	assert_false(result.finished);
	has(&result.err, "Synchronization finished, 0 images failed");
}

static void test_secrets_are_masked_and_the_json_stays_valid(void **state)
{
	struct outcome leaking = failed;
	(void)state;
	leaking.error_text = "token hunter2secret and \"p\\ss\" refused\n::error::x ##[error]y";
	secret_register(STR("hunter2secret"));
	secret_register(STR("\"p\\ss\""));
	secret_register(STR("false"));
	secret_register(STR("45380000"));
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&copied, &in_sync, &leaking}});
	secret_forget();
	field_is(node_get(node_get(result.document, "images")->items[2], "error"), "message",
		 "token *** and *** refused\\n::error::x ##\\[error]y");
	field_is(result.document, "dry_run", "false");
	field_is(result.document, "bytes", "45380000");
	has_not(&result.json, "hunter2");
	has_not(&result.err, "hunter2");
	has_not(&result.err, "p\\ss");
	has_not(&result.err, "##[");
	has_not(&result.err, "\n::");
}

static bool take(void *text, struct str piece, struct error *err)
{
	(void)err;
	buf_add_str(text, piece);
	return true;
}

static void test_texts_are_copied(void **state)
{
	char digest[] = "sha256:cc", text[] = "no way";
	struct arena *arena = arena_new();
	struct tally tally = {0};
	struct error error;
	struct tally_image image = {.task = &tasks[0], .outcome = failed};
	scoped(buf_finish) struct buf json = {0};
	(void)state;
	image.outcome.digest = digest;
	image.outcome.error_text = text;
	tally_add(&tally, arena, &image);
	memset(digest, '?', sizeof(digest) - 1);
	memset(text, '?', sizeof(text) - 1);
	assert_true(report_json_write(&tally, take, &json, &error));
	has(&json, "\"sha256:cc\"");
	has(&json, "\"no way\"");
	arena_free(&arena);
}

/* What a stop cut off, for no reason of its own, is a number. */
static void test_what_a_stop_cut_off(void **state)
{
	const struct outcome cut = {.status = OUTCOME_FAILED,
				    .error_kind = ERROR_CANCELED,
				    .error_text = "stopped by request"};
	struct cancel cancel;
	(void)state;
	cancel_open(&cancel, 0);
	cancel_enter(&cancel);
	cancel_run(&cancel);
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&cut, &cut, &failed}});
	cancel_enter(NULL);
	cancel_close(&cancel);
	assert_int_equal(result.code, 1);
	has_not(&result.err, "nginx");
	has(&result.err, "failed images:\n  x quay.io/a/b:x -> ");
	has(&result.err, "3 images: 0 copied, 0 in sync, 1 failed, 2 not finished\n");
	has(&result.err, "1 image failed, took ");
	field_is(node_get(result.document, "images")->items[0], "status", "failed");
}

static void test_a_failure_without_text_names_its_kind(void **state)
{
	struct outcome silent = {.status = OUTCOME_FAILED, .error_kind = ERROR_CANCELED};
	(void)state;
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&copied, &in_sync, &silent}});
	has(&result.err, "  x quay.io/a/b:x -> reg.io/m/b:x: canceled (i.yaml:12:1)\n");
	field_is(node_get(node_get(result.document, "images")->items[2], "error"), "message",
		 "canceled");
}

/* Where a server is given up, the first image has to say why. */
static void test_what_many_share_is_said_once(void **state)
{
	const struct outcome denied = {.status = OUTCOME_FAILED,
				       .error_kind = ERROR_DENIED,
				       .error_shared = 12,
				       .error_text = "source: reg.io: lost"};
	const struct outcome shared = {.status = OUTCOME_FAILED,
				       .error_kind = ERROR_NETWORK,
				       .error_shared = 12,
				       .error_text = "source: reg.io: lost"};
	(void)state;
	scoped(result_finish) struct result result =
		run((struct run){.outcomes = {&shared, &shared, &failed}});
	has(&result.err, "reg.io/m/nginx:v1: source: its server takes no requests. Now 1/3");
	has(&result.err, "failed images:\n  x 2 images: reg.io: lost\n      "
			 "docker.io/library/nginx:v1 -> reg.io/m/nginx:v1 (");
	has(&result.err, "-> reg.io/m/b:x: quay.io refuses to show a/b (");
	for (size_t i = 0; i < 2; i++)
		field_is(node_get(node_get(result.document, "images")->items[i], "error"),
			 "message", "source: reg.io: lost");
	scoped(result_finish) struct result permanent =
		run((struct run){.outcomes = {&denied, &copied, &failed}});
	has(&permanent.err, "reg.io/m/nginx:v1: source: reg.io: lost. Now 1/3");
	has(&permanent.err,
	    "  x docker.io/library/nginx:v1 -> reg.io/m/nginx:v1: source: reg.io: lost (");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_a_pipe),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_what_a_stop_cut_off),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_companions),
		cmocka_unit_test(test_all_lines),
		cmocka_unit_test(test_no_lines),
		cmocka_unit_test(test_json_of_a_replaced_image),
		cmocka_unit_test(test_json_is_in_the_order_of_the_rules),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_platforms),
		cmocka_unit_test(test_everything_filtered_away),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_a_signal_is_named),
		cmocka_unit_test(test_json_on_stdout_is_alone_there),
		cmocka_unit_test(test_a_report_that_cannot_be_written_is_told),
		cmocka_unit_test(test_secrets_are_masked_and_the_json_stays_valid),
		cmocka_unit_test(test_texts_are_copied),
		cmocka_unit_test(test_a_failure_without_text_names_its_kind),
		cmocka_unit_test(test_what_many_share_is_said_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
