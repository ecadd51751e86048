/* Lengths of time as people write them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a message says is expected. */
#define DURATION_FORM "a time of at most 1000 hours, as in 90s or 5h30m"

/* The seconds of "5h30m" or "90s", from 1 to 1000 hours; 0: text is NULL or malformed. */
unsigned duration_read(const char *text);

#define DURATION_AGE_FORM "an age of at most 1000 weeks, as in 7d, 12h or 1w3d, or 0 for none"

/* The seconds of "7d", "1w3d" or "36h"; 0 for "0". False: text is malformed, or longer. */
bool duration_read_age(const char *text, int64_t *out);
