/*
 * Single values of the server's file, in the forms that people write them in: a number may be
 * quoted, a list may be one text with commas. A value that is absent, null or empty leaves what is
 * there.
 */
#pragma once

#include "config/expand.h"
#include "config/fields.h"
#include "oci/reference.h"

/* A range of whole numbers, both ends included. */
struct server_value_range {
	int64_t least, most;
};

/*
 * Finds the fields of table in value, the mapping of field; values[i] is NULL for each that is not
 * there. False: value is absent or, with a problem added, no mapping.
 */
bool server_value_fields(const struct fields_reading *reading, const struct field *field,
			 const struct node *value, const struct fields_table *table,
			 const struct node **values);
/* A text in the reading's arena. */
void server_value_text(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, const char **out);
/* A whole number. */
void server_value_number(const struct fields_reading *reading, const struct field *field,
			 const struct node *value, struct server_value_range range, int64_t *out);
/* A number of bytes, as in 8192, 8k or 8KiB. */
void server_value_size(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, struct server_value_range range, size_t *out);
/* A length of time, in seconds. */
void server_value_time(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, int64_t *out);
/* A number of minutes, or a length of time; in seconds. */
void server_value_interval(const struct fields_reading *reading, const struct field *field,
			   const struct node *value, int64_t *out);
/* An address to listen on: host:port, a port alone, or unix:PATH. */
void server_value_address(const struct fields_reading *reading, const struct field *field,
			  const struct node *value, const char **out);
/*
 * One text or a list of them, each of which may hold several with commas between; blanks around
 * them are cut, and empty ones are left out. *out has *count items.
 */
void server_value_list(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, const struct placed **out, size_t *count);
/*
 * A text with its variables expanded. A secret is registered. True: it is one that is written in
 * the file itself.
 */
bool server_value_secret(const struct fields_reading *reading, const struct field *field,
			 const struct node *value, const struct expand_lookup *lookup,
			 const char **out);
/* The same for a text that is no secret. */
void server_value_expanded(const struct fields_reading *reading, const struct field *field,
			   const struct node *value, const struct expand_lookup *lookup,
			   const char **out);
/*
 * Parses "host" or "host/path", as prefix_parse() does, but docker.io may stand alone: what is
 * appended here has a namespace.
 */
bool server_value_prefix(struct arena *arena, struct str text, struct reference *out,
			 struct error *err);
