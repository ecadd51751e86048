/* Classes of a pattern: [a-z], [^\d_], [[:alpha:]]. One half of pattern_syntax. */
#pragma once

#include "plan/pattern_scan.h"

/* Translates the class whose [ is next and steps over it. */
bool pattern_class_translate(struct pattern_scan *scan);
