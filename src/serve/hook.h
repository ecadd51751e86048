/* The hook: /images/sync/hook, whose answers to GET are those of the fork. */
#pragma once

#include "serve/asking.h"

void hook_serve(const struct asking *asking);
