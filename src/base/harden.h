/*
 * What a process can do about itself at its very start, so that a mistake in it is worth less: no
 * core dump and no tracer that could read secrets, no new privileges. What the kernel does not have
 * is done without. Programs built with a sanitizer do nothing here, since sanitizers need what is
 * taken away. Which files, ports and system calls are left is for landlock.h and seccomp.h.
 */
#pragma once

/* No core dumps, not dumpable, no new privileges. */
void harden_start(void);
