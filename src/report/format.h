/*
 * Numbers as people read them: sizes, durations, rates.
 *
 * The original's forms: 650B, 1.485kB, 45.38MB (decimal, at most 4
 * significant digits), 1.234s, 1m2.5s. Pure functions that write into the caller's array.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FORMAT_SIZE = 32 };

/* Bytes as a size; a negative number is written as 0B. */
void format_bytes(int64_t bytes, char text[FORMAT_SIZE]);
/* Bytes per second as "45.38MB/s". */
void format_rate(int64_t bytes_per_second, char text[FORMAT_SIZE]);
/* Milliseconds as 0s, 234ms, 1.234s, 1m2.5s, 1h0m3s. */
void format_duration(int64_t milliseconds, char text[FORMAT_SIZE]);
/* Milliseconds in whole seconds, for a running clock: 5s, 1m02s, 1h00m. */
void format_elapsed(int64_t milliseconds, char text[FORMAT_SIZE]);
/* bytes sent in milliseconds, as bytes per second; 0 when milliseconds is 0. */
int64_t format_average(int64_t bytes, int64_t milliseconds);
