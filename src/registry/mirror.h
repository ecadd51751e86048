/*
 * Mirrors of a source: other registries that are asked first. Private to registry/.
 *
 * A mirror is a registry of its own: it gets the login that is configured under its own name, or
 * none. What a mirror has not got, or cannot give, the next one is asked for and in the end the
 * registry itself. Any thread.
 *
 *	for (size_t i = 0; mirror_at(repository, i, &mirror); i++)
 *		if (work(&mirror, &failure))
 *			return true;
 *	return work(repository, err);
 */
#pragma once

#include "registry/registry.h"

/* The repository at its mirror number index. False: there are no more; a target has none. */
bool mirror_at(const struct repository *repository, size_t index, struct repository *out);
/* Says in the log that the next place is asked; reason NULL: the mirror has not got it. */
void mirror_passed(const struct repository *mirror, const struct error *reason);
/* Remembers that a mirror's copy of a blob was damaged. */
void mirror_distrust(const struct repository *repository, const char *digest);
/* True after that: the blob is to come from the registry itself. */
bool mirror_distrusted(const struct repository *repository, const char *digest);
