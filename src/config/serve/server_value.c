/*
 * The fork reads its file with a library that turns "5" into 5 and a text into a list of one, and
 * files rely on that.
 */
#include "config/serve/server_value.h"

#include "base/secret.h"
#include "config/duration.h"
#include "config/limits.h"
#include "config/rules/prefix.h"

#include <string.h>

enum { QUOTE_MAX = 100, PORT_MAX = 65535, MINUTES_MAX = 60000, SOCKET_MAX = 107 };

bool server_value_fields(const struct fields_reading *reading, const struct field *field,
			 const struct node *value, const struct fields_table *table,
			 const struct node **values)
{
	for (size_t i = 0; i < table->count; i++)
		values[i] = NULL;
	if (!value || value->kind == NODE_NULL)
		return false;
	if (value->kind != NODE_MAP) {
		fields_complain(reading, value, "expected the fields of %s, found %s", field->name,
				node_kind_name(value->kind));
		return false;
	}
	fields_collect(reading, table, value, values);
	return true;
}

/* The text of a scalar, numbers of JSON included. Empty: it is absent, or no scalar. */
static struct str scalar(const struct fields_reading *reading, const struct field *field,
			 const struct node *value)
{
	struct str text = {0};
	if (value && value->kind == NODE_NUMBER)
		return value->text;
	return fields_text(reading, field, value, &text) ? str_trim(text) : (struct str){0};
}

/* A copy of the same; NULL for an empty one. */
static const char *scalar_copy(const struct fields_reading *reading, const struct field *field,
			       const struct node *value)
{
	struct str text = scalar(reading, field, value);
	const char *copy = text.len ? arena_copy(reading->arena, text.at, text.len) : NULL;
	if (text.len && !copy)
		fields_memory(reading);
	return copy;
}

void server_value_text(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, const char **out)
{
	const char *copy = scalar_copy(reading, field, value);
	if (copy)
		*out = copy;
}

/* --- numbers -------------------------------------------------------------------------------- */

static bool within(struct server_value_range range, int64_t number)
{
	return number >= range.least && number <= range.most;
}

void server_value_number(const struct fields_reading *reading, const struct field *field,
			 const struct node *value, struct server_value_range range, int64_t *out)
{
	int64_t number = 0;
	struct str text = scalar(reading, field, value);
	if (!text.len)
		return;
	if (str_to_int64(text, &number) && within(range, number))
		*out = number;
	else
		fields_complain(reading, value, "%s must be a whole number from %lld to %lld",
				field->name, (long long)range.least, (long long)range.most);
}

void server_value_size(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, struct server_value_range range, size_t *out)
{
	int64_t number = 0;
	struct str text = scalar(reading, field, value);
	if (!text.len)
		return;
	if (limits_size(text, &number) && within(range, number))
		*out = (size_t)number;
	else
		fields_complain(reading, value,
				"%s must be a number of bytes from %lld to %lld, as in 8192 or "
				"8KiB",
				field->name, (long long)range.least, (long long)range.most);
}

void server_value_time(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, int64_t *out)
{
	const char *text = scalar_copy(reading, field, value);
	unsigned seconds = duration_read(text);
	if (seconds)
		*out = seconds;
	else if (text)
		fields_complain(reading, value, "%s: %.*s: expected " DURATION_FORM, field->name,
				QUOTE_MAX, text);
}

void server_value_interval(const struct fields_reading *reading, const struct field *field,
			   const struct node *value, int64_t *out)
{
	int64_t minutes;
	const char *text = scalar_copy(reading, field, value);
	unsigned seconds = duration_read(text);
	if (text && str_to_int64(str_of(text), &minutes) && minutes <= MINUTES_MAX)
		*out = minutes * 60;
	else if (seconds)
		*out = seconds;
	else if (text)
		fields_complain(reading, value,
				"%s: %.*s: expected a number of minutes up to %d, or a time as in "
				"90s or 2h; 0: only right after a hook",
				field->name, QUOTE_MAX, text, MINUTES_MAX);
}

/* --- addresses ------------------------------------------------------------------------------ */

static bool is_port(struct str text)
{
	int64_t port;
	return str_to_int64(text, &port) && port <= PORT_MAX;
}

static bool consists_of(struct str text, const char *others)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		bool word =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!word && (!c || !strchr(others, c)))
			return false;
	}
	return true;
}

