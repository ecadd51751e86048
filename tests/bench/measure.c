/*
 * measure FILE PROGRAM ARGUMENT...: run a program and write what it took: wall seconds, CPU
 * seconds, peak resident bytes, exit status (128 + signal when one ended it).
 *
 * Small and in C, because a process begins with the peak of the one that started it: measured from
 * Python, nothing ever takes less than Python does.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int write_figures(const char *path, double wall, const struct rusage *usage, int code)
{
	FILE *out = fopen(path, "we");
	if (!out)
		return EXIT_FAILURE;
	fprintf(out, "%.6f %.6f %lld %d\n", wall,
		seconds(&usage->ru_utime) + seconds(&usage->ru_stime), usage->ru_maxrss * 1024LL,
		code);
	return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	pid_t pid;
	int status;
	if (argc < 3) {
		fputs("usage: measure FILE PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	double begin = now();
	if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid)
		return EXIT_FAILURE;
	double wall = now() - begin;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return write_figures(argv[1], wall, &usage, code);
}
