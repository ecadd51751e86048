/*
 * The server is killed before and after each of its system calls. Whatever is left is the old or
 * the new record, and what was answered is in it. Before each answer the record was synced, took
 * the old one's place, and its folder was synced: what a loss of power would need.
 */
#include "serve/record.h"
#include "test_queue_hooks.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { NOW = 1000000, OLD = 2, NAMED = 7, KEYS = OLD + NAMED, CANNOT = 77, STOPS_MOST = 5000 };

static const char before[] = "{\"quay.io/ns/i0:t\\u0026d\":3,\"quay.io/ns/i1:t\\u0026d\":0}";

/* What the server tells: an answer, or that an entry is confirmed and may leave the record. */
enum { ANSWER = 'a', CONFIRMED = 'A' };

/* --- the server ---------------------------------------------------------------------------- */

struct told {
	int pipe;
	unsigned number;
	struct answers *answers;
};

static void tell(int pipe, int what, unsigned number)
{
	char byte = (char)(what + (int)number);
	if (write(pipe, &byte, 1) != 1)
		_exit(1);
}

static void tell_answer(void *ctx, bool written)
{
	struct told *told = ctx;
	if (written)
		tell(told->pipe, ANSWER, told->number);
	count_answer(told->answers, written);
}

static void add(struct queue *queue, struct told *told)
{
	char source[32];
	snprintf(source, sizeof(source), "quay.io/ns/i%u", told->number);
	const struct queue_item item = {source, "t", "d"};
	if (queue_add(queue, &item, 1, tell_answer, told) != QUEUE_TAKEN)
		_exit(1);
}

static void confirm(struct queue *queue, int pipe, size_t count)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct queue_entry *list;
	if (!queue_take(queue, NOW, true, count, arena, &list, &count))
		_exit(1);
	for (size_t i = 0; i < count; i++) {
		tell(pipe, CONFIRMED, (unsigned)(list[i].item.source[12] - '0'));
		queue_settle(queue, list[i].id, QUEUE_DONE, NULL, NOW);
	}
}

/* One hook, three at once, some that are confirmed, and the end with what is left. */
static void serve(int pipe)
{
	static struct answers answers = NO_ANSWERS;
	struct told told[KEYS];
	struct queue *queue;
	struct error err;
	/* Answers have a number of their own for the same pipe. */
	int other = dup(pipe);
	for (unsigned i = 0; i < KEYS; i++)
		told[i] = (struct told){pipe, i, &answers};
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(CANNOT);
	raise(SIGSTOP);
	if (!queue_open(&(struct queue_options){record, 99}, &queue, &err) ||
	    !queue_start(queue, &err))
		_exit(1);
	add(queue, &told[2]);
	await_answers(&answers, 1);
	for (unsigned i = 3; i < 6; i++)
		add(queue, &told[i]);
	await_answers(&answers, 4);
	confirm(queue, other, 1);
	add(queue, &told[6]);
	await_answers(&answers, 5);
	confirm(queue, other, 3);
	add(queue, &told[7]);
	add(queue, &told[8]);
	queue_free(&queue);
	_exit(0);
}

/* --- its end ------------------------------------------------------------------------------- */

struct traced {
	pid_t server;
	int pipe; /* the server's end: its number is the same in both processes */
	unsigned stops, kill_at;
	bool over;
	int status;
	/* renames, and how many syncs since the last one or since the file was made */
	unsigned synced, renamed;
	bool syncing;
};

/* Follows what a system call means for the record. */
static void follow(struct traced *traced, pid_t thread)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && traced->syncing && info.exit.rval == 0) {
		traced->synced++;
		traced->syncing = false;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	switch (info.entry.nr) {
	case SYS_fsync:
		traced->syncing = true;
		break;
	case SYS_renameat:
#ifdef SYS_renameat2
	case SYS_renameat2:
#endif
		assert_int_equal(traced->synced, 1);
		traced->renamed++;
		traced->synced = 0;
		break;
	case SYS_openat:
		if (info.entry.args[2] & O_CREAT)
			traced->synced = 0;
		break;
	case SYS_write:
		if ((int)info.entry.args[0] == traced->pipe)
			assert_int_equal(traced->synced, 1);
		break;
	}
}

