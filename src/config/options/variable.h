/*
 * The environment variables that stand for options: those of kyma's image-syncer.
 *
 * Constant, so any thread may read it.
 */
#pragma once

#include <stddef.h>

struct variable {
	const char *name, *option;
};

extern const struct variable variable_table[];
extern const size_t variable_count;

/* The variable that stands for the option of that name; NULL when there is none. */
const char *variable_of(const char *option);
