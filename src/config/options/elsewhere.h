/* What options of other programs, and words that people try first, are called here. */
#pragma once

#include "base/str.h"

/* What to write instead of an option called name, "use --insecure HOST"; NULL: nothing known. */
const char *elsewhere_advice(struct str name);
