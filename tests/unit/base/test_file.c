/* Whole files: what is replaced, what is written in place, and what is told when that fails. */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/file-test-XXXXXX");
	return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
	(void)state;
	DIR *open = opendir(folder);
	for (struct dirent *entry; open && (entry = readdir(open));)
		unlinkat(dirfd(open), entry->d_name, 0);
	closedir(open);
	return rmdir(folder);
}

static const char *in_folder(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static size_t files(void)
{
	size_t count = 0;
	DIR *open = opendir(folder);
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open));)
		count += entry->d_name[0] != '.';
	closedir(open);
	return count;
}

static bool writable(const char *path, struct error *err)
{
	int held = -1;
	bool good = file_writable(path, &held, err);
	assert_int_equal(held, -1);
	return good;
}

static void expect_content(const char *path, const char *content)
{
	scoped(buf_finish) struct buf read = {0};
	struct error err;
	assert_true(file_read(path, &read, &err));
	assert_string_equal(buf_string(&read), content);
}

static void test_replaces(void **state)
{
	(void)state;
	struct error err;
	assert_true(writable(in_folder("a"), &err));
	assert_int_equal(files(), 0);
	assert_true(file_write(in_folder("a"), STR("one"), &err));
	assert_true(file_write(in_folder("a"), STR("two"), &err));
	expect_content(in_folder("a"), "two");
	assert_int_equal(files(), 1);
	unlink(in_folder("a"));
}

struct pieces {
	const char *const *texts; /* up to NULL */
	bool broken;              /* no more comes, and the content is not complete */
};

static bool produce_pieces(const void *ctx, struct file_sink *sink, struct error *err)
{
	const struct pieces *pieces = ctx;
	for (const char *const *text = pieces->texts; *text; text++)
		if (!file_add(sink, str_of(*text), err))
			return false;
	return !pieces->broken || error_set(err, ERROR_CORRUPT, "no more of it");
}

static void test_pieces(void **state)
{
	(void)state;
	struct error err;
	static const char *const texts[] = {"one ", "", "and ", "two", NULL};
	struct pieces pieces = {.texts = texts};
	assert_true(file_produce(in_folder("p"), produce_pieces, &pieces, &err));
	expect_content(in_folder("p"), "one and two");
	unlink(in_folder("p"));
}

static void test_half_a_content_replaces_nothing(void **state)
{
	(void)state;
	struct error err;
	static const char *const texts[] = {"new", NULL};
	struct pieces pieces = {.texts = texts, .broken = true};
	assert_true(file_write(in_folder("h"), STR("old"), &err));
	assert_false(file_produce(in_folder("h"), produce_pieces, &pieces, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	expect_content(in_folder("h"), "old");
	assert_int_equal(files(), 1);
	unlink(in_folder("h"));
	assert_false(file_produce(in_folder("h"), produce_pieces, &pieces, &err));
	assert_int_equal(files(), 0);
	pieces.broken = false;
	assert_false(file_produce("/dev/full", produce_pieces, &pieces, &err));
	assert_int_equal(err.kind, ERROR_IO);
}

static void *write_often(void *path)
{
	struct error err;
	int held = -1;
	size_t good = 0;
	for (int i = 0; i < 100; i++) {
		good += file_write(path, STR("whole"), &err);
		good += file_writable(path, &held, &err);
	}
	return (void *)good;
}

/* Several runs of a server write the same report, while it looks whether that can be written. */
static void test_several_at_once(void **state)
{
	pthread_t threads[4];
	void *good;
	char path[128];
	(void)state;
	snprintf(path, sizeof(path), "%s", in_folder("shared"));
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_often, path), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal((size_t)good, 200);
	}
	assert_int_equal(files(), 1);
	unlink(path);
}

