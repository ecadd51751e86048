/*
 * An entry is read field by field through a table of names, so that one walk finds unknown names,
 * names given twice in different cases (JSON takes any case, as the original does) and the values.
 * Messages never contain a value but those of ca, as they are written.
 */
#include "config/auth_entry.h"

#include "base/secret.h"
#include "config/nearest.h"
#include "net/proxy.h"
#include "oci/reference.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum field {
	USERNAME,
	PASSWORD,
	TOKEN,
	INSECURE,
	CA,
	PROXY,
	TOKEN_SERVER,
	MIRRORS,
	EXPANDENV,
	DISABLEEXPANDENV,
	FIELDS
};

static const char *const names[FIELDS] = {
	[USERNAME] = "username",
	[PASSWORD] = "password",
	[TOKEN] = "token",
	[INSECURE] = "insecure",
	[CA] = "ca",
	[PROXY] = "proxy",
	[TOKEN_SERVER] = "token-server",
	[MIRRORS] = "mirrors",
	[EXPANDENV] = "expandenv",
	[DISABLEEXPANDENV] = "disableexpandenv",
};

/* One entry: its key and what stands in its fields. */
struct entry {
	struct str key;
	const struct node *values[FIELDS]; /* NULL: not given */
	bool expand;                       /* variables are replaced */
	const struct node *literal;        /* a secret that stands in the file itself */
};

static const char *place_of(const struct auth_reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

/* True for what can be quoted: {password:word}, without a blank, is a field of that name. */
static bool is_word(struct str name)
{
	enum { WORD_MAX = 20 };
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
			    name.at[i] ? name.at[i] : '0'))
			return false;
	return name.len <= WORD_MAX;
}

static void warn_unknown(const struct auth_reading *reading, const struct node *name,
			 struct str key)
{
	const char *near = nearest_word(name->text, names, FIELDS);
	if (!near && !is_word(name->text)) {
		problem_warn(reading->problems, place_of(reading, name),
			     "%.*s: what stands here is no field, and is ignored: a field is a "
			     "word, a colon, a blank and a value",
			     STR_ARGS(key));
		return;
	}
	problem_warn(reading->problems, place_of(reading, name),
		     "%.*s: unknown field \"%.*s\" is ignored%s%s%s", STR_ARGS(key),
		     STR_ARGS(name->text), near ? ": did you mean " : "", near ? near : "",
		     near ? "?" : "");
}

/* The number of the field called name, or FIELDS. */
static size_t find_field(const struct auth_reading *reading, struct str name)
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

