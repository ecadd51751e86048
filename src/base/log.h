/*
 * The log sink: one line per event on stderr or in a file, as text or as JSON.
 *
 * Every line passes secret_mask() and a sanitizer that makes control characters visible and breaks
 * up what a CI system would take for a command. While a terminal shows progress,
 * log_hook() lets the progress line step aside. Safe from any thread.
 */
#pragma once

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/*
 * Sends the log to stream (stderr at first), which stays the caller's; lines above level are
 * dropped. Lines that were held come first. A stream whose reader has stopped is given up, and
 * stderr says so.
 */
void log_open(FILE *stream, enum log_level level);
/* Keeps lines up to level in memory until log_open(), while their destination is not known. */
void log_hold(enum log_level level);
/* Reads "error", "warn", "info" or "debug"; false for anything else. */
bool log_level_named(const char *name, enum log_level *out);
/* Sets whether errors and warnings are coloured; at first they are not. */
void log_colour(bool wanted);
/* Sets whether each line is an object of JSON; at first it is text. */
void log_json(bool wanted);
bool log_is_json(void);
/* True when debug lines are wanted. */
bool log_debugging(void);
/* Milliseconds since the last line, or since the log was opened. */
int64_t log_quiet_ms(void);
/*
 * before(ctx) and after(ctx) are called around each line, under the sink's lock. NULL removes the
 * hook.
 */
void log_hook(void (*before)(void *ctx), void (*after)(void *ctx), void *ctx);

void log_error(const char *format, ...) printf_like(1, 2);
void log_warn(const char *format, ...) printf_like(1, 2);
void log_info(const char *format, ...) printf_like(1, 2);
void log_debug(const char *format, ...) printf_like(1, 2);

/* A member of a line in JSON. */
struct log_field {
	const char *name;
	const char *text; /* NULL: it is left out */
	bool number;      /* the text is one, and gets no quotes */
};

/* One line, which has count fields beside its message if it is JSON. */
void log_fields(enum log_level level, const struct log_field *fields, size_t count,
		const char *format, ...) printf_like(4, 5);

/*
 * Appends text made harmless for a log line or a terminal: secrets masked, control characters and
 * broken UTF-8 as \xNN, bidirectional overrides as \u{...}, "::" at the start and "##[" anywhere
 * broken up, cut to at most limit bytes (0: uncut). Without memory out is marked as failed.
 */
void log_clean(struct str text, size_t limit, struct buf *out);
