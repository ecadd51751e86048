/*
 * Limits that the process sets itself at its very start, so that an attacker gains less from a
 * mistake in it: no core dump and no tracer that could read secrets, no new privileges. Limits the
 * kernel does not support are left out. Programs built with a sanitizer set none, since sanitizers
 * need what they forbid. Files, ports and system calls are limited by landlock.h and seccomp.h.
 */
#pragma once

/* No core dumps, not dumpable, no new privileges. */
void harden_start(void);
