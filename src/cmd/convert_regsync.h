/* The rules of a translation as a file of regsync. */
#pragma once

#include "cmd/convert_rules.h"

/* Prints the file; what regsync cannot do goes to the problems of source. False without memory. */
bool convert_regsync(const struct convert_source *source);
