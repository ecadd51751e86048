/*
 * Limits the system calls of the process to those that copying images needs.
 *
 * The limit holds for the whole process and cannot be undone; it is set while there is one thread.
 * Any other call fails as if the kernel did not have it, and a line on stderr names it, once for
 * each call. Programs built with a sanitizer set no limit.
 */
#pragma once

#include <stdbool.h>

/* False: errno says why not. */
bool seccomp_confine(void);
