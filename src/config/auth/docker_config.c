/*
 * These files belong to other programs, so an unknown name in them is no mistake. Names match in
 * upper and lower case, as in docker's own reader. Messages never contain a value, except the name
 * of a helper.
 */
#include "config/auth/docker_config.h"

#include "base/base64.h"
#include "base/secret.h"
#include "config/auth/registry_key.h"
#include "config/fields.h"

#include <string.h>

struct docker_reading {
	struct fields_reading fields;
	struct docker_logins *out;
};

enum docker_root_field { AUTHS, CRED_HELPERS, CREDS_STORE, ROOT_FIELDS };
enum docker_login_field { AUTH, USERNAME, PASSWORD, IDENTITY_TOKEN, LOGIN_FIELDS };

static const struct field root_fields[ROOT_FIELDS] = {
	[AUTHS] = {"auths", FIELDS_MAP, "the logins, by registry"},
	[CRED_HELPERS] = {"credHelpers", FIELDS_MAP, "the credential helpers, by registry"},
	[CREDS_STORE] = {"credsStore", FIELDS_TEXT, "the credential helper of all others"},
};

static const struct field login_fields[LOGIN_FIELDS] = {
	[AUTH] = {"auth", FIELDS_TEXT, "user:password in base64"},
	[USERNAME] = {"username", FIELDS_TEXT, "the user"},
	[PASSWORD] = {"password", FIELDS_TEXT, "the password"},
	[IDENTITY_TOKEN] = {"identitytoken", FIELDS_TEXT, "a token for the token server"},
};

static const struct fields_table root_table = {
	.fields = root_fields, .count = ROOT_FIELDS, .unknown = fields_pass_over};
static const struct fields_table login_table = {
	.fields = login_fields, .count = LOGIN_FIELDS, .unknown = fields_pass_over};

static const char *place_of(const struct docker_reading *reading, const struct node *node)
{
	return fields_place(&reading->fields, node);
}

/*
 * The value of a field that is a mapping from registries; NULL when it is absent or, with a problem
 * added, wrong. A registry that is in it twice adds a problem as well; its first login counts.
 */
static const struct node *registries(const struct docker_reading *reading,
				     const struct field *field, const struct node *value)
{
	struct error err;
	if (!value || value->kind == NODE_NULL)
		return NULL;
	if (value->kind != NODE_MAP) {
		fields_complain(&reading->fields, value,
				"%s is %s: expected an object with registries as names",
				field->name, node_kind_name(value->kind));
		return NULL;
	}
	if (!node_keys_unique(value, &err))
		problem_add(reading->fields.problems, NULL, "%s:%s", reading->fields.document->name,
			    err.text);
	return value;
}

static void complain_memory(const struct docker_reading *reading)
{
	fields_memory(&reading->fields);
}

/* A key is often a URL, of which docker only uses the host; without a scheme a path counts. */
static struct str normal_key(const struct docker_reading *reading, struct str key)
{
	static const char *const ends[] = {"/v1/", "/v2/", "/v1", "/v2", "/"};
	struct str lower = registry_key_lower(reading->fields.arena, key);
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

/* Prepares a new, empty login for key; NULL when key is empty, or without memory. */
static struct credential *add(const struct docker_reading *reading, const struct node *key)
{
	struct credentials *list = &reading->out->list;
	struct credential *new = &list->items[list->count];
	*new = (struct credential){.key = normal_key(reading, key->text),
				   .place = place_of(reading, key)};
	if (new->place == reading->fields.document->name)
		complain_memory(reading);
	return new->key.len ? new : NULL;
}

/* The name becomes part of a program's name. False: it is empty, or a problem was added. */
static bool read_helper(const struct docker_reading *reading, const struct fields_reading *fields,
			const struct node *value, const char **helper)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	struct str name = node_string(value);
	if (value->kind == NODE_NULL || (value->kind == NODE_STRING && !name.len))
		return false;
	*helper = arena_copy(fields->arena, name.at ? name.at : "", name.len);
	if (!*helper)
		complain_memory(reading);
	if (!*helper || (name.len && strspn(*helper, letters) == name.len))
		return *helper;
	*helper = NULL;
	fields_complain(fields, value, "\"%.*s\" is not the name of a credential helper",
			STR_ARGS(str_head(name, 100)));
	return false;
}

/* Adds new to the list if it holds a login or faults. */
static void take(const struct docker_reading *reading, struct credential *new, bool good,
		 const struct problems *faults)
{
	if (!problem_keep(reading->fields.arena, faults, &new->login_fault))
		complain_memory(reading);
	if (good || new->login_fault)
		reading->out->list.count++;
}

