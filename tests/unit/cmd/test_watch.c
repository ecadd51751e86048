/* Files that are replaced, touched, removed and half written, links, and a clock that is ahead. */
#include "cmd/watch.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], images[96], auth[96], other[96];

/* Editions that name these files. */
static struct edition first, second;

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/watch-test-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(images, sizeof(images), "%s/images.yaml", folder);
	snprintf(auth, sizeof(auth), "%s/auth.yaml", folder);
	snprintf(other, sizeof(other), "%s/other.yaml", folder);
	put(images, "a");
	put(auth, "b");
	put(other, "c");
	first = second = (struct edition){.holders = 0};
	options_init(&first.options);
	options_init(&second.options);
	first.options.images = images;
	first.options.auth = auth;
	second.options.images = other;
	second.options.auth = auth;
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(images);
	unlink(auth);
	unlink(other);
	return rmdir(folder);
}

/* Long after all files were changed, or long before. */
static const struct timespec late = {.tv_sec = INT32_MAX}, early = {.tv_sec = 0};

static struct watch *watched(const struct timespec *since, const struct edition *more,
			     const struct watch *before)
{
	struct watch *watch = watch_new(&(struct watch_options){&first, since, more, before});
	assert_non_null(watch);
	return watch;
}

/* Changes the inode, and waits until the clock of the file system shows it. */
static void touch(const char *path)
{
	struct stat before, after;
	assert_int_equal(stat(path, &before), 0);
	do {
		assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
		assert_int_equal(stat(path, &after), 0);
	} while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
		 after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

static void replace(const char *path)
{
	scoped(buf_finish) struct buf fresh = {0};
	buf_printf(&fresh, "%s.new", path);
	put(buf_string(&fresh), "x");
	assert_int_equal(rename(buf_string(&fresh), path), 0);
}

static void append(const char *path)
{
	FILE *file = fopen(path, "a");
	assert_non_null(file);
	assert_true(fputs("more", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void forget(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void test_nothing(void **state)
{
	scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_false(watch_changed(watch));
}

/* Each change shows when it has come to rest: at the second look. */
static void test_changes(void **state)
{
	static void (*const changes[])(const char *) = {touch, replace, append, forget};
	(void)state;
	for (size_t i = 0; i < array_count(changes); i++) {
		const char *const paths[] = {images, auth};
		for (size_t j = 0; j < array_count(paths); j++) {
			scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
			changes[i](paths[j]);
			assert_false(watch_changed(watch));
			assert_true(watch_changed(watch));
			assert_true(watch_changed(watch));
			put(paths[j], "again");
		}
	}
}

static void test_half_written(void **state)
{
	scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
	(void)state;
	for (int i = 0; i < 5; i++) {
		append(i % 2 ? images : auth);
		assert_false(watch_changed(watch));
	}
	assert_true(watch_changed(watch));
}

/* A file that is gone for a moment, as while it is replaced in two steps. */
static void test_gone_for_a_moment(void **state)
{
	scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
	(void)state;
	forget(images);
	assert_false(watch_changed(watch));
	put(images, "back");
	assert_false(watch_changed(watch));
	assert_true(watch_changed(watch));
}

/* One that was not there is seen when it comes. */
static void test_missing(void **state)
{
	(void)state;
	forget(auth);
	scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
	assert_false(watch_changed(watch));
	assert_false(watch_changed(watch));
	put(auth, "b");
	assert_false(watch_changed(watch));
	assert_true(watch_changed(watch));
}

/* Volumes of Kubernetes: the name is a link, and what it leads to is replaced. */
static void test_links(void **state)
{
	char one[128], two[128];
	(void)state;
	snprintf(one, sizeof(one), "%s/one", folder);
	snprintf(two, sizeof(two), "%s/two", folder);
	put(one, "1");
	put(two, "1");
	forget(images);
	assert_int_equal(symlink("one", images), 0);
	{
		scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
		assert_false(watch_changed(watch));
		forget(images);
		assert_int_equal(symlink("two", images), 0);
		assert_false(watch_changed(watch));
		assert_true(watch_changed(watch));
	}
	{
		scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
		touch(one);
		assert_false(watch_changed(watch));
		assert_false(watch_changed(watch));
		touch(two);
		assert_false(watch_changed(watch));
		assert_true(watch_changed(watch));
	}
	{
		scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
		forget(two);
		assert_false(watch_changed(watch));
		assert_true(watch_changed(watch));
	}
	forget(one);
	forget(images);
	put(images, "a");
}

/* What was changed after the reading began may not have been read. */
static void test_changed_while_read(void **state)
{
	struct stat seen;
	(void)state;
	touch(auth);
	assert_int_equal(stat(auth, &seen), 0);
	{
		scoped(watch_free) struct watch *watch = watched(&early, NULL, NULL);
		assert_true(watch_changed(watch));
	}
	{
		/* In the very moment counts as well. */
		scoped(watch_free) struct watch *watch = watched(&seen.st_ctim, NULL, NULL);
		assert_true(watch_changed(watch));
	}
	{
		struct timespec since = seen.st_ctim;
		since.tv_nsec++;
		scoped(watch_free) struct watch *watch = watched(&since, NULL, NULL);
		assert_false(watch_changed(watch));
	}
	{
		/* It goes on changing: that comes first. */
		scoped(watch_free) struct watch *watch = watched(&early, NULL, NULL);
		append(images);
		assert_false(watch_changed(watch));
		assert_true(watch_changed(watch));
	}
}

/* A share whose clock is ahead: what led to the reading is read again once, and not for ever. */
static void test_clock_ahead(void **state)
{
	(void)state;
	scoped(watch_free) struct watch *before = watched(&early, NULL, NULL);
	assert_true(watch_changed(before));
	scoped(watch_free) struct watch *after = watched(&early, NULL, before);
	assert_false(watch_changed(after));
	assert_false(watch_changed(after));
	/* A change that the look before has not seen is doubtful as ever. */
	append(images);
	scoped(watch_free) struct watch *again = watched(&early, NULL, after);
	assert_true(watch_changed(again));
}

/* The files of the edition in force count while another one was refused. */
static void test_two_editions(void **state)
{
	(void)state;
	{
		scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
		append(other);
		assert_false(watch_changed(watch));
		assert_false(watch_changed(watch));
	}
	const char *const paths[] = {images, auth, other};
	for (size_t i = 0; i < array_count(paths); i++) {
		scoped(watch_free) struct watch *watch = watched(&late, &second, NULL);
		assert_false(watch_changed(watch));
		append(paths[i]);
		assert_false(watch_changed(watch));
		assert_true(watch_changed(watch));
	}
}

/* So do certificates of the machine, which are folders. */
static void test_certificates(void **state)
{
	char certs[128], file[160];
	(void)state;
	snprintf(certs, sizeof(certs), "%s/certs.d", folder);
	snprintf(file, sizeof(file), "%s/host", certs);
	assert_int_equal(mkdir(certs, 0700), 0);
	first.loaded.config.host_files.certs[0] = certs;
	scoped(watch_free) struct watch *watch = watched(&late, NULL, NULL);
	first.loaded.config.host_files.certs[0] = NULL;
	assert_false(watch_changed(watch));
	touch(certs);
	put(file, "certificate");
	assert_false(watch_changed(watch));
	assert_true(watch_changed(watch));
	forget(file);
	assert_int_equal(rmdir(certs), 0);
}

static void test_none(void **state)
{
	struct watch *none = NULL;
	(void)state;
	watch_free(&none);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_half_written),
		cmocka_unit_test(test_gone_for_a_moment),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_changed_while_read),
		cmocka_unit_test(test_clock_ahead),
		cmocka_unit_test(test_two_editions),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
