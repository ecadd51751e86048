/* Reads what the server's file says of the events that registries send. */
#pragma once

#include "config/fields.h"
#include "config/serve/server_file.h"

/*
 * Reads the value of events into out->events, in the order of the kinds. Returns the node of a
 * secret that is written in the file itself, or NULL.
 */
const struct node *server_events_read(const struct fields_reading *reading,
				      const struct field *field, const struct node *value,
				      const struct expand_lookup *lookup,
				      struct server_config *out);
