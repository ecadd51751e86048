/*
 * Which system calls the process may still make: those that a copy of images needs, and no others.
 *
 * For the whole process, for good, called by the only thread before there are others. What the list
 * does not have is refused as if the kernel had never known it, and a line on stderr names it, once
 * for each call. Programs built with a sanitizer do nothing here.
 */
#pragma once

#include <stdbool.h>

/* False: errno says why not. */
bool seccomp_confine(void);
