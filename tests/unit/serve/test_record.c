/* The record of pending images: its format, its locks, and what is left when a save fails. */
#include "serve/record.h"

#include "doc/node.h"
#include "test_queue_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ONE "\n\"quay.io/ns/one:1&reg.io\":0"
#define TWO "\n\"quay.io/ns/two:2&reg.io/team\":0"
#define THREE "\n\"quay.io/ns/three:3&\":0"

static struct record_file *opened(void)
{
	struct record_file *file;
	struct error err;
	if (!record_open(record, &file, &err))
		fail_msg("%s", err.text);
	return file;
}

static void append(struct record_file *file, uint64_t id, const char *key)
{
	scoped(buf_finish) struct buf line = {0};
	record_encode(key, &line);
	assert_true(record_append(file, id, buf_str(&line)));
}

static void three(struct record_file *file)
{
	append(file, 1, "quay.io/ns/one:1&reg.io");
	append(file, 2, "quay.io/ns/two:2&reg.io/team");
	append(file, 3, "quay.io/ns/three:3&");
}

static void save(struct record_file *file)
{
	struct error err;
	if (!record_save(file, &err))
		fail_msg("%s", err.text);
}

/* Fails, with these words, and leaves nothing beside the record. */
static void expect_failure(struct record_file *file, const char *words)
{
	struct error err;
	struct stat info;
	assert_false(record_save(file, &err));
	assert_int_equal(err.kind, ERROR_IO);
	if (!strstr(err.text, words) || !strstr(err.text, record))
		fail_msg("%s", err.text);
	assert_true(lstat(beside(".image-syncer.tmp"), &info) != 0 || S_ISDIR(info.st_mode));
}

/* --- the text ------------------------------------------------------------------------------ */

static void test_lines(void **state)
{
	(void)state;
	scoped(record_close) struct record_file *file = opened();
	save(file);
	expect_content(record, "{\n}\n");
	three(file);
	expect_content(record, "{\n}\n");
	save(file);
	expect_content(record, "{" ONE "," TWO "," THREE "\n}\n");
	save(file);
	expect_content(record, "{" ONE "," TWO "," THREE "\n}\n");
	record_remove(file, 2);
	record_remove(file, 2);
	record_remove(file, 7);
	save(file);
	expect_content(record, "{" ONE "," THREE "\n}\n");
	append(file, 9, "quay.io/ns/two:2&reg.io/team");
	record_remove(file, 3);
	save(file);
	expect_content(record, "{" ONE "," TWO "\n}\n");
	record_remove(file, 1);
	record_remove(file, 9);
	save(file);
	expect_content(record, "{\n}\n");
	append(file, 10, "quay.io/ns/three:3&");
	save(file);
	expect_content(record, "{" THREE "\n}\n");
}

static void expect_keys(const char *content, const char *const *expected, size_t count)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err;
	struct str *keys;
	size_t found;
	put(record, content);
	scoped(record_close) struct record_file *file = opened();
	if (!record_read(file, arena, &keys, &found, &err))
		fail_msg("%s", err.text);
	assert_int_equal(found, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(keys[i].at, expected[i]);
}

/* What encoding/json of Go writes, and what people make of it. */
static void test_reading(void **state)
{
	static const char *const two[] = {"quay.io/ns/img:1.0&dst.io", "a.io/b/c:1&reg.io/team"};
	static const char *const odd[] = {"", "a\nb", "\xc3\xa4&", "x", "x"};
	(void)state;
	expect_keys("{\"quay.io/ns/img:1.0\\u0026dst.io\":0,\"a.io/b/c:1\\u0026reg.io/team\":12}",
		    two, 2);
	expect_keys(" {\"quay.io/ns/img:1.0&dst.io\" : null,\r\n\"a.io/b/c:1&reg.io/team\":[{}]}\n",
		    two, 2);
	expect_keys("{\"\":1.5e3,\"a\\nb\":\"0\",\"\xc3\xa4&\":{\"a\":true},\"x\":0,\"x\":1}", odd,
		    5);
	expect_keys("{}", NULL, 0);
}

static void test_no_file(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(record_close) struct record_file *file = opened();
	struct error err;
	struct str *keys;
	size_t count = 7;
	assert_true(record_read(file, arena, &keys, &count, &err));
	assert_int_equal(count, 0);
	assert_int_not_equal(access(record, F_OK), 0);
}