/* Only the shape: whether there is such an address is seen when it is listened on. */
static bool is_host(struct str text)
{
	if (!str_starts(text, "["))
		return consists_of(text, ".-");
	return text.len > 2 && str_ends(text, "]") &&
	       consists_of(str_head(str_from(text, 1), text.len - 2), ":.%");
}

static bool is_address(struct str text)
{
	size_t colon = text.len;
	if (str_starts(text, "unix:"))
		return text.len > 5 && text.len - 5 <= SOCKET_MAX;
	while (colon && text.at[colon - 1] != ':')
		colon--;
	return colon && is_host(str_head(text, colon - 1)) && is_port(str_from(text, colon));
}

void server_value_address(const struct fields_reading *reading, const struct field *field,
			  const struct node *value, const char **out)
{
	const char *text = scalar_copy(reading, field, value);
	if (!text)
		return;
	if (is_port(str_of(text)))
		text = arena_printf(reading->arena, ":%s", text);
	if (!text)
		fields_memory(reading);
	else if (is_address(str_of(text)))
		*out = text;
	else
		fields_complain(reading, value,
				"%s: %.*s: expected an address and a port, as in :8080, "
				"127.0.0.1:8080 or [::1]:8080, or a socket as in "
				"unix:/run/image-syncer.sock",
				field->name, QUOTE_MAX, text);
}

bool server_value_prefix(struct arena *arena, struct str text, struct reference *out,
			 struct error *err)
{
	struct str host = text;
	while (str_ends(host, "/"))
		host.len--;
	if (!str_equal_nocase(host, STR("docker.io")) &&
	    !str_equal_nocase(host, STR("index.docker.io")))
		return prefix_parse(arena, text, out, err);
	*out = (struct reference){.host = "docker.io", .repository = ""};
	return true;
}

/* --- lists ---------------------------------------------------------------------------------- */

/* An upper bound of what is in value. */
static size_t count_texts(const struct node *value)
{
	size_t count = 1 + value->count;
	for (size_t at = 0; at < value->text.len; at++)
		count += value->text.at[at] == ',';
	for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++)
		for (size_t at = 0; at < value->items[i]->text.len; at++)
			count += value->items[i]->text.at[at] == ',';
	return count;
}

static void add_texts(const struct fields_reading *reading, const struct field *field,
		      const struct node *value, struct placed *list, size_t *count)
{
	struct str text = scalar(reading, field, value), part;
	while (str_cut(&text, ',', &part)) {
		part = str_trim(part);
		if (!part.len)
			continue;
		struct placed *placed = &list[(*count)++];
		placed->place = fields_place(reading, value);
		placed->text = arena_copy(reading->arena, part.at, part.len);
		if (placed->text)
			continue;
		fields_memory(reading);
		--*count;
	}
}

void server_value_list(const struct fields_reading *reading, const struct field *field,
		       const struct node *value, const struct placed **out, size_t *count)
{
	*out = NULL;
	*count = 0;
	if (!value || value->kind == NODE_NULL)
		return;
	struct placed *list = arena_array(reading->arena, count_texts(value), sizeof(*list));
	if (!list) {
		fields_memory(reading);
		return;
	}
	*out = list;
	for (size_t i = 0; i < (value->kind == NODE_LIST ? value->count : 1); i++)
		add_texts(reading, field, fields_item(value, i), list, count);
}

/* --- variables ------------------------------------------------------------------------------ */

void server_value_expanded(const struct fields_reading *reading, const struct field *field,
			   const struct node *value, const struct expand_lookup *lookup,
			   const char **out)
{
	struct str text;
	struct error err = {0};
	const char *result;
	if (!fields_text(reading, field, value, &text) || !text.len)
		return;
	if (expand_text(reading->arena, text, EXPAND_CREDENTIAL, lookup, &result, &err))
		*out = result;
	else if (err.kind == ERROR_MEMORY)
		fields_memory(reading);
	else
		fields_complain(reading, value, "%s: %s", field->name, err.text);
}

bool server_value_secret(const struct fields_reading *reading, const struct field *field,
			 const struct node *value, const struct expand_lookup *lookup,
			 const char **out)
{
	const char *secret = NULL;
	server_value_expanded(reading, field, value, lookup, &secret);
	if (!secret)
		return false;
	secret_register(str_of(secret));
	*out = secret;
	return str_is(value->text, secret);
}
