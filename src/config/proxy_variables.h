/* The proxies of the environment: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY. */
#pragma once

#include "config/problem.h"
#include "net/proxy.h"

/*
 * Reads the variables into *out; its strings live in arena. In lower case they come first, an empty
 * one is not set, and ALL_PROXY stands in for one of the first two that is not set. Every password
 * is registered as a secret, also of a variable that is not used. What cannot be read goes to
 * problems.
 */
void proxy_variables_read(struct arena *arena, struct proxies *out, struct problems *problems);
