/*
 * Many runs in one process, one after the other and several at a time: each has its own end, and
 * leaves nothing behind, neither memory nor descriptors nor a request to stop.
 */
#include "test_small_registry.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "cmd/confine.h"
#include "cmd/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>

enum {
	RUNS = 200,
	WARM_UP = 40,
	AT_A_TIME = 4,
	IMAGES = 3,
	WAIT_MS = 60000,
	GROWTH_MAX = 16 * 1024, /* bytes; a run takes about 100 times as much */
};

/* What happens to a run. */
enum kind { COPIES, FAILS, CANCELLED, LATE, KINDS };

static const char *const results[] = {
	[COPIES] = "success", [FAILS] = "partial", [CANCELLED] = "cancelled", [LATE] = "cancelled"};

/* One in this many is of the kind that takes its time. */
enum { LATE_EACH = 100 };

struct bench {
	char folder[32];
	struct small_registry registry;
	struct session session;
	pthread_mutex_t gate; /* one cancelled run at a time: what is released is that run's */
	atomic_uint next;
	unsigned end;
	atomic_uint wrong;
	int out, err; /* where standard error goes: to a file, so that it is not in the way */
};

static enum kind kind_of(unsigned number)
{
	return number % LATE_EACH == 7 ? LATE : (enum kind)(number % 3);
}

static const char *name(struct buf *out, const struct bench *bench, unsigned number,
			const char *what)
{
	buf_reset(out);
	buf_printf(out, "%s/%u.%s", bench->folder, number, what);
	return buf_string(out);
}

/* Writes the two files of a run. */
static bool write_files(const struct bench *bench, unsigned number)
{
	static const char *const paths[] = {
		[COPIES] = "from", [FAILS] = "none", [CANCELLED] = "slow", [LATE] = "hang"};
	scoped(buf_finish) struct buf path = {0};
	scoped(buf_finish) struct buf text = {0};
	struct error err;
	int port = bench->registry.port;
	enum kind kind = kind_of(number);
	buf_printf(&text, "{\"127.0.0.1:%d\": {\"insecure\": true}}", port);
	if (!file_write(name(&path, bench, number, "auth"), buf_str(&text), &err))
		return false;
	buf_reset(&text);
	buf_printf(&text, "{\"127.0.0.1:%d/%s/a:v1\": \"127.0.0.1:%d/to/%u:a\"", port, paths[kind],
		   port, number);
	for (int i = 0; i < IMAGES; i++)
		buf_printf(&text, ", \"127.0.0.1:%d/%s/b%d:v1\": \"127.0.0.1:%d/to/%u/b%d:v1\"",
			   port, kind == CANCELLED ? "slow" : "from", i, port, number, i);
	buf_add_char(&text, '}');
	return file_write(name(&path, bench, number, "images"), buf_str(&text), &err);
}

/* Whether the report says what is to be expected. */
static bool is_right(const struct bench *bench, unsigned number, int code)
{
	scoped(buf_finish) struct buf path = {0};
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf wanted = {0};
	struct error err;
	enum kind kind = kind_of(number);
	buf_printf(&wanted, "\"result\": \"%s\"", results[kind]);
	bool right = file_read(name(&path, bench, number, "report"), &text, &err) &&
		     strstr(buf_string(&text), buf_string(&wanted)) &&
		     code == (kind == COPIES ? EXIT_SUCCESS : EXIT_FAILURE);
	if (!right)
		dprintf(bench->err, "run %u ended with %d: %s\n", number, code, buf_string(&text));
	unlink(buf_string(&path));
	unlink(name(&path, bench, number, "auth"));
	unlink(name(&path, bench, number, "images"));
	return right;
}

/* Cancels a run once a blob of it has stopped in its middle, then lets that go on. */
struct canceller {
	struct bench *bench;
	struct cancel *cancel;
	unsigned stopped;
};

static void *cancel_in_the_middle(void *ctx)
{
	struct canceller *canceller = ctx;
	struct small_shared *shared = canceller->bench->registry.shared;
	int64_t end = clock_ms() + WAIT_MS;
	while (atomic_load(&shared->stopped) == canceller->stopped && clock_ms() < end)
		poll(NULL, 0, 1);
	cancel_run(canceller->cancel);
	small_registry_release(&canceller->bench->registry);
	return NULL;
}

/* Runs what run_open() began, the first time with what comes before the session. */
static int carry_out(const struct bench *bench, struct run *run)
{
	scoped(problem_finish) struct problems problems = {0};
	struct session *session = run->session;
	struct error err;
	if (!load_run(run, &problems)) {
		dprintf(bench->err, "not loaded: %s\n", buf_string(&problems.errors));
		return -1;
	}
	if (!session->pool && (!confine_runs(session, run, 1, &err) ||
			       !session_open(session, run->options, &run->config.limits)))
		return -2;
	return run_sync(run);
}

