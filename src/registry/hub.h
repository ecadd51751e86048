/*
 * Docker Hub's own API, on a host of its own, as far as a list or a removal needs it. For registry/
 * and discover/. Any thread.
 */
#pragma once

#include "registry/registry.h"

/* The host of the API of a registry: docker.io has another one for it. */
const char *hub_api(const char *host);
/*
 * Exchanges the login of the registry for a token of the API, in arena. *token NULL: there is no
 * login, or the API takes none.
 */
bool hub_login(const struct repository *registry, const struct repository *api, struct arena *arena,
	       const char **token, struct error *err);
/* Removes a tag; see remove_manifest(). Manifests are kept: the API has no removal for them. */
bool hub_remove(const struct repository *repository, const char *reference, enum store_removal *out,
		struct error *err);
