/* The proxies of the environment: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY. */
#pragma once

#include "config/problem.h"
#include "net/proxy.h"

/*
 * Reads the variables into *out; its strings live in arena. The name in lower case takes
 * precedence, an empty variable counts as not set, and ALL_PROXY is used in place of either of the
 * first two that is not set. Every password is registered as a secret, even if its variable is not
 * used. Malformed values go to problems.
 */
void proxy_variables_read(struct arena *arena, struct proxies *out, struct problems *problems);