static void collect_fields(const struct auth_reading *reading, const struct node *map,
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
static bool read_text(const struct auth_reading *reading, const struct entry *entry,
		      enum field field, struct str *out)
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

static bool read_switch(const struct auth_reading *reading, const struct entry *entry,
			enum field field, bool fallback)
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
static const char *read_expanded(const struct auth_reading *reading, const struct entry *entry,
				 enum field field)
{
	struct str text;
	const char *result = NULL;
	struct error err = {0};
	if (!read_text(reading, entry, field, &text) || !text.len)
		return NULL;
	bool good = true;
	if (entry->expand) {
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

/* The same for a secret, which is registered; one that was not expanded is written in the file. */
static const char *read_secret(const struct auth_reading *reading, struct entry *entry,
			       enum field field)
{
	const struct node *value = entry->values[field];
	const char *secret = value ? read_expanded(reading, entry, field) : NULL;
	if (!secret)
		return NULL;
	secret_register(str_of(secret));
	if (str_is(value->text, secret) && !entry->literal)
		entry->literal = value;
	return secret;
}

/* A token needs no name beside it; else name and password go together. */
static void check_login(const struct auth_reading *reading, const struct entry *entry,
			struct credential *login)
{
	if (login->token && login->password)
		problem_add(reading->problems, login->place,
			    "%.*s: token and password are two logins: keep one",
			    STR_ARGS(entry->key));
	else if (!login->token && !login->username != !login->password)
		problem_add(reading->problems, login->place,
			    "%.*s: %s is given without %s: give both, or none for anonymous access",
			    STR_ARGS(entry->key), login->username ? "username" : "password",
			    login->username ? "password" : "username");
	if (login->username && login->password)
		secret_register_basic(str_of(login->username), str_of(login->password));
	else
		login->username = login->password = NULL;
}

static void read_login(const struct auth_reading *reading, struct entry *entry,
		       struct credential *out)
{
	size_t before = reading->problems->error_count;
	out->username = read_expanded(reading, entry, USERNAME);
	out->password = read_secret(reading, entry, PASSWORD);
	out->token = read_secret(reading, entry, TOKEN);
	if (reading->problems->error_count == before)
		check_login(reading, entry, out);
}

/* The file is parsed where connections are made; here it must only be there. */
static void read_ca(const struct auth_reading *reading, const struct entry *entry,
		    struct credential *out)
{
	out->ca = read_expanded(reading, entry, CA);
	if (out->ca && access(out->ca, R_OK) != 0)
		problem_add(reading->problems, place_of(reading, entry->values[CA]),
			    "%.*s: ca: cannot read %.*s: %s", STR_ARGS(entry->key),
			    STR_ARGS(entry->values[CA]->text), strerror(errno));
}

static void read_proxy(const struct auth_reading *reading, const struct entry *entry,
		       struct credential *out)
{
	struct error err;
	struct proxy *proxy = NULL;
	const char *text = read_expanded(reading, entry, PROXY);
	if (!text)
		return;
	secret_register_userinfo(str_of(text));
	proxy = arena_new_of(reading->arena, struct proxy);
	if (!proxy)
		error_memory(&err);
	if (!proxy || !proxy_parse(reading->arena, str_of(text), proxy, &err)) {
		problem_add(reading->problems, place_of(reading, entry->values[PROXY]),
			    "%.*s: proxy: %s", STR_ARGS(entry->key), err.text);
		return;
	}
	proxy_hide(proxy);
	out->proxy = proxy;
}

/* The registry that text names, or NULL: a name with a repository behind it must parse as such. */
static const char *host_name(const struct auth_reading *reading, struct str text)
{
	struct error err;
	struct reference ref;
	const char *image = arena_printf(reading->arena, "%.*s/x", STR_ARGS(text));
	if (!image || !reference_parse(reading->arena, str_of(image), &ref, &err))
		return NULL;
	return strcmp(ref.repository, "x") == 0 ? ref.host : NULL;
}

/* The host, and perhaps port, of a server that issues tokens. */
static void read_token_server(const struct auth_reading *reading, const struct entry *entry,
			      struct credential *out)
{
	const char *text = read_expanded(reading, entry, TOKEN_SERVER);
	out->token_server = text ? host_name(reading, str_of(text)) : NULL;
	if (text && !out->token_server)
		problem_add(reading->problems, place_of(reading, entry->values[TOKEN_SERVER]),
			    "%.*s: token-server: expected the name of a host, as in "
			    "auth.example.com or auth.example.com:5001",
			    STR_ARGS(entry->key));
}

static void read_mirror(const struct auth_reading *reading, const struct entry *entry,
			const struct node *value, struct credential *out, const char **mirrors)
{
	const char *host = value->kind == NODE_STRING ? host_name(reading, value->text) : NULL;
	if (host)
		mirrors[out->mirror_count++] = host;
	else
		problem_add(reading->problems, place_of(reading, value),
			    "%.*s: mirrors: expected the name of a registry, as in "
			    "mirror.example.com:5000",
			    STR_ARGS(entry->key));
}

/* A list of names, or a single one. */
static void read_mirrors(const struct auth_reading *reading, const struct entry *entry,
			 struct credential *out)
{
	const struct node *value = entry->values[MIRRORS];
	if (!value || value->kind == NODE_NULL)
		return;
	size_t count = value->kind == NODE_LIST ? value->count : 1;
	const char **mirrors = arena_array(reading->arena, count, sizeof(*mirrors));
	if (!mirrors)
		problem_add(reading->problems, out->place, "out of memory");
	for (size_t i = 0; mirrors && i < count; i++)
		read_mirror(reading, entry, value->kind == NODE_LIST ? value->items[i] : value, out,
			    mirrors);
	out->mirrors = mirrors;
}

const struct node *auth_entry_read(const struct auth_reading *reading, struct str key,
				   const struct node *map, struct credential *out)
{
	struct entry entry = {.key = key};
	collect_fields(reading, map, &entry);
	bool disabled = read_switch(reading, &entry, DISABLEEXPANDENV, false);
	entry.expand = read_switch(reading, &entry, EXPANDENV, !disabled);
	read_login(reading, &entry, out);
	out->insecure = read_switch(reading, &entry, INSECURE, false);
	read_ca(reading, &entry, out);
	read_proxy(reading, &entry, out);
	read_token_server(reading, &entry, out);
	read_mirrors(reading, &entry, out);
	return entry.literal;
}
