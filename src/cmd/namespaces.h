/* Rules for namespaces become rules for repositories, once their registries have listed them. */
#pragma once

#include "cmd/run.h"

/*
 * Checks what load_run() has read of them: kinds of lists that nobody knows, and what would be
 * wrong with the rule of every repository, go to problems. Before the first request. False without
 * memory.
 */
bool namespaces_check(const struct run *run, struct problems *problems);
/*
 * Asks the registries, and adds the rules of all repositories to those of the run. A namespace
 * that cannot be listed, or has no repository, and two repositories with one destination are
 * reported as rules that failed; the others go on. False without memory.
 */
bool namespaces_expand(struct run *run);
