/* Lengths of time as people write them. */
#pragma once

/* What a message says is expected. */
#define DURATION_FORM "a time of at most 1000 hours, as in 90s or 5h30m"

/* The seconds of "5h30m" or "90s", from 1 to 1000 hours; 0: text is NULL or malformed. */
unsigned duration_read(const char *text);
