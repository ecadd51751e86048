/*
 * What paths lead to: which links are followed, when two names are one file, and opening for
 * writing.
 */
#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

enum { STRANGER = 12345 };

static char folder[] = "/tmp/path-test-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? 0 : 1;
}

/* A path in the folder; the last eight stay valid. */
static const char *in(const char *name)
{
	static char paths[8][160];
	static unsigned next;
	char *path = paths[next++ % array_count(paths)];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	struct error err = {0};
	if (!file_write(in(name), str_of(text), &err))
		fail_msg("%s", err.text);
}

static void shared(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(in(name), 0755), 0);
	assert_int_equal(chmod(in(name), mode), 0);
}

static void test_descriptors(void **state)
{
	static const struct {
		const char *name;
		int descriptor;
	} rows[] = {
		{"-", 1},
		{"/dev/stdout", 1},
		{"/dev/stderr", 2},
		{"/dev/fd/1", 1},
		{"/proc/self/fd/1", 1},
		{"/dev/fd/63", 63},
		{"/dev/fd/", -1},
		{"/dev/fd/1x", -1},
		{"/dev/fd/-1", -1},
		{"/dev/fd/99999999999", -1},
		{"/dev/null", -1},
		{"stdout", -1},
		{"", -1},
	};
	struct path path;
	struct error err = {0};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		if (path_descriptor(rows[i].name) != rows[i].descriptor)
			fail_msg("%s", rows[i].name);
	int reading = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char name[32];
	snprintf(name, sizeof(name), "/dev/fd/%d", reading);
	assert_false(path_find(name, &path, &err));
	assert_true(path_find_input(name, &path));
	close(reading);
	assert_false(path_find(name, &path, &err));
	assert_int_equal(err.kind, ERROR_IO);
	assert_int_equal(symlink("/dev/stdout", in("out")), 0);
	assert_true(path_find(in("out"), &path, &err));
	assert_int_equal(path.kind, PATH_DESCRIPTOR);
	assert_int_equal(path.descriptor, 1);
}

static void expect(const char *name, enum path_kind kind, const char *behind)
{
	struct path path;
	struct error err = {0};
	if (!path_find(in(name), &path, &err))
		fail_msg("%s: %s", name, err.text);
	assert_int_equal(path.kind, kind);
	assert_string_equal(path.name, in(behind));
}

static void refuse(const char *name, const char *why)
{
	struct path path;
	struct error err = {0};
	if (path_find(in(name), &path, &err))
		fail_msg("%s", name);
	assert_int_equal(err.kind, ERROR_IO);
	if (!strstr(err.text, why))
		fail_msg("%s: %s", name, err.text);
}

static void test_links(void **state)
{
	(void)state;
	put("file", "x");
	assert_int_equal(symlink(in("file"), in("link")), 0);
	assert_int_equal(symlink("link", in("twice")), 0);
	assert_int_equal(symlink("nothing", in("dangling")), 0);
	assert_int_equal(symlink("round", in("round")), 0);
	assert_int_equal(symlink("none/x", in("nowhere")), 0);
	assert_int_equal(mkfifo(in("pipe"), 0600), 0);
	expect("file", PATH_FILE, "file");
	expect("link", PATH_FILE, "file");
	expect("twice", PATH_FILE, "file");
	expect("new", PATH_NOTHING, "new");
	expect("dangling", PATH_NOTHING, "nothing");
	expect(".", PATH_FOLDER, ".");
	expect("pipe", PATH_STREAM, "pipe");
	refuse("round", "Too many");
	refuse("nowhere", "No such file");
	refuse("none/x", "No such file");
	refuse("file/x", "Not a directory");
}

/* A link of ours, in folders of several modes; a user's own group counts as nobody else. */
static void test_folders_of_links(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		bool trusted;
	} rows[] = {
		{"m755", 0755, true},   {"m775", 0775, true},  {"m777", 0777, false},
		{"m1777", 01777, true}, {"m757", 0757, false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		char link[64];
		shared(rows[i].name, rows[i].mode);
		snprintf(link, sizeof(link), "%s/link", rows[i].name);
		assert_int_equal(symlink("../file", in(link)), 0);
		if (rows[i].trusted) {
			snprintf(link, sizeof(link), "%s/link", rows[i].name);
			struct path path;
			struct error err = {0};
			if (!path_find(in(link), &path, &err))
				fail_msg("%s: %s", link, err.text);
		} else {
			refuse(link, "another user made or can replace");
		}
	}
}

