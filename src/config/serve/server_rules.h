/* The routes of hooks as rules, so that they are planned, checked and copied as all others. */
#pragma once

#include "config/rules/rule.h"
#include "config/serve/server_file.h"

/*
 * Adds to rules one for each route, for the namespace that it takes images from, with its route
 * set. Nobody lists that namespace: single images of it are copied when a hook names them. False
 * without memory.
 */
bool server_rules_add(struct arena *arena, const struct server_config *server, struct rules *rules);