static void read_helpers(const struct docker_reading *reading, const struct node *helpers)
{
	for (size_t i = 0; helpers && i < helpers->count; i++) {
		scoped(problem_finish) struct problems faults = {0};
		struct fields_reading fields = reading->fields;
		struct credential *new = add(reading, helpers->keys[i]);
		fields.problems = &faults;
		if (new)
			take(reading, new,
			     read_helper(reading, &fields, helpers->items[i], &new->helper),
			     &faults);
	}
}

/* A copy of a string in arena; NULL when absent, empty or no string. */
static const char *text_of(const struct docker_reading *reading, const struct node *value)
{
	struct str text = node_string(value);
	const char *copy = text.len ? arena_copy(reading->fields.arena, text.at, text.len) : NULL;
	if (text.len && !copy)
		complain_memory(reading);
	return copy;
}

/*
 * Reads base64("user:password"); old versions of docker left NULs after the password. False when
 * encoded is something else. Without memory nothing is read, and a problem is added.
 */
static bool read_pair(const struct docker_reading *reading, struct str encoded,
		      struct credential *out)
{
	scoped(buf_wipe) struct buf pair = {0};
	if (!base64_decode(encoded, &pair))
		return false;
	if (!buf_ok(&pair)) {
		complain_memory(reading);
		return true;
	}
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
	out->username = arena_copy(reading->fields.arena, user.at, user.len);
	out->password = arena_copy(reading->fields.arena, rest.at ? rest.at : "", rest.len);
	if (!out->username || !out->password)
		complain_memory(reading);
	return true;
}

/* Registers the secrets. Without a token, user name and password are needed. False: no login. */
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

/* Reads the login of one registry into new. False: there is none, or a problem was added. */
static bool read_login(const struct docker_reading *reading, const struct fields_reading *fields,
		       const struct node *value, struct credential *new)
{
	const struct node *values[LOGIN_FIELDS];
	size_t before = fields->problems->error_count;
	if (value->kind == NODE_NULL)
		return false;
	if (value->kind != NODE_MAP) {
		fields_complain(fields, value, "the login of %.*s is %s: expected an object",
				STR_ARGS(new->key), node_kind_name(value->kind));
		return false;
	}
	fields_collect(fields, &login_table, value, values);
	struct str encoded = node_string(values[AUTH]);
	new->username = text_of(reading, values[USERNAME]);
	new->password = text_of(reading, values[PASSWORD]);
	new->token = text_of(reading, values[IDENTITY_TOKEN]);
	if (encoded.len && !read_pair(reading, encoded, new))
		fields_complain(fields, values[AUTH],
				"the login of %.*s cannot be read: auth is not user:password in "
				"base64",
				STR_ARGS(new->key));
	return settle(new) && fields->problems->error_count == before;
}

static void read_auth(const struct docker_reading *reading, const struct node *key,
		      const struct node *value)
{
	scoped(problem_finish) struct problems faults = {0};
	struct fields_reading fields = reading->fields;
	struct credential *new = add(reading, key);
	fields.problems = &faults;
	if (new)
		take(reading, new, read_login(reading, &fields, value, new), &faults);
}

/* Makes room for the entries of two more objects. */
static bool reserve(const struct docker_reading *reading, const struct node *a,
		    const struct node *b)
{
	struct credentials *list = &reading->out->list;
	size_t more = (a ? a->count : 0) + (b ? b->count : 0) + 1;
	struct credential *items =
		arena_array(reading->fields.arena, list->count + more, sizeof(*items));
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
	struct docker_reading reading = {{arena, document, problems, NULL}, logins};
	const struct node *root = document->root, *values[ROOT_FIELDS] = {NULL};
	if (root->kind != NODE_MAP) {
		problem_add(problems, document_place(arena, document, root),
			    "expected an object, found %s", node_kind_name(root->kind));
		return;
	}
	if (!flat)
		fields_collect(&reading.fields, &root_table, root, values);
	const struct node *auths =
		registries(&reading, &root_fields[AUTHS], flat ? root : values[AUTHS]);
	const struct node *helpers =
		registries(&reading, &root_fields[CRED_HELPERS], values[CRED_HELPERS]);
	const struct node *store = values[CREDS_STORE];
	if (!reserve(&reading, auths, helpers))
		return;
	read_helpers(&reading, helpers);
	for (size_t i = 0; auths && i < auths->count; i++)
		read_auth(&reading, auths->keys[i], auths->items[i]);
	const char *helper = NULL;
	if (store && !logins->store.helper &&
	    read_helper(&reading, &reading.fields, store, &helper))
		logins->store = (struct docker_store){helper, place_of(&reading, store)};
}