/* Each stop of each thread, until the server is killed or ends. */
static void trace(struct traced *traced)
{
	int status;
	pid_t thread;
	while ((thread = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			traced->over |= thread == traced->server;
			if (thread == traced->server)
				traced->status = status;
			continue;
		}
		int number = WSTOPSIG(status), deliver = 0;
		if (number == (SIGTRAP | 0x80)) {
			if (++traced->stops == traced->kill_at)
				kill(traced->server, SIGKILL);
			else
				follow(traced, thread);
		} else if (number != SIGTRAP && number != SIGSTOP) {
			deliver = number;
		}
		(void)ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)deliver);
	}
}

static bool begin(struct traced *traced, int ends[2])
{
	int status;
	if (pipe(ends) != 0)
		return false;
	traced->pipe = ends[1];
	traced->server = fork();
	if (traced->server == 0)
		serve(ends[1]);
	close(ends[1]);
	assert_int_equal(waitpid(traced->server, &status, 0), traced->server);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		return false;
	assert_true(WIFSTOPPED(status));
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, traced->server, NULL, (void *)options), 0);
	assert_int_equal(ptrace(PTRACE_SYSCALL, traced->server, NULL, NULL), 0);
	return true;
}

/* --- what is left -------------------------------------------------------------------------- */

static void expect_whole(void)
{
	scoped(buf_finish) struct buf content = {0};
	struct error err;
	assert_true(file_read(record, &content, &err));
	if (strcmp(buf_string(&content), before) != 0 &&
	    (!str_starts(buf_str(&content), "{\n") || !str_ends(buf_str(&content), "\n}\n")))
		fail_msg("neither old nor new: %s", buf_string(&content));
}

static void expect_nothing_beside(void)
{
	DIR *open = opendir(folder);
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open));)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "images.json") != 0 &&
		    strcmp(entry->d_name, "images.json.lock") != 0)
			fail_msg("%s is left over", entry->d_name);
	closedir(open);
}

/* The keys are those that were there or were answered, in order of arrival. */
static void expect_keys(const bool *answered, const bool *confirmed, unsigned at)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct record_file *file;
	struct error err;
	struct str *keys;
	size_t count;
	bool there[KEYS] = {false};
	int last = -1;
	if (!record_open(record, &file, &err) || !record_read(file, arena, &keys, &count, &err))
		fail_msg("stop %u: %s", at, err.text);
	record_close(&file);
	for (size_t i = 0; i < count; i++) {
		assert_true(str_starts(keys[i], "quay.io/ns/i") && str_ends(keys[i], ":t&d"));
		int number = keys[i].at[12] - '0';
		assert_in_range(number, 0, KEYS - 1);
		assert_true(number > last);
		there[number] = true;
		last = number;
	}
	for (unsigned i = 0; i < KEYS; i++)
		if ((answered[i] || i < OLD) && !confirmed[i] && !there[i])
			fail_msg("killed at stop %u: entry %u is lost", at, i);
}

static void check(int pipe, unsigned at)
{
	bool answered[KEYS] = {false}, confirmed[KEYS] = {false};
	char byte;
	while (read(pipe, &byte, 1) == 1) {
		int number = byte >= ANSWER ? byte - ANSWER : byte - CONFIRMED;
		assert_in_range(number, 0, KEYS - 1);
		*(byte >= ANSWER ? &answered[number] : &confirmed[number]) = true;
	}
	expect_whole();
	expect_keys(answered, confirmed, at);
	expect_nothing_beside();
	if (at)
		return;
	for (unsigned i = OLD; i < KEYS; i++)
		assert_true(answered[i]);
}

/* Kills it at this stop; false when it ended before. at 0: never. */
static bool kill_at(unsigned at, unsigned *stops)
{
	struct traced traced = {.kill_at = at};
	int ends[2];
	put(record, before);
	if (!begin(&traced, ends))
		skip();
	trace(&traced);
	assert_true(traced.over);
	bool killed = WIFSIGNALED(traced.status);
	if (!killed)
		assert_int_equal(WEXITSTATUS(traced.status), 0);
	if (!at)
		assert_true(traced.renamed >= 4);
	check(ends[0], killed ? at : 0);
	close(ends[0]);
	*stops = traced.stops;
	return killed;
}

static void test_every_call(void **state)
{
	unsigned stops, at = 1;
	(void)state;
	assert_false(kill_at(0, &stops));
	assert_true(stops > 100);
	while (at < STOPS_MOST && kill_at(at, &stops))
		at++;
	assert_in_range(at, 100, STOPS_MOST - 1);
	print_message("killed at %u stops\n", at - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_call, make_folder, remove_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