static void test_damage(void **state)
{
	static const struct {
		const char *content, *where;
	} damaged[] = {
		{"", ":1:1: "},
		{" \n", ":2:1: "},
		{"[]", ":1:1: expected a mapping, found a list"},
		{"null", ":1:1: expected a mapping, found null"},
		{"\n \"a\"", ":2:2: expected a mapping, found a string"},
		{"{", ":1:2: "},
		{"{\"a:1&b\":0,}", ":1:12: "},
		{"{\"a:1&b\":0}{}", ":1:12: "},
		{"{\"a:1&b\":0", ":1:11: "},
		{"{\"a:1&b\"}", ":1:9: "},
		{"{\"a\xff:1&b\":0}", ":1:4: "},
		{"{'a:1&b':0}", ":1:2: "},
		{"quay.io/ns/img:1.0&dst.io", ":1:1: "},
	};
	(void)state;
	for (size_t i = 0; i < array_count(damaged); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct error err;
		struct str *keys;
		size_t count;
		put(record, damaged[i].content);
		scoped(record_close) struct record_file *file = opened();
		assert_false(record_read(file, arena, &keys, &count, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_true(strncmp(err.text, record, strlen(record)) == 0);
		if (!strstr(err.text, damaged[i].where) || !strstr(err.text, "move it away"))
			fail_msg("\"%s\": %s", damaged[i].content, err.text);
		expect_content(record, damaged[i].content);
	}
}

/* Many lines, there and back. */
static void test_many(void **state)
{
	enum { MANY = 100000 };
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err;
	struct str *keys;
	size_t count;
	char key[96];
	{
		scoped(record_close) struct record_file *file = opened();
		for (unsigned i = 0; i < 2 * MANY; i++) {
			snprintf(key, sizeof(key), "registry.example.io/team/image-%u:1.%u&dst.io",
				 i, i);
			append(file, i, key);
		}
		save(file);
		for (unsigned i = 0; i < 2 * MANY; i += 2)
			record_remove(file, i);
		save(file);
	}
	scoped(record_close) struct record_file *file = opened();
	assert_true(record_read(file, arena, &keys, &count, &err));
	assert_int_equal(count, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		unsigned at = 2 * i + 1;
		snprintf(key, sizeof(key), "registry.example.io/team/image-%u:1.%u&dst.io", at, at);
		assert_string_equal(keys[i].at, key);
	}
}

static void test_escapes(void **state)
{
	static const char *const odd[] = {"a\"b\\c\n\t\x01\x7f&\xe2\x82\xac", "", "&"};
	(void)state;
	scoped(buf_finish) struct buf content = {0};
	{
		scoped(record_close) struct record_file *file = opened();
		for (size_t i = 0; i < array_count(odd); i++)
			append(file, i, odd[i]);
		save(file);
		struct error err;
		assert_true(file_read(record, &content, &err));
	}
	expect_keys(buf_string(&content), odd, array_count(odd));
}

/* --- the file ------------------------------------------------------------------------------ */

static void test_leftovers(void **state)
{
	struct stat info;
	(void)state;
	put(beside(".image-syncer.tmp"), "half");
	put(beside(".tmp"), "a user's");
	put(beside(".1.tmp"), "a user's");
	scoped(record_close) struct record_file *file = opened();
	assert_int_not_equal(access(beside(".image-syncer.tmp"), F_OK), 0);
	assert_int_equal(access(beside(".tmp"), F_OK), 0);
	assert_int_equal(access(beside(".1.tmp"), F_OK), 0);
	/* One that leads elsewhere goes, what it leads to stays. */
	put(beside(".other"), "kept");
	char other[160];
	snprintf(other, sizeof(other), "%s", beside(".other"));
	assert_int_equal(symlink(other, beside(".image-syncer.tmp")), 0);
	three(file);
	save(file);
	expect_content(other, "kept");
	assert_int_equal(lstat(record, &info), 0);
	assert_true(S_ISREG(info.st_mode));
	assert_int_not_equal(lstat(beside(".image-syncer.tmp"), &info), 0);
}

static void test_links_and_modes(void **state)
{
	struct stat info;
	char real[160];
	(void)state;
	snprintf(real, sizeof(real), "%s", beside(".real"));
	put(real, "{}");
	assert_int_equal(chmod(real, 0640), 0);
	assert_int_equal(symlink(real, record), 0);
	scoped(record_close) struct record_file *file = opened();
	three(file);
	save(file);
	assert_int_equal(lstat(record, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	assert_int_equal(lstat(real, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
	expect_content(real, "{" ONE "," TWO "," THREE "\n}\n");
}

static void test_what_is_no_file(void **state)
{
	struct record_file *file;
	struct error err;
	(void)state;
	assert_false(record_open("/dev/null", &file, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_false(record_open(folder, &file, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_false(record_open(beside("/no/such/folder"), &file, &err));
	assert_int_equal(err.kind, ERROR_IO);
	assert_null(file);
	assert_int_equal(mkfifo(record, 0600), 0);
	assert_false(record_open(record, &file, &err));
}

/* A folder in the place of the record, or of what a save writes: not even root gets past it. */
static void test_what_is_in_the_way(void **state)
{
	(void)state;
	scoped(record_close) struct record_file *file = opened();
	append(file, 1, "quay.io/ns/one:1&reg.io");
	assert_int_equal(mkdir(record, 0700), 0);
	expect_failure(file, "irectory");
	assert_int_equal(rmdir(record), 0);
	save(file);
	assert_int_equal(mkdir(beside(".image-syncer.tmp"), 0700), 0);
	append(file, 2, "quay.io/ns/two:2&reg.io/team");
	expect_failure(file, "irectory");
	expect_content(record, "{" ONE "\n}\n");
	assert_int_equal(rmdir(beside(".image-syncer.tmp")), 0);
	save(file);
	expect_content(record, "{" ONE "," TWO "\n}\n");
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The file may only become so long: the write ends in the middle. */
static void test_limit(void **state)
{
	(void)state;
	scoped(record_close) struct record_file *file = opened();
	append(file, 1, "quay.io/ns/one:1&reg.io");
	save(file);
	append(file, 2, "quay.io/ns/two:2&reg.io/team");
	signal(SIGXFSZ, SIG_IGN);
	limit_files(40);
	struct error err;
	bool saved = record_save(file, &err);
	limit_files(RLIM_INFINITY);
	assert_false(saved);
	assert_int_equal(err.kind, ERROR_IO);
	expect_content(record, "{" ONE "\n}\n");
	assert_int_not_equal(access(beside(".image-syncer.tmp"), F_OK), 0);
	save(file);
	expect_content(record, "{" ONE "," TWO "\n}\n");
}

enum { CANNOT = 77 };

/* In a process of its own: a small disk takes the place of the folder. */
static void on_a_small_disk(void)
{
	scoped(record_close) struct record_file *file = NULL;
	struct error err;
	char key[64];
	unsigned id = 0;
	int flags = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
	if (syscall(SYS_unshare, flags) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", folder, "tmpfs", 0, "size=64k") != 0)
		_exit(CANNOT);
	file = opened();
	append(file, id++, "quay.io/ns/one:1&reg.io");
	save(file);
	while (id < 3000) {
		snprintf(key, sizeof(key), "quay.io/ns/image-%u:1&reg.io", id);
		append(file, id++, key);
	}
	bool saved = record_save(file, &err);
	bool full = strstr(err.text, strerror(ENOSPC)) != NULL;
	expect_content(record, "{" ONE "\n}\n");
	while (id > 1)
		record_remove(file, --id);
	append(file, 5000, "quay.io/ns/two:2&reg.io/team");
	save(file);
	expect_content(record, "{" ONE "," TWO "\n}\n");
	_exit(saved || !full);
}

static void test_full_disk(void **state)
{
	int status;
	(void)state;
	pid_t child = fork();
	if (child == 0)
		on_a_small_disk();
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- the lock ------------------------------------------------------------------------------ */

static void hold(int ready)
{
	struct record_file *file;
	struct error err;
	bool opened_it = record_open(record, &file, &err);
	/* What is forked afterwards does not hold it. */
	if (opened_it && fork() == 0)
		for (;;)
			pause();
	if (write(ready, opened_it ? "1" : "0", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Another process has it, until it is killed. */
static void test_lock(void **state)
{
	int ready[2], status;
	struct record_file *file;
	struct error err;
	char opened_it = '0', pid[32];
	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		setpgid(0, 0);
		hold(ready[1]);
	}
	setpgid(child, child);
	close(ready[1]);
	assert_int_equal(read(ready[0], &opened_it, 1), 1);
	assert_int_equal(opened_it, '1');
	put(beside(".image-syncer.tmp"), "the other's");
	assert_false(record_open(record, &file, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	snprintf(pid, sizeof(pid), "process %ld", (long)child);
	assert_non_null(strstr(err.text, pid));
	expect_content(beside(".image-syncer.tmp"), "the other's");
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	file = opened();
	record_close(&file);
	kill(-child, SIGKILL);
	close(ready[0]);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(test_lines),
		in_a_folder(test_reading),
		in_a_folder(test_no_file),
		in_a_folder(test_damage),
		in_a_folder(test_many),
		in_a_folder(test_escapes),
		in_a_folder(test_leftovers),
		in_a_folder(test_links_and_modes),
		in_a_folder(test_what_is_no_file),
		in_a_folder(test_what_is_in_the_way),
		in_a_folder(test_limit),
		in_a_folder(test_full_disk),
		in_a_folder(test_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