static void test_limits(void **state)
{
	(void)state;
	struct error err;
	scoped(buf_finish) struct buf small = buf_limit(2);
	assert_true(file_write(in_folder("b"), STR("three"), &err));
	assert_false(file_read(in_folder("b"), &small, &err));
	assert_non_null(strstr(err.text, "too large"));
	unlink(in_folder("b"));
}

static void test_devices(void **state)
{
	(void)state;
	struct error err;
	struct stat info;
	assert_true(writable("/dev/null", &err) && writable("-", &err));
	assert_true(file_write("/dev/null", STR("gone"), &err));
	assert_true(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
	assert_false(file_write("/dev/full", STR("gone"), &err));
	assert_int_equal(err.kind, ERROR_IO);
}

/* Links stay links; what they point to is written, or made. */
static void test_links(void **state)
{
	(void)state;
	struct error err;
	struct stat info;
	char link[128], twice[128], real[128];
	snprintf(link, sizeof(link), "%s", in_folder("link"));
	snprintf(twice, sizeof(twice), "%s", in_folder("twice"));
	snprintf(real, sizeof(real), "%s", in_folder("real"));
	assert_int_equal(symlink("real", link), 0);
	assert_int_equal(symlink(link, twice), 0);
	assert_true(writable(twice, &err));
	assert_int_equal(files(), 2);
	assert_true(file_write(twice, STR("one and more"), &err));
	assert_true(writable(link, &err) && file_write(link, STR("two"), &err));
	expect_content(real, "two");
	assert_true(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
	assert_true(lstat(twice, &info) == 0 && S_ISLNK(info.st_mode));
	assert_int_equal(files(), 3);
	unlink(link);
	unlink(twice);
	unlink(real);
	assert_int_equal(symlink("none/x", link), 0);
	assert_int_equal(symlink(twice, twice), 0);
	assert_false(writable(link, &err) || file_write(link, STR("x"), &err));
	assert_false(writable(twice, &err) || file_write(twice, STR("x"), &err));
	unlink(link);
	unlink(twice);
}

static void test_mistakes(void **state)
{
	(void)state;
	scoped(buf_finish) struct buf out = {0};
	struct error err;
	assert_false(file_read(in_folder("none"), &out, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_false(file_read(folder, &out, &err)); /* opens, but cannot be read */
	assert_false(file_write(in_folder("none/x"), STR("x"), &err));
	assert_int_equal(err.kind, ERROR_IO);
	assert_false(writable(in_folder("none/x"), &err));
	assert_false(writable(folder, &err));
	assert_non_null(strstr(err.text, folder));
	assert_false(file_write(folder, STR("x"), &err));
	assert_int_equal(files(), 0);
}

static void test_appends(void **state)
{
	struct error err;
	(void)state;
	assert_true(file_append(in_folder("c"), STR("one\n"), &err));
	assert_true(file_append(in_folder("c"), STR("two\n"), &err));
	expect_content(in_folder("c"), "one\ntwo\n");
	unlink(in_folder("c"));
	assert_false(file_append("/dev/full", STR("gone"), &err));
	assert_int_equal(err.kind, ERROR_IO);
	assert_non_null(strstr(err.text, "/dev/full"));
	assert_false(file_append(in_folder("none/x"), STR("x"), &err));
	assert_int_equal(err.kind, ERROR_IO);
}

/* A disk that is full in the middle: what was there before is there still, nothing beside it. */
static void test_no_room(void **state)
{
	struct rlimit limit, small;
	struct error err;
	char content[3000];
	(void)state;
	memset(content, 'x', sizeof(content));
	signal(SIGXFSZ, SIG_IGN);
	assert_true(file_write(in_folder("d"), STR("old"), &err));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){1000, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	bool written = file_write(in_folder("d"), (struct str){content, sizeof(content)}, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_false(written);
	assert_int_equal(err.kind, ERROR_IO);
	expect_content(in_folder("d"), "old");
	assert_int_equal(files(), 1);
	unlink(in_folder("d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaces),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_half_a_content_replaces_nothing),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
