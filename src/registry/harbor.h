/*
 * Harbor's own API (version 2.0), as far as a push or a list needs it. For registry/ and discover/.
 */
#pragma once

#include "registry/request.h"

/*
 * Sets *found when the server says that it is Harbor, and leaves it alone when it cannot be asked.
 * False: it could not be reached.
 */
bool harbor_answers(const struct repository *repository, bool *found, struct error *err);
/* True when a refusal of the distribution API says that there is no such project. */
bool harbor_lacks_project(const struct http_answer *answer);
/* Creates a private project. One that exists by now is fine. ERROR_DENIED: this login may not. */
bool harbor_create(const struct repository *repository, struct str project, struct error *err);
