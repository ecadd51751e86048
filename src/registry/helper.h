/*
 * Docker's credential helpers: programs docker-credential-NAME that know logins. Private to
 * registry/.
 *
 * The helper gets "get" as its argument and the host on its standard input; it answers in JSON
 * within 30 seconds and 64 KiB.
 */
#pragma once

#include "registry/login.h"

/*
 * Asks the helper for host ("docker.io" is asked under the name docker logs in to). Fills the
 * zeroed *out, or leaves it empty when the helper has no login for the host. ERROR_CONFIG: there is
 * no such program, or it failed; the error quotes what it wrote.
 */
bool helper_get(const char *helper, const char *host, struct login *out, struct error *err);
/* Reads the helper's answer. ERROR_CORRUPT, which never quotes it. */
bool helper_parse(struct str text, struct login *out, struct error *err);
