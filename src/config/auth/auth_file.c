/*
 * Keys are checked here, the fields below each of them in auth_entry.c. Checks of the whole file
 * come last: two keys for one registry, and a file that other users can read.
 */
#include "config/auth/auth_file.h"

#include "base/map.h"
#include "config/auth/auth_entry.h"
#include "config/auth/registry_key.h"
#include "net/proxy.h"
#include "net/tls_client.h"

#include <stdarg.h>
#include <string.h>

/* Warns about a key that is empty or misspelt. */
static void check_key(const struct auth_reading *reading, const struct credential *entry)
{
	struct str host, repository;
	registry_key_split(entry->key, &host, &repository);
	const char *real = registry_key_lookalike(host);
	if (!entry->key.len)
		problem_warn(reading->problems, entry->place,
			     "an empty registry name matches nothing");
	else if (real)
		problem_warn(reading->problems, entry->place,
			     "%.*s looks like a typo of %s; such domains are used to steal "
			     "credentials",
			     STR_ARGS(host), real);
}

/* Adds a fault at place to entry. */
static printf_like(4, 5) void add_fault(const struct auth_reading *reading,
					struct credential *entry, const char *place,
					const char *format, ...)
{
	scoped(problem_finish) struct problems found = {0};
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problem_add(&found, place, "%s", text);
	found.errors.failed |= place == reading->document->name;
	if (!problem_keep(reading->arena, &found, &entry->fault))
		problem_add(reading->problems, place, "out of memory");
}

/* Reads one entry. Returns the node of a secret that is written in the file itself, or NULL. */
static const struct node *read_entry(const struct auth_reading *reading, const struct node *key,
				     const struct node *value, struct credential *out)
{
	out->place = document_place(reading->arena, reading->document, key);
	out->key = registry_key_lower(reading->arena, key->text);
	if (!out->key.at || out->place == reading->document->name) {
		problem_add(reading->problems, out->place, "out of memory");
		return NULL;
	}
	check_key(reading, out);
	if (value->kind == NODE_NULL)
		return NULL;
	if (value->kind != NODE_MAP) {
		const char *place = document_place(reading->arena, reading->document, value);
		add_fault(reading, out, place,
			  "%.*s: expected username, password and insecure, found %s",
			  STR_ARGS(key->text), node_kind_name(value->kind));
		return NULL;
	}
	return auth_entry_read(reading, key->text, value, out);
}

/*
 * A field at the top level of the file: its lines lack the indentation, or the registry above them.
 * Returns true, with a problem, when there is one.
 */
static bool refuse_fields(const struct auth_reading *reading, const struct node *root)
{
	size_t i = 0;
	while (i < root->count &&
	       (!auth_entry_has(root->keys[i]->text) || root->items[i]->kind == NODE_MAP))
		i++;
	if (i == root->count)
		return false;
	bool below = i && root->items[i - 1]->kind == NODE_NULL;
	const char *place = document_place(reading->arena, reading->document, root->keys[i]);
	if (below)
		problem_add(reading->problems, place,
			    "%.*s belongs to %.*s in line %d: indent it and the fields beside it",
			    STR_ARGS(root->keys[i]->text), STR_ARGS(root->keys[i - 1]->text),
			    root->keys[i - 1]->line);
	else
		problem_add(reading->problems, place,
			    "%.*s belongs to a registry: write registry.example.com: in a line "
			    "above it, and indent it",
			    STR_ARGS(root->keys[i]->text));
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *identity_of(const struct proxy *proxy)
{
	return proxy ? proxy->identity : NULL;
}

static bool same_client(const struct tls_client *a, const struct tls_client *b)
{
	return a == b || (a && b && strcmp(a->certificate, b->certificate) == 0 &&
			  strcmp(a->key, b->key) == 0);
}

static bool same_mirrors(const struct credential *a, const struct credential *b)
{
	for (size_t i = 0; a->mirror_count == b->mirror_count && i < a->mirror_count; i++)
		if (strcmp(a->mirrors[i], b->mirrors[i]) != 0)
			return false;
	return a->mirror_count == b->mirror_count;
}

/* Entries with faults never count as the same. */
static bool same_fields(const struct credential *a, const struct credential *b)
{
	return same_text(a->username, b->username) && same_text(a->password, b->password) &&
	       same_text(a->token, b->token) && a->insecure == b->insecure &&
	       same_text(a->ca, b->ca) && same_client(a->client, b->client) &&
	       same_text(identity_of(a->proxy), identity_of(b->proxy)) &&
	       same_text(a->token_server, b->token_server) && same_mirrors(a, b) && !a->fault &&
	       !b->fault && !a->login_fault && !b->login_fault;
}

/*
 * With two keys for one registry, chance would decide which login is used. So they are a fault of
 * the first entry, unless both have the same fields.
 */
static void tell_equal(const struct auth_reading *reading, const struct credential *later,
		       struct credential *first)
{
	bool same_key = str_equal(later->key, first->key);
	bool same = same_fields(later, first);
	if (same && fields_private(first->key))
		return;
	if (same && same_key)
		problem_warn(reading->problems, later->place,
			     "%.*s is given here and at %s with the same fields: remove one",
			     STR_ARGS(later->key), first->place);
	else if (same)
		problem_warn(reading->problems, later->place,
			     "%.*s is the same registry as %.*s at %s, with the same fields: "
			     "remove one",
			     STR_ARGS(later->key), STR_ARGS(first->key), first->place);
	else if (same_key)
		add_fault(reading, first, later->place,
			  "%.*s is given here and at %s with different fields: keep one",
			  STR_ARGS(later->key), first->place);
	else
		add_fault(reading, first, later->place,
			  "%.*s is the same registry as %.*s at %s: keep one", STR_ARGS(later->key),
			  STR_ARGS(first->key), first->place);
}

/* Leaves out all entries for a registry but the first. */
static void settle_equal(const struct auth_reading *reading, struct credentials *list)
{
	scoped(map_finish) struct map seen = {0};
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct credential *entry = &list->items[i];
		struct str host, path;
		registry_key_split(entry->key, &host, &path);
		const char *name =
			arena_printf(reading->arena, "%.*s/%.*s", STR_ARGS(host), STR_ARGS(path));
		struct credential *first = name ? map_get(&seen, str_of(name)) : NULL;
		if (first && entry->key.len) {
			tell_equal(reading, entry, first);
			continue;
		}
		list->items[kept] = *entry;
		if (entry->key.len && (!name || !map_put(&seen, str_of(name), &list->items[kept])))
			problem_add(reading->problems, entry->place, "out of memory");
		kept++;
	}
	list->count = kept;
}

void auth_file_read(struct arena *arena, const struct document *document,
		    const struct expand_lookup *lookup, struct credentials *out,
		    struct problems *problems)
{
	struct auth_reading reading = {arena, document, lookup, problems};
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
	if (refuse_fields(&reading, root))
		return;
	out->items = arena_array(arena, root->count, sizeof(*out->items));
	if (!out->items) {
		problem_add(problems, document->name, "out of memory");
		return;
	}
	const struct node *literal = NULL;
	for (; out->count < root->count; out->count++) {
		const struct node *found =
			read_entry(&reading, root->keys[out->count], root->items[out->count],
				   &out->items[out->count]);
		literal = literal ? literal : found;
	}
	settle_equal(&reading, out);
	if (literal)
		document_guard(arena, document, literal, problems);
}
