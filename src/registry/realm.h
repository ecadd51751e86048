/*
 * The server that issues the tokens of a registry, to be asked for something else than tokens.
 *
 * The registry names that server, so the rules for tokens hold: it gets the registry's login only
 * if it is of the same operator, or if the auth file says so (token-server). Private to registry/.
 */
#pragma once

#include "registry/registry.h"

/*
 * Sets *url to the URL at which the registry has its tokens issued, asking the registry without a
 * login if that is not known yet. Its text is NULL when the registry asks for no tokens.
 */
bool realm_find(const struct repository *repository, struct arena *arena, struct url *url,
		struct error *err);
/*
 * Sets *out to repository at the server of url, with its login. ERROR_REFUSED: that server may not
 * get it.
 */
bool realm_open(const struct repository *repository, const struct url *url, struct repository *out,
		struct error *err);
