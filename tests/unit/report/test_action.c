/* What a runner is told: records of outputs, annotations, signs of life. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "report/action.h"
#include "report/action_output.h"
#include "report/annotation.h"
#include "report/heartbeat.h"
#include "test_report_fixture.h"

static void add(struct tally *tally, struct arena *arena, const struct task *task,
		const struct outcome *outcome)
{
	const struct tally_image image = {.task = task, .outcome = *outcome};
	tally_add(tally, arena, &image);
}

static const char *value_of(const struct action_output *outputs, const char *name)
{
	for (size_t i = 0; i < ACTION_OUTPUT_COUNT; i++)
		if (strcmp(outputs[i].name, name) == 0)
			return outputs[i].value;
	fail_msg("no output %s", name);
	return NULL;
}

static void test_outputs(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct action_output outputs[ACTION_OUTPUT_COUNT];
	struct tally tally = {0};
	(void)state;
	secret_register(STR("library"));
	add(&tally, arena, &tasks[0], &copied);
	add(&tally, arena, &tasks[1], &in_sync);
	add(&tally, arena, &tasks[2], &failed);
	assert_true(action_output_all(arena, &tally, "r.json", NULL, outputs));
	assert_string_equal(value_of(outputs, "result"), "partial");
	assert_string_equal(value_of(outputs, "changed"), "true");
	assert_string_equal(value_of(outputs, "total"), "3");
	assert_string_equal(value_of(outputs, "bytes"), "45380000");
	assert_string_equal(value_of(outputs, "report"), "r.json");
	assert_string_equal(value_of(outputs, "images"),
			    "[{\"source\":\"docker.io/***/nginx:v1\",\"destination\":\"reg.io/m/"
			    "nginx:v1\",\"digest\":\"sha256:aa\",\"status\":\"copied\"},"
			    "{\"source\":\"docker.io/***/nginx:v2\",\"destination\":\"reg.io/m/"
			    "nginx:v2\",\"digest\":\"sha256:bb\",\"status\":\"skipped\"},"
			    "{\"source\":\"quay.io/a/b:x\",\"destination\":\"reg.io/m/b:x\","
			    "\"status\":\"failed\"}]");
	assert_true(action_output_all(arena, NULL, NULL, NULL, outputs));
	assert_string_equal(value_of(outputs, "result"), "failure");
	assert_string_equal(value_of(outputs, "images"), "[]");
	assert_string_equal(value_of(outputs, "report"), "");
	secret_forget();
}

static void test_the_list_ends_where_its_room_does(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct action_output outputs[ACTION_OUTPUT_COUNT];
	struct tally tally = {0};
	(void)state;
	for (int i = 0; i < 5000; i++)
		add(&tally, arena, &tasks[i % 3], &copied);
	assert_true(action_output_all(arena, &tally, NULL, NULL, outputs));
	struct str images = str_of(value_of(outputs, "images"));
	assert_true(images.len <= ACTION_OUTPUT_IMAGES_MAX &&
		    images.len > ACTION_OUTPUT_IMAGES_MAX - 200);
	assert_true(str_ends(images, "\"status\":\"copied\"}]"));
}

static void test_records(void **state)
{
	scoped(buf_finish) struct buf safe = {0}, first = {0}, second = {0};
	const struct action_output forged = {"report", "a\nresult=success\nx<<EOF\ny"};
	(void)state;
	assert_true(action_output_record(&(struct action_output){"total", "12"}, &safe));
	assert_string_equal(buf_string(&safe), "total=12\n");
	assert_true(action_output_record(&forged, &first));
	assert_true(action_output_record(&forged, &second));
	struct str delimiter = str_from(buf_str(&first), strlen("report<<"));
	delimiter = str_head(delimiter, str_find(delimiter, '\n'));
	assert_true(str_starts(delimiter, "ghadelimiter_"));
	assert_int_equal(delimiter.len, strlen("ghadelimiter_") + 32);
	scoped(buf_finish) struct buf expected = {0};
	buf_printf(&expected, "report<<%.*s\n%s\n%.*s\n", STR_ARGS(delimiter), forged.value,
		   STR_ARGS(delimiter));
	assert_string_equal(buf_string(&first), buf_string(&expected));
	assert_string_not_equal(buf_string(&first), buf_string(&second));
}

static void check_place(const char *line, const char *workspace, const char *expected)
{
	scoped(buf_finish) struct buf out = {0};
	annotation_problem("warning", str_of(line), workspace, &out);
	assert_string_equal(buf_string(&out), expected);
}

