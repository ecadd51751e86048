/*
 * The web page of a repository, for registries that have such pages under stable addresses.
 *
 * Pure, without requests: registries are known by their names.
 */
#pragma once

#include "base/buf.h"
#include "plan/task.h"

/* Appends the address of the repository's page; false, and nothing appended: none is known. */
bool package_page(const struct reference *name, struct buf *out);
