/* The repositories of registries as stores, each at its mirrors first. */
#pragma once

#include "registry/registry.h"
#include "store/store.h"

/* Opens repositories of the client, which must outlive all stores that come of it. */
struct stores registry_store_opener(struct registry *registry);
