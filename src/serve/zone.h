/* The time zone of the process: which times are meant, and which the log shows. */
#pragma once

#include "base/error.h"

/*
 * Takes UTC, an offset as in +02:00, a name as in Europe/Berlin, whose file must be there, or a TZ
 * string of POSIX as in CET-1CEST,M3.5.0,M10.5.0/3; a colon in front is passed over. Before there
 * are threads. ERROR_CONFIG: it is none of these, or this system lacks the file; then nothing is
 * changed.
 */
bool zone_set(const char *text, struct error *err);
