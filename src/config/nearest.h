/* "Did you mean": finds the known word that a mistyped one most likely stands for. */
#pragma once

#include "base/str.h"

/* The word of words with the fewest edits to text, or NULL when none is near enough. */
const char *nearest_word(struct str text, const char *const *words, size_t count);
