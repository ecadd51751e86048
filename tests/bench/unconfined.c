/*
 * unconfined PROGRAM ARGUMENT...: run a program on a kernel that seems to lack seccomp and Landlock.
 *
 * valgrind does its own work in the process that it runs, with calls that the program under it gives
 * up. What the kernel lacks the program does without, so the binary of a release can be counted as it
 * is. A filter of this process, which those of exec inherit, answers in the place of the kernel.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))

static struct sock_filter filter[] = {
	LOAD(nr),
	SKIP_UNLESS(SYS_landlock_create_ruleset, 1),
	ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
	SKIP_UNLESS(SYS_prctl, 3),
	LOAD(args[0]),
	SKIP_UNLESS(PR_SET_SECCOMP, 1),
	ANSWER(SECCOMP_RET_ERRNO | EINVAL),
	ANSWER(SECCOMP_RET_ALLOW),
};

int main(int argc, char **argv)
{
	const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
	if (argc < 2) {
		fputs("usage: unconfined PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
		perror("unconfined: seccomp");
		return 127;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
