/*
 * Each entry is read field by field through a table of names, so that one walk finds unknown names,
 * names given twice in different cases (JSON takes any case, as the original does) and the values.
 * Messages never contain a value of this file.
 */
#include "config/auth_file.h"

#include "base/secret.h"
#include "config/nearest.h"

#include <string.h>

enum field { USERNAME, PASSWORD, INSECURE, EXPANDENV, DISABLEEXPANDENV, FIELDS };

static const char *const names[FIELDS] = {
	[USERNAME] = "username",
	[PASSWORD] = "password",
	[INSECURE] = "insecure",
	[EXPANDENV] = "expandenv",
	[DISABLEEXPANDENV] = "disableexpandenv",
};

struct reading {
	struct arena *arena;
	const struct document *document;
	const struct expand_lookup *lookup;
	struct problems *problems;
};

/* One entry: its key and what stands in its fields. */
struct entry {
	struct str key;
	const struct node *values[FIELDS]; /* NULL: not given */
};

static const char *place_of(const struct reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

static void warn_unknown(const struct reading *reading, const struct node *name, struct str key)
{
	const char *near = nearest_word(name->text, names, FIELDS);
	problem_warn(reading->problems, place_of(reading, name),
		     "%.*s: unknown field \"%.*s\" is ignored%s%s%s", STR_ARGS(key),
		     STR_ARGS(name->text), near ? ": did you mean " : "", near ? near : "",
		     near ? "?" : "");
}

/* The number of the field called name, or FIELDS. */
static size_t find_field(const struct reading *reading, struct str name)
{
	size_t field = 0;
	for (; field < FIELDS; field++) {
		struct str known = str_of(names[field]);
		if (reading->document->json ? str_equal_nocase(name, known)
					    : str_equal(name, known))
			break;
	}
	return field;
}

static void collect_fields(const struct reading *reading, const struct node *map,
			   struct entry *entry)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct node *name = map->keys[i];
		size_t field = find_field(reading, name->text);
		if (field == FIELDS)
			warn_unknown(reading, name, entry->key);
		else if (entry->values[field])
			problem_add(reading->problems, place_of(reading, name),
				    "%.*s: %s is given twice: keep one", STR_ARGS(entry->key),
				    names[field]);
		else
			entry->values[field] = map->items[i];
	}
}

/* YAML takes any scalar as written, JSON strings only; null means not given in both. */
static bool read_text(const struct reading *reading, const struct entry *entry, enum field field,
		      struct str *out)
{
	const struct node *value = entry->values[field];
	*out = (struct str){0};
	if (!value || value->kind == NODE_NULL)
		return true;
	bool scalar = value->kind != NODE_LIST && value->kind != NODE_MAP;
	*out = value->text;
	if (value->kind == NODE_STRING || (scalar && !reading->document->json))
		return true;
	problem_add(reading->problems, place_of(reading, value),
		    "%.*s: %s is %s: it must be a string", STR_ARGS(entry->key), names[field],
		    node_kind_name(value->kind));
	return false;
}

static bool read_switch(const struct reading *reading, const struct entry *entry, enum field field,
			bool fallback)
{
	const struct node *value = entry->values[field];
	if (!value || value->kind == NODE_NULL)
		return fallback;
	if (value->kind == NODE_BOOL)
		return value->truth;
	problem_add(reading->problems, place_of(reading, value),
		    "%.*s: %s is %s: write true or false, without quotes", STR_ARGS(entry->key),
		    names[field], node_kind_name(value->kind));
	return fallback;
}

/* The text of field with its variables expanded; NULL when empty or wrong. */
static const char *read_secret(const struct reading *reading, const struct entry *entry,
			       enum field field, bool expand)
{
	struct str text;
	const char *result = NULL;
	struct error err = {0};
	if (!read_text(reading, entry, field, &text) || !text.len)
		return NULL;
	bool good = true;
	if (expand) {
		good = expand_text(reading->arena, text, EXPAND_CREDENTIAL, reading->lookup,
				   &result, &err);
	} else {
		result = arena_copy(reading->arena, text.at, text.len);
		good = result || error_memory(&err);
	}
	if (!good)
		problem_add(reading->problems, place_of(reading, entry->values[field]),
			    "%.*s: %s: %s", STR_ARGS(entry->key), names[field], err.text);
	return good ? result : NULL;
}

static void read_login(const struct reading *reading, const struct entry *entry,
		       struct credential *out)
{
	size_t before = reading->problems->error_count;
	bool disabled = read_switch(reading, entry, DISABLEEXPANDENV, false);
	bool expand = read_switch(reading, entry, EXPANDENV, !disabled);
	out->username = read_secret(reading, entry, USERNAME, expand);
	out->password = read_secret(reading, entry, PASSWORD, expand);
	if (out->username && out->password)
		secret_register_basic(str_of(out->username), str_of(out->password));
	else if (out->password)
		secret_register(str_of(out->password));
	if (reading->problems->error_count > before || !out->username == !out->password)
		return;
	problem_add(reading->problems, out->place,
		    "%.*s: %s is given without %s: give both, or none for anonymous access",
		    STR_ARGS(entry->key), out->username ? "username" : "password",
		    out->username ? "password" : "username");
}

/* The key with its host, the part up to the first slash behind a scheme, in lower case. */
static struct str lower_host(struct arena *arena, struct str key)
{
	char *copy = arena_copy(arena, key.at, key.len);
	if (!copy)
		return (struct str){0};
	char *scheme = strstr(copy, "://");
	char *at = scheme ? scheme + 3 : copy;
	for (; *at && *at != '/'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return (struct str){copy, key.len};
}

static void read_entry(const struct reading *reading, const struct node *key,
		       const struct node *value, struct credential *out)
{
	struct entry entry = {.key = key->text};
	out->place = place_of(reading, key);
	out->key = lower_host(reading->arena, key->text);
	if (!out->key.at) {
		problem_add(reading->problems, out->place, "out of memory");
		return;
	}
	if (!key->text.len)
		problem_warn(reading->problems, out->place,
			     "an empty registry name matches nothing");
	if (value->kind == NODE_NULL)
		return;
	if (value->kind != NODE_MAP) {
		problem_add(reading->problems, place_of(reading, value),
			    "%.*s: expected username, password and insecure, found %s",
			    STR_ARGS(key->text), node_kind_name(value->kind));
		return;
	}
	collect_fields(reading, value, &entry);
	read_login(reading, &entry, out);
	out->insecure = read_switch(reading, &entry, INSECURE, false);
}

void auth_file_read(struct arena *arena, const struct document *document,
		    const struct expand_lookup *lookup, struct credentials *out,
		    struct problems *problems)
{
	struct reading reading = {arena, document, lookup, problems};
	const struct node *root = document->root;
	*out = (struct credentials){0};
	if (root->kind == NODE_NULL)
		return;
	if (root->kind != NODE_MAP) {
		problem_add(problems, document_place(arena, document, root),
			    "expected a mapping from registry to username and password, found %s",
			    node_kind_name(root->kind));
		return;
	}
	out->items = arena_array(arena, root->count, sizeof(*out->items));
	if (!out->items) {
		problem_add(problems, document->name, "out of memory");
		return;
	}
	for (; out->count < root->count; out->count++)
		read_entry(&reading, root->keys[out->count], root->items[out->count],
			   &out->items[out->count]);
}