static int run_one(struct bench *bench, struct cancel *cancel, unsigned number)
{
	scoped(buf_finish) struct buf images = {0};
	scoped(buf_finish) struct buf auth = {0};
	scoped(buf_finish) struct buf report = {0};
	scoped(buf_finish) struct buf log = {0};
	scoped(run_close) struct run run = {0};
	struct options options;
	options_init(&options);
	options.images = name(&images, bench, number, "images");
	options.auth = name(&auth, bench, number, "auth");
	options.report = name(&report, bench, number, "report");
	options.log = name(&log, bench, 0, "log");
	options.docker_config = "false";
	options.proc = 1 + (int)(number % 3);
	options.retries = 0;
	cancel_enter(cancel);
	return write_files(bench, number) && run_open(&run, &bench->session, &options)
		       ? carry_out(bench, &run)
		       : -3;
}

static void one(struct bench *bench, unsigned number)
{
	struct cancel cancel = {0};
	enum kind kind = kind_of(number);
	bool stopped = kind == CANCELLED;
	pthread_t thread;
	if (stopped)
		pthread_mutex_lock(&bench->gate);
	struct canceller canceller = {bench, &cancel,
				      atomic_load(&bench->registry.shared->stopped)};
	cancel_open(&cancel, kind == LATE ? 2 : 3600);
	if (stopped)
		pthread_create(&thread, NULL, cancel_in_the_middle, &canceller);
	int code = run_one(bench, &cancel, number);
	if (stopped) {
		pthread_join(thread, NULL);
		pthread_mutex_unlock(&bench->gate);
	}
	cancel_close(&cancel);
	if (!is_right(bench, number, code) || cancel_current() || cancel_requested())
		atomic_fetch_add(&bench->wrong, 1);
}

static void *work(void *ctx)
{
	struct bench *bench = ctx;
	unsigned number;
	while ((number = atomic_fetch_add(&bench->next, 1)) < bench->end)
		one(bench, number);
	return NULL;
}

/* Runs all up to end, some at a time. */
static void run_up_to(struct bench *bench, unsigned end)
{
	pthread_t threads[AT_A_TIME];
	bench->end = end;
	for (int i = 0; i < AT_A_TIME; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, bench), 0);
	for (int i = 0; i < AT_A_TIME; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&bench->next, end);
	http_close_idle(bench->session.http);
}

static unsigned descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

/*
 * Of the sanitizers; others have the C library's own figures. Bytes are counted here, since a
 * sanitizer's own count may lose a large block that is freed while a thread ends.
 */
size_t __sanitizer_get_allocated_size(const volatile void *block) __attribute__((weak));
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void *, size_t),
					      void (*freed)(const volatile void *))
	__attribute__((weak));
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

static atomic_size_t bytes_held;

__attribute__((no_sanitize("thread"))) static void count_taken(const volatile void *block,
							       size_t size)
{
	if (block)
		atomic_fetch_add(&bytes_held, size);
}

__attribute__((no_sanitize("thread"))) static void count_freed(const volatile void *block)
{
	if (block)
		atomic_fetch_sub(&bytes_held, __sanitizer_get_allocated_size(block));
}

static size_t memory(void)
{
	return __sanitizer_install_malloc_and_free_hooks ? atomic_load(&bytes_held)
							 : mallinfo2().uordblks;
}

static int set_up(void **state)
{
	static struct bench bench = {.folder = "/tmp/test_session.XXXXXX",
				     .gate = PTHREAD_MUTEX_INITIALIZER};
	scoped(buf_finish) struct buf path = {0};
	if (!mkdtemp(bench.folder) || !cancel_install())
		return -1;
	bench.registry = small_registry_start();
	/* The registry is another process, in which nothing is counted. */
	if (__sanitizer_install_malloc_and_free_hooks &&
	    !__sanitizer_install_malloc_and_free_hooks(count_taken, count_freed))
		return -1;
	bench.session.arena = arena_new();
	bench.err = dup(STDERR_FILENO);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)bench.err);
	bench.out = open(name(&path, &bench, 0, "words"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	*state = &bench;
	return bench.registry.port && bench.session.arena && bench.out >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	scoped(buf_finish) struct buf path = {0};
	session_close(&bench->session);
	small_registry_stop(&bench->registry);
	secret_forget();
	unlink(name(&path, bench, 0, "words"));
	unlink(name(&path, bench, 0, "log"));
	close(bench->out);
	return rmdir(bench->folder);
}

static void test_many_runs(void **state)
{
	struct bench *bench = *state;
	dup2(bench->out, STDERR_FILENO);
	/* The first one opens the session, before there are threads. */
	one(bench, atomic_fetch_add(&bench->next, 1));
	run_up_to(bench, WARM_UP);
	size_t before = memory();
	unsigned open_before = descriptors();
	run_up_to(bench, RUNS);
	size_t after = memory();
	unsigned open_after = descriptors();
	dup2(bench->err, STDERR_FILENO);
	print_message("%zu bytes, %u descriptors; %zu and %u %d runs later\n", before, open_before,
		      after, open_after, RUNS - WARM_UP);
	assert_int_equal(bench->wrong, 0);
	assert_int_equal(open_after, open_before);
	assert_in_range(after, 0, before + GROWTH_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_runs)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
