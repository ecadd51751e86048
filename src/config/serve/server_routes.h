/* Reads the routes of hooks: registry.reg of the server's file. */
#pragma once

#include "config/fields.h"
#include "config/serve/server_file.h"

/*
 * Reads the value of registry into out->routes: one for each source, namespace and destination, in
 * the order of the file, each once. What can never match is left out with a warning, and there is a
 * warning for each route whose images may meet those of another one.
 */
void server_routes_read(const struct fields_reading *reading, const struct field *field,
			const struct node *value, struct server_config *out);
