/* The rules of a translation as a file of skopeo sync. */
#pragma once

#include "cmd/convert_rules.h"

/*
 * Prints the file, and to the notes the command that it is for; what skopeo cannot do goes to the
 * problems of source. False without memory.
 */
bool convert_skopeo(const struct convert_source *source);
