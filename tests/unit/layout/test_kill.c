/*
 * A copy to a folder is killed before each of its system calls that changes something on the disk,
 * and after the last one: that is every state in which it can be killed. Whatever is left is a
 * valid layout, in which the tag is the old or the new image with all its parts; a run after that
 * finishes the work and leaves nothing over. Before index.json is replaced, it and the folders of
 * blobs were synced: what a loss of power would need.
 */
#include "test_layout_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { CANNOT = 77, STOPS_MOST = 5000, STOPS_LEAST = 30 };

static struct picture pictures[3]; /* the old one, the new one, and one of another layout */

/* --- the copy ------------------------------------------------------------------------------- */

/* Copies to two layouts: the second one has a blob of the first, which it takes over. */
static bool copy_all(struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	const struct store *first = store_in(layouts, "a/app", arena, true);
	const struct store *second = store_in(layouts, "a/other", arena, true);
	return copy_picture(first, &pictures[1], "v1", err) &&
	       copy_picture(second, &pictures[1], "v1", err);
}

static void begin_again(bool old)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	struct error err;
	char path[96];
	snprintf(path, sizeof(path), "%s/a", base);
	(void)remove_all(path);
	if (old && !copy_picture(store_in(layouts, "a/app", arena, true), &pictures[0], "v1", &err))
		fail_msg("%s", err.text);
}

/* --- its end -------------------------------------------------------------------------------- */

struct traced {
	pid_t child;
	unsigned stops, kill_at, synced, renamed;
	bool over;
	int status;
};

/* Nothing gets its name before it is on disk. */
static void follow(struct traced *traced)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, traced->child, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	switch (info.entry.nr) {
	case SYS_fsync:
		traced->synced++;
		return;
	case SYS_openat:
		if (!(info.entry.args[2] & O_CREAT))
			return;
		traced->synced = 0;
		break;
	case SYS_renameat:
	case SYS_renameat2:
		assert_true(traced->synced > 0);
		traced->renamed++;
		break;
	case SYS_mkdirat:
	case SYS_write:
	case SYS_linkat:
	case SYS_unlinkat:
	case SYS_exit_group:
		break;
	default:
		return;
	}
	if (++traced->stops == traced->kill_at)
		kill(traced->child, SIGKILL);
}

static void trace(struct traced *traced)
{
	int status;
	while (waitpid(traced->child, &status, 0) == traced->child) {
		if (!WIFSTOPPED(status)) {
			traced->over = true;
			traced->status = status;
			return;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			follow(traced);
		(void)ptrace(PTRACE_SYSCALL, traced->child, NULL, NULL);
	}
}

static void run_child(void)
{
	struct error err;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(CANNOT);
	raise(SIGSTOP);
	_exit(copy_all(&err) ? 0 : 1);
}

static bool begin(struct traced *traced)
{
	int status;
	traced->child = fork();
	if (traced->child == 0)
		run_child();
	assert_int_equal(waitpid(traced->child, &status, 0), traced->child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		return false;
	assert_true(WIFSTOPPED(status));
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, traced->child, NULL, (void *)options), 0);
	return ptrace(PTRACE_SYSCALL, traced->child, NULL, NULL) == 0;
}

/* --- what is left --------------------------------------------------------------------------- */

/* The tag of a layout; NULL: there is no such layout, or no such tag. */
static const char *tag_of(const char *name, struct arena *arena)
{
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	const struct store *store = store_in(layouts, name, arena, true);
	return whole_image(store, "v1", pictures, array_count(pictures), arena);
}

static unsigned drafts, files;

static int count_file(const char *path, const struct stat *info, int type, struct FTW *way)
{
	(void)info;
	files += type == FTW_F;
	drafts += type == FTW_F && path[way->base] == '.';
	return 0;
}

static void count_files(void)
{
	char path[96];
	drafts = files = 0;
	snprintf(path, sizeof(path), "%s/a", base);
	(void)nftw(path, count_file, 16, FTW_PHYS);
}

static void check(bool old, bool killed, unsigned at)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *held = tag_of("a/app", arena), *other = tag_of("a/other", arena);
	struct error err;
	bool is_old = held && strcmp(held, pictures[0].digest) == 0;
	bool is_new = held && strcmp(held, pictures[1].digest) == 0;
	if (killed ? (old ? !is_old && !is_new : held && !is_new) : !is_new || !other)
		fail_msg("killed at stop %u: the tag is %s", at, held ? held : "not there");
	if (!copy_all(&err))
		fail_msg("after a kill at stop %u: %s", at, err.text);
	assert_string_equal(tag_of("a/app", arena), pictures[1].digest);
	assert_string_equal(tag_of("a/other", arena), pictures[1].digest);
	count_files();
	/* Two files and three blobs in each; those of the old image stay. */
	assert_int_equal(drafts, 0);
	assert_int_equal(files, old ? 13 : 10);
}

static bool kill_at(bool old, unsigned at)
{
	struct traced traced = {.kill_at = at};
	begin_again(old);
	if (!begin(&traced))
		skip();
	trace(&traced);
	assert_true(traced.over);
	bool killed = WIFSIGNALED(traced.status);
	if (!killed)
		assert_int_equal(WEXITSTATUS(traced.status), 0);
	if (!killed && !at)
		assert_true(traced.renamed >= 5);
	check(old, killed, at);
	return killed;
}

static void every_call(bool old)
{
	unsigned at = 1;
	assert_false(kill_at(old, 0));
	while (at < STOPS_MOST && kill_at(old, at))
		at++;
	assert_in_range(at, STOPS_LEAST, STOPS_MOST - 1);
	print_message("killed at %u stops\n", at - 1);
}

static void test_a_new_folder(void **state)
{
	(void)state;
	every_call(false);
}

static void test_a_tag_that_moves(void **state)
{
	(void)state;
	every_call(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_new_folder, make_base, remove_base),
		cmocka_unit_test_setup_teardown(test_a_tag_that_moves, make_base, remove_base),
	};
	make_picture("old", &pictures[0]);
	make_picture("new", &pictures[1]);
	make_picture("other", &pictures[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
