/*
 * What the names of two hosts say about whether one operator has both. Pure; hosts are as struct
 * url has them.
 */
#pragma once

#include <stdbool.h>

/*
 * True when host may issue the tokens of registry, so that it may get the registry's login: the
 * registry itself, a domain above it (gitlab.com for registry.gitlab.com), a name beside it that is
 * one of a token server (auth.example.com for registry.example.com), or one that is known to be
 * this registry's. Names below a domain where strangers can get names, such as co.uk or azurecr.io,
 * do not count as beside each other.
 */
bool operator_issues_tokens(const char *registry, const char *host);
/* True when host is the registry, any name beside it, or the domain above it. */
bool operator_neighbours(const char *registry, const char *host);
