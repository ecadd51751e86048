/* The repositories of registries as stores; those of a source are read from its mirrors first. */
#pragma once

#include "registry/registry.h"
#include "store/store.h"

/* Opens repositories with the client, which must outlive all stores that it opens. */
struct stores registry_store_opener(struct registry *registry);
