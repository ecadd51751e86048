/* Tests in processes of their own, since there is one request to stop in each. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

static inline int end_of(pid_t child)
{
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Of a program whose lines are counted. */
void __gcov_dump(void) __attribute__((weak));

/* Begins a process that ends with what body() returns. */
static inline pid_t in_child(int (*body)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (!child) {
		int status = body();
		if (__gcov_dump)
			__gcov_dump();
		_exit(status);
	}
	return child;
}
