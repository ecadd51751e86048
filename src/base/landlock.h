/*
 * Limits the files the process may open and the TCP ports it may connect to, to those of its run.
 *
 * The limits hold for the whole process and cannot be undone; they are set while there is one
 * thread. Limits that the kernel's version of Landlock lacks are left out. Programs built with a
 * sanitizer set none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct landlock_rules {
	const char *const *read; /* files and folders, ending with NULL; missing ones are skipped */
	const char *const *write; /* files for file_write(), ending with NULL */
	const char *const *fill;  /* folders in which anything is made, ending with NULL */
	const uint16_t *ports;    /* the ports of servers and proxies; NULL: any */
	size_t port_count;
};

/* What is limited. Ports may be left out, by an older kernel or by the caller. */
enum landlock_result { LANDLOCK_NOTHING, LANDLOCK_FILES, LANDLOCK_FILES_AND_PORTS };

/* With LANDLOCK_NOTHING errno says why. */
enum landlock_result landlock_confine(const struct landlock_rules *rules);
