/* Merge keys of YAML 1.1 (yaml.org/type/merge): `<<: *defaults` in a mapping. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "doc/node.h"

/*
 * Replaces the pair of a plain key << in map by the pairs of its value, a mapping or a list of
 * mappings, without those whose key is already in the map or in an earlier mapping; the nodes are
 * shared. ERROR_CONFIG with "line:column: what is wrong", ERROR_MEMORY.
 */
bool yaml_merge(struct arena *arena, struct node *map, struct error *err);
