/*
 * Lists of tags that bring digests, which save a question for each tag (registry/known.h): where
 * one is asked for. That they cannot be had is no failure.
 */
#pragma once

#include "cmd/run.h"

/* Asks for what is worth it, on both sides, of a rule that was expanded. Any thread. */
void learning_rule(struct run *run, const struct expansion *expansion);
/*
 * The same for the repositories that many of run->lone are about, all in parallel. False without
 * memory.
 */
bool learning_lone(struct run *run);
