/*
 * What a process can do about itself, so that a mistake in it is worth less: no core dump and no
 * tracer that could read secrets, no new privileges, fewer system calls, fewer
 * files.
 *
 * All of it is for the whole process and lasts; what the kernel does not have is done without.
 * Everything is called by the only thread, before there are others. Programs built with a sanitizer
 * do nothing here, since sanitizers need what is taken away.
 */
#pragma once

#include <stdbool.h>

/* No core dumps, not dumpable, no new privileges. At the start. */
void harden_start(void);
/*
 * Refuses system calls that this program never makes and an intruder would. programs: other
 * programs are started (credential helpers), and get the same filter. False: errno says why not.
 */
bool harden_calls(bool programs);
/* Refuses all files but those given. False: errno says why not. */
struct harden_files {
	const char *const *read; /* files and folders; those that are not there are passed over */
	const char *const
		*write; /* for file_write(): files, and their folders where it needs them */
};
/* Both lists end with NULL. */
bool harden_files(const struct harden_files *files);
