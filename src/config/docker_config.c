/*
 * These files are other programs', so unknown names in them are nobody's mistake. Names are found
 * in any case of letters, as docker's own reader does. Messages never contain a value but the name
 * of a helper.
 */
#include "config/docker_config.h"

#include "base/base64.h"
#include "base/secret.h"
#include "config/registry_key.h"

#include <string.h>

struct reading {
	struct arena *arena;
	const struct document *document;
	struct docker_logins *out;
	struct problems *problems;
};

static const char *place_of(const struct reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

static const struct node *member(const struct node *map, const char *name)
{
	for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
		if (str_equal_nocase(map->keys[i]->text, str_of(name)))
			return map->items[i];
	return NULL;
}

/* A member that is a mapping; NULL when it is absent, or wrong, which is told. */
static const struct node *map_member(const struct reading *reading, const struct node *map,
				     const char *name)
{
	const struct node *value = member(map, name);
	if (!value || value->kind == NODE_NULL || value->kind == NODE_MAP)
		return value && value->kind == NODE_MAP ? value : NULL;
	problem_add(reading->problems, place_of(reading, value),
		    "%s is %s: expected an object with registries as names", name,
		    node_kind_name(value->kind));
	return NULL;
}

static void complain_memory(const struct reading *reading)
{
	problem_add(reading->problems, reading->document->name, "out of memory");
}

/* Keys are often URLs, of which docker looks at the host alone; without a scheme a path counts. */
static struct str normal_key(const struct reading *reading, struct str key)
{
	static const char *const ends[] = {"/v1/", "/v2/", "/v1", "/v2", "/"};
	struct str lower = registry_key_lower(reading->arena, key);
	if (key.len && !lower.len)
		complain_memory(reading);
	size_t scheme = str_starts(lower, "https://") ? 8 : str_starts(lower, "http://") ? 7 : 0;
	lower = str_from(lower, scheme);
	if (scheme)
		lower = str_head(lower, str_find(lower, '/'));
	for (size_t i = 0; i < array_count(ends); i++)
		if (str_ends(lower, ends[i])) {
			lower.len -= strlen(ends[i]);
			break;
		}
	return lower;
}

/* The new, empty login for key; NULL when there is none to make. */
static struct credential *add(const struct reading *reading, const struct node *key)
{
	struct credentials *list = &reading->out->list;
	struct credential *new = &list->items[list->count];
	*new = (struct credential){.key = normal_key(reading, key->text),
				   .place = place_of(reading, key)};
	return new->key.len ? new : NULL;
}

/* The name becomes part of a program's name. False: wrong, which is told, or empty. */
static bool read_helper(const struct reading *reading, const struct node *value,
			const char **helper)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	struct str name = node_string(value);
	if (value->kind == NODE_NULL || (value->kind == NODE_STRING && !name.len))
		return false;
	*helper = arena_copy(reading->arena, name.at ? name.at : "", name.len);
	if (*helper && name.len && strspn(*helper, letters) == name.len)
		return true;
	problem_add(reading->problems, place_of(reading, value),
		    "\"%.*s\" is no name of a credential helper", STR_ARGS(str_head(name, 100)));
	return false;
}

static void read_helpers(const struct reading *reading, const struct node *helpers)
{
	for (size_t i = 0; helpers && i < helpers->count; i++) {
		struct credential *new = add(reading, helpers->keys[i]);
		if (new && read_helper(reading, helpers->items[i], &new->helper))
			reading->out->list.count++;
	}
}

/* A string member as a string in arena; NULL when absent, empty or no string. */
static const char *text_member(const struct reading *reading, const struct node *map,
			       const char *name)
{
	struct str text = node_string(member(map, name));
	const char *copy = text.len ? arena_copy(reading->arena, text.at, text.len) : NULL;
	if (text.len && !copy)
		complain_memory(reading);
	return copy;
}

/* base64("user:password"); old versions of docker left NULs behind the password. */
static bool read_pair(const struct reading *reading, struct str encoded, struct credential *out)
{
	scoped(buf_wipe) struct buf pair = {0};
	if (!base64_decode(encoded, &pair) || !buf_ok(&pair))
		return false;
	struct str rest = buf_str(&pair), user = {0};
	size_t colon = str_find(rest, ':');
	if (colon == rest.len)
		return false;
	str_cut(&rest, ':', &user);
	while (rest.len && !rest.at[rest.len - 1])
		rest.len--;
	if ((user.len && memchr(user.at, '\0', user.len)) ||
	    (rest.len && memchr(rest.at, '\0', rest.len)))
		return false;
	out->username = arena_copy(reading->arena, user.at, user.len);
	out->password = arena_copy(reading->arena, rest.at ? rest.at : "", rest.len);
	return out->username && out->password;
}

/* Registers what is secret. A token needs no name; without one both halves must be there. */
static bool settle(struct credential *login)
{
	bool both = login->username && *login->username && login->password && *login->password;
	if (both)
		secret_register_basic(str_of(login->username), str_of(login->password));
	if (login->token)
		secret_register(str_of(login->token));
	if (!both || login->token)
		login->username = login->password = NULL;
	return both || login->token;
}

static void read_auth(const struct reading *reading, const struct node *key,
		      const struct node *value)
{
	struct credential *new = add(reading, key);
	struct str encoded = node_string(member(value, "auth"));
	if (!new || value->kind == NODE_NULL)
		return;
	if (value->kind != NODE_MAP) {
		problem_add(reading->problems, place_of(reading, value),
			    "the login of %.*s is %s: expected an object", STR_ARGS(new->key),
			    node_kind_name(value->kind));
		return;
	}
	new->username = text_member(reading, value, "username");
	new->password = text_member(reading, value, "password");
	new->token = text_member(reading, value, "identitytoken");
	if (encoded.len && !read_pair(reading, encoded, new)) {
		problem_add(reading->problems, place_of(reading, member(value, "auth")),
			    "the login of %.*s cannot be read: auth is not user:password in "
			    "base64",
			    STR_ARGS(new->key));
		return;
	}
	if (settle(new))
		reading->out->list.count++;
}

/* Makes room for the entries of two more objects. */
static bool reserve(const struct reading *reading, const struct node *a, const struct node *b)
{
	struct credentials *list = &reading->out->list;
	size_t more = (a ? a->count : 0) + (b ? b->count : 0) + 1;
	struct credential *items = arena_array(reading->arena, list->count + more, sizeof(*items));
	if (!items) {
		complain_memory(reading);
		return false;
	}
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	return true;
}

void docker_config_read(struct arena *arena, const struct document *document, bool flat,
			struct docker_logins *logins, struct problems *problems)
{
	struct reading reading = {arena, document, logins, problems};
	const struct node *root = document->root;
	if (root->kind != NODE_MAP) {
		problem_add(problems, document_place(arena, document, root),
			    "expected an object, found %s", node_kind_name(root->kind));
		return;
	}
	const struct node *auths = flat ? root : map_member(&reading, root, "auths");
	const struct node *helpers = flat ? NULL : map_member(&reading, root, "credHelpers");
	const struct node *store = flat ? NULL : member(root, "credsStore");
	if (!reserve(&reading, auths, helpers))
		return;
	read_helpers(&reading, helpers);
	for (size_t i = 0; auths && i < auths->count; i++)
		read_auth(&reading, auths->keys[i], auths->items[i]);
	const char *helper = NULL;
	if (store && !logins->store.helper && read_helper(&reading, store, &helper))
		logins->store = (struct docker_store){helper, place_of(&reading, store)};
}
