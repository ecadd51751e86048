/* Events of registries: /events/KIND, or /events/KIND/SECRET. */
#pragma once

#include "serve/asking.h"

/* What all their paths begin with. */
extern const char event_path[];

/* Whether the sender of an event shows that it knows the secret of its kind. */
bool event_proves(const struct asking *asking);
void event_serve(const struct asking *asking);