/* Only root can give files to others. */
static void test_files_of_others(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	shared("sticky", 01777);
	shared("theirs", 0755);
	assert_int_equal(chown(in("theirs"), STRANGER, STRANGER), 0);
	assert_int_equal(symlink("../file", in("sticky/link")), 0);
	assert_int_equal(lchown(in("sticky/link"), STRANGER, STRANGER), 0);
	assert_int_equal(symlink("../file", in("theirs/link")), 0);
	assert_int_equal(symlink("sticky/link", in("to-theirs")), 0);
	put("sticky/file", "x");
	assert_int_equal(chown(in("sticky/file"), STRANGER, STRANGER), 0);
	assert_int_equal(mkfifo(in("sticky/pipe"), 0666), 0);
	assert_int_equal(chown(in("sticky/pipe"), STRANGER, STRANGER), 0);
	put("theirs/file", "x");
	assert_int_equal(chown(in("theirs/file"), STRANGER, STRANGER), 0);
	refuse("sticky/link", "another user made or can replace (owner 12345)");
	refuse("theirs/link", "another user made or can replace");
	refuse("to-theirs", "another user made or can replace");
	refuse("sticky/file", "another user made it");
	refuse("sticky/pipe", "another user made it");
	expect("theirs/file", PATH_FILE, "theirs/file");
	/* Root that was somebody else before sudo has their files as well. */
	setenv("SUDO_UID", "12345", 1);
	expect("sticky/link", PATH_FILE, "sticky/../file");
	setenv("SUDO_UID", "-1", 1);
	refuse("sticky/link", "another user made or can replace");
	unsetenv("SUDO_UID");
}

static bool same(const char *a, const char *b)
{
	struct path left, right;
	struct error err = {0};
	if (!path_find(a, &left, &err) || !path_find(b, &right, &err))
		fail_msg("%s", err.text);
	return path_same(&left, &right);
}

static void test_same(void **state)
{
	(void)state;
	shared("deep", 0755);
	assert_int_equal(link(in("file"), in("hard")), 0);
	assert_int_equal(symlink("deep", in("also-deep")), 0);
	put("other", "x");
	assert_true(same(in("file"), in("link")));
	assert_true(same(in("file"), in("hard")));
	assert_true(same(in("file"), in("deep/../file")));
	assert_true(same(in("new"), in("deep/../new")));
	assert_true(same(in("deep/new"), in("also-deep/new")));
	assert_true(same(in("nothing"), in("dangling")));
	assert_true(same(in("pipe"), in("pipe")));
	assert_true(same("-", "/dev/fd/1"));
	assert_false(same(in("file"), in("other")));
	assert_false(same(in("new"), in("newer")));
	assert_false(same(in("new"), in("deep/new")));
	assert_false(same(in("new"), folder));
	assert_false(same("/dev/null", "/dev/null"));
}

static void test_inputs(void **state)
{
	struct path path;
	(void)state;
	assert_true(path_find_input(in("m777/link"), &path));
	assert_true(path.regular);
	assert_true(path_find_input("-", &path));
	assert_int_equal(path.descriptor, 0);
	assert_false(path_find_input(in("new"), &path));
}

static void test_opening(void **state)
{
	struct path path;
	struct error err = {0};
	(void)state;
	assert_true(path_find(in("pipe"), &path, &err));
	assert_int_equal(path_open(&path, 0, &err), -1);
	assert_non_null(strstr(err.text, "this pipe has no reader: start it first"));
	/* What was a file is a link by now: it is not followed. */
	put("swapped", "x");
	assert_true(path_find(in("swapped"), &path, &err));
	unlink(in("swapped"));
	assert_int_equal(symlink("file", in("swapped")), 0);
	assert_int_equal(path_open(&path, 0, &err), -1);
	/* Opening changes nothing. */
	assert_true(path_find(in("file"), &path, &err));
	int fd = path_open(&path, 0, &err);
	assert_true(fd > STDERR_FILENO);
	close(fd);
	struct stat info;
	assert_true(stat(in("file"), &info) == 0 && info.st_size == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_folders_of_links),
		cmocka_unit_test(test_files_of_others),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_inputs),
		cmocka_unit_test(test_opening),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
