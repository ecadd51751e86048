/*
 * Which files the process may still open, and to which TCP ports it may connect: those of its run,
 * and no others.
 *
 * For the whole process, for good, called by the only thread before there are others. What the
 * kernel's version of Landlock does not know is left out. Programs built with a sanitizer do
 * nothing here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct landlock_rules {
	const char *const *read;  /* files and folders, NULL at the end; what is not there is
				     passed over */
	const char *const *write; /* for file_write(): files, and their folders where it needs
				     them; NULL at the end */
	const uint16_t *ports;    /* of servers and proxies */
	size_t port_count;
};

/* What the kernel could be asked for: each is asked for if the one before it is. */
enum landlock_result { LANDLOCK_NOTHING, LANDLOCK_FILES, LANDLOCK_FILES_AND_PORTS };

/* With LANDLOCK_NOTHING errno says why. */
enum landlock_result landlock_confine(const struct landlock_rules *rules);