static void test_places(void **state)
{
	char folder[] = "/tmp/image-syncer-test-XXXXXX", path[128], line[192];
	struct error err;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a,b:c.yaml", folder);
	assert_true(file_write(path, STR(""), &err));
	snprintf(line, sizeof(line), "%s:12:3: bad: 50%%", path);
	scoped(buf_finish) struct buf expected = {0};
	buf_printf(&expected,
		   "::warning file=a%%2Cb%%3Ac.yaml,line=12,col=3,title=image-syncer::"
		   "%s:12:3: bad: 50%%25",
		   path);
	check_place(line, folder, buf_string(&expected));
	buf_reset(&expected);
	buf_printf(&expected, "::warning title=image-syncer::%s:12:3: bad: 50%%25", path);
	check_place(line, NULL, buf_string(&expected));
	check_place(line, "/usr", buf_string(&expected));
	check_place("input images:3:5: bad", folder,
		    "::warning title=image-syncer::input images:3:5: bad");
	check_place("nothing of the kind", folder,
		    "::warning title=image-syncer::nothing of the kind");
	check_place(":1:2: x", folder, "::warning title=image-syncer:::1:2: x");
	unlink(path);
	rmdir(folder);
}

static void test_bounds_of_annotations(void **state)
{
	scoped(buf_finish) struct buf errors = {0}, warnings = {0}, out = {0};
	const struct action action = {0};
	(void)state;
	for (int i = 0; i < 12; i++) {
		buf_printf(&errors, "error %d\n", i);
		buf_printf(&warnings, "warning %d\n", i);
	}
	struct capture capture = capture_start(STDERR_FILENO);
	action_problems(&action, buf_str(&errors), buf_str(&warnings));
	capture_stop(&capture, &out);
	has(&out, "::error title=image-syncer::error 7\nerror 8\nerror 9\n");
	has(&out, "::error title=image-syncer::and 4 more errors, see the log\n");
	has(&out, "::warning title=image-syncer::warning 6\nwarning 7\n");
	has(&out, "::warning title=image-syncer::and 5 more warnings, see the log\n");
}

static void some_counts(void *ctx, size_t *done, size_t *total)
{
	(void)ctx;
	*done = 3;
	*total = 10;
}

static const struct heartbeat_counts counts = {.get = some_counts};

static long ftell_end(const struct capture *capture)
{
	fseek(capture->file, 0, SEEK_END);
	return ftell(capture->file);
}

static void test_heartbeat(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf out = {0};
	struct progress *progress = progress_new();
	(void)state;
	log_open(stderr, LOG_INFO);
	struct capture capture = capture_start(STDERR_FILENO);
	struct heartbeat *calm = heartbeat_open(arena, progress, &counts, 600000);
	usleep(50 * 1000);
	heartbeat_close(&calm);
	assert_int_equal(ftell_end(&capture), 0);
	progress_expect(progress, progress, "sha256:12", 2000000);
	int slot = progress_begin(progress, &(struct progress_blob){.source = &tasks[0].source,
								    .to = "reg.io",
								    .digest = "sha256:12",
								    .size = 2000000});
	progress_advance(progress, slot, 500000);
	struct heartbeat *busy = heartbeat_open(arena, progress, &counts, 5);
	while (ftell_end(&capture) == 0)
		usleep(5000);
	heartbeat_close(&busy);
	capture_stop(&capture, &out);
	has(&out, "msg=\"3/10 images have been processed, 500kB of at least 2MB sent, 1 blob "
		  "under way; the oldest: library/nginx:v1 -> reg.io 12, 500kB of 2MB\"\n");
	progress_free(&progress);
}

/* Something is to be tried again: that is told at once, and not with every look. */
static void test_heartbeat_of_a_wait(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf out = {0};
	struct progress *progress = progress_new();
	struct waits_entry entry = {
		.kind = WAITS_TRY, .since_ms = clock_ms(), .until_ms = clock_ms() + 60000};
	(void)state;
	log_open(stderr, LOG_INFO);
	struct capture capture = capture_start(STDERR_FILENO);
	waits_begin(&entry, "ghcr.io: HTTP 503");
	struct heartbeat *waiting = heartbeat_open(arena, progress, &counts, 1000);
	while (ftell_end(&capture) == 0)
		usleep(5000);
	long told = ftell_end(&capture);
	usleep(400 * 1000);
	assert_int_equal(ftell_end(&capture), told);
	heartbeat_close(&waiting);
	waits_end(&entry);
	capture_stop(&capture, &out);
	has(&out, "msg=\"3/10 images have been processed; trying again in 60 s: ghcr.io: HTTP "
		  "503\"\n");
	progress_free(&progress);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_the_list_ends_where_its_room_does),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bounds_of_annotations),
		cmocka_unit_test(test_heartbeat),
		cmocka_unit_test(test_heartbeat_of_a_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
