/*
 * scoped(x_finish) on a variable calls x_finish(&variable) when its scope ends.
 *
 * Every handle of this program can be closed in its zeroed state, so a scoped variable is declared
 * with an initialiser and needs no further thought on any way out of the function. Heap handles
 * have x_free(struct x **) or x_close(struct x **), which also set the pointer to NULL.
 */
#pragma once

#define scoped(finish) __attribute__((cleanup(finish)))
#define printf_like(text, first) __attribute__((format(printf, text, first)))

/* Number of elements of a true array. */
#define array_count(array) (sizeof(array) / sizeof((array)[0]))
