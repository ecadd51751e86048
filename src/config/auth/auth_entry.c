/*
 * One auth file often serves many jobs, each with secrets of its own. So the mistakes of an entry
 * are kept with it. They have two parts, since the login may also come from the command line or
 * from docker. Messages never contain a value, except those of ca, certificate and key.
 */
#include "config/auth/auth_entry.h"

#include "base/secret.h"
#include "config/auth/secret_file.h"
#include "net/proxy.h"
#include "net/tls_client.h"
#include "oci/layout_name.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum auth_field {
	USERNAME,
	PASSWORD,
	TOKEN,
	USERNAME_FILE,
	PASSWORD_FILE,
	TOKEN_FILE,
	INSECURE,
	CA,
	CERTIFICATE,
	KEY,
	PROXY,
	TOKEN_SERVER,
	MIRRORS,
	EXPANDENV,
	DISABLEEXPANDENV,
	FIELDS
};

enum { WORD_MAX = 24 }; /* the longest name that is quoted */

static const struct field fields[FIELDS] = {
	[USERNAME] = {"username", FIELDS_TEXT, "the user"},
	[PASSWORD] = {"password", FIELDS_TEXT, "the password of the user"},
	[TOKEN] = {"token", FIELDS_TEXT, "an identity token, instead of user and password"},
	[USERNAME_FILE] = {"username-file", FIELDS_TEXT, "a file with the user's name"},
	[PASSWORD_FILE] = {"password-file", FIELDS_TEXT, "a file with the password"},
	[TOKEN_FILE] = {"token-file", FIELDS_TEXT, "a file with the identity token"},
	[INSECURE] = {"insecure", FIELDS_SWITCH, "allow http and unchecked certificates"},
	[CA] = {"ca", FIELDS_TEXT, "a file of certificate authorities"},
	[CERTIFICATE] = {"certificate", FIELDS_TEXT, "a file with our own certificate"},
	[KEY] = {"key", FIELDS_TEXT, "the file of its private key"},
	[PROXY] = {"proxy", FIELDS_TEXT, "the URL of a proxy"},
	[TOKEN_SERVER] = {"token-server", FIELDS_TEXT, "the server that issues the tokens"},
	[MIRRORS] = {"mirrors", FIELDS_TEXTS, "registries to read from first"},
	[EXPANDENV] = {"expandenv", FIELDS_SWITCH, "whether variables are expanded"},
	[DISABLEEXPANDENV] = {"disableexpandenv", FIELDS_SWITCH, "the opposite of expandenv"},
};

/* What other programs call these fields, or have besides; without - and _, whose use differs. */
static const struct {
	const char *name;
	enum auth_field field; /* FIELDS: this program has no such field */
} foreign[] = {
	{"auth", PASSWORD},
	{"basicauth", PASSWORD},
	{"login", USERNAME},
	{"usr", USERNAME},
	{"pwd", PASSWORD},
	{"secret", PASSWORD},
	{"apikey", PASSWORD},
	{"pat", PASSWORD},
	{"identitytoken", TOKEN},
	{"registrytoken", TOKEN},
	{"accesstoken", TOKEN},
	{"authtoken", TOKEN},
	{"bearer", TOKEN},
	{"bearertoken", TOKEN},
	{"http", INSECURE},
	{"plain", INSECURE},
	{"plainhttp", INSECURE},
	{"usehttp", INSECURE},
	{"scheme", INSECURE},
	{"ssl", INSECURE},
	{"sslverify", INSECURE},
	{"tls", INSECURE},
	{"tlsverify", INSECURE},
	{"verify", INSECURE},
	{"verifyssl", INSECURE},
	{"verifytls", INSECURE},
	{"skiptls", INSECURE},
	{"skiptlsverify", INSECURE},
	{"skipverify", INSECURE},
	{"tlsskipverify", INSECURE},
	{"insecureskipverify", INSECURE},
	{"insecureskiptlsverify", INSECURE},
	{"insecureregistry", INSECURE},
	{"cafile", CA},
	{"cacert", CA},
	{"cacertificate", CA},
	{"cabundle", CA},
	{"certs", CA},
	{"certdir", CA},
	{"regcert", CA},
	{"httpproxy", PROXY},
	{"httpsproxy", PROXY},
	{"proxyurl", PROXY},
	{"endpoint", MIRRORS},
	{"endpoints", MIRRORS},
	{"hostname", MIRRORS},
	{"registrymirrors", MIRRORS},
	{"cert", CERTIFICATE},
	{"certfile", CERTIFICATE},
	{"keyfile", KEY},
	{"clientcert", CERTIFICATE},
	{"clientcertificate", CERTIFICATE},
	{"clientkey", KEY},
	{"keypair", CERTIFICATE},
	{"credhelper", FIELDS},
	{"credsstore", FIELDS},
	{"credstore", FIELDS},
	{"credhelpers", FIELDS},
};

/* One entry: its key and the values of its fields. */
struct auth_item {
	const struct auth_reading *reading;
	struct str key;
	struct fields_reading login, rest; /* for the two parts, each with its own problems */
	const struct node *values[FIELDS]; /* NULL: not given */
	bool expand;                       /* variables are expanded */
	const struct node *literal;        /* a secret that is written in the file itself */
};

/* --- unknown names ------------------------------------------------------------------------- */

/* True if the name can be quoted: in {password:word}, without a space, it holds the password. */
static bool is_word(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
			    name.at[i] ? name.at[i] : '0'))
			return false;
	return name.len <= WORD_MAX;
}

/* The field that another program calls name; FIELDS + 1: none. */
static size_t find_foreign(struct str name)
{
	char joined[WORD_MAX];
	size_t len = 0;
	for (size_t i = 0; i < name.len && i < WORD_MAX; i++)
		if (name.at[i] != '-' && name.at[i] != '_')
			joined[len++] = name.at[i];
	for (size_t i = 0; i < array_count(foreign); i++)
		if (str_equal_nocase((struct str){joined, len}, str_of(foreign[i].name)))
			return foreign[i].field;
	return FIELDS + 1;
}

bool auth_entry_has(struct str name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (str_is(name, fields[i].name))
			return true;
	return false;
}

static bool names_field(const struct fields_reading *reading, struct str name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (reading->document->json ? str_equal_nocase(name, str_of(fields[i].name))
					    : str_is(name, fields[i].name))
			return true;
	return false;
}

/*
 * To ignore a slip of a field, or a field of another program, could mean a run without a login or
 * with the wrong checks of certificates. So both are mistakes. Other names are ignored with a
 * warning, since files of the original may have them.
 */
static void check_unknown(const struct fields_reading *reading, const struct fields_table *table,
			  const struct node *name)
{
	size_t meant = find_foreign(name->text);
	struct str head = str_head(name->text, str_find(name->text, ':'));
	if (head.len < name->text.len && names_field(reading, head))
		fields_complain(reading, name, "write a space after the colon of %.*s",
				STR_ARGS(head));
	else if (!is_word(name->text))
		problem_warn(reading->problems, fields_place(reading, name),
			     "%s: this is not a field and is ignored: a field is a word, a colon, "
			     "a space and a value",
			     reading->subject);
	else if (meant < FIELDS)
		fields_complain(reading, name, "unknown field \"%.*s\": write %s (%s)",
				STR_ARGS(name->text), fields[meant].name, fields[meant].help);
	else if (meant == FIELDS)
		fields_complain(reading, name,
				"\"%.*s\" is not supported: credential helpers cannot be set here "
				"(docker's are used)",
				STR_ARGS(name->text));
	else if (fields_nearest(table, name->text))
		fields_refuse(reading, table, name);
	else
		fields_ignore(reading, table, name);
}

const struct fields_table auth_entry_fields = {
	.fields = fields, .count = FIELDS, .unknown = check_unknown};

/* --- the login ----------------------------------------------------------------------------- */

/* Lack of memory is a problem of the run, not a fault of an entry. */
static void tell_memory(const struct auth_item *entry)
{
	problem_add(entry->reading->problems, entry->reading->document->name, "out of memory");
}

/* The text of a field with its variables expanded; NULL when empty or wrong. */
static const char *read_expanded(const struct auth_item *entry, const struct fields_reading *part,
				 enum auth_field number)
{
	struct str text;
	const char *result = NULL;
	struct error err = {0};
	if (!fields_text(part, &fields[number], entry->values[number], &text) || !text.len)
		return NULL;
	bool good = true;
	if (entry->expand) {
		good = expand_text(part->arena, text, EXPAND_CREDENTIAL, entry->reading->lookup,
				   &result, &err);
	} else {
		result = arena_copy(part->arena, text.at, text.len);
		good = result || error_memory(&err);
	}
	if (!good && err.kind == ERROR_MEMORY)
		tell_memory(entry);
	else if (!good)
		fields_complain(part, entry->values[number], "%s: %s", fields[number].name,
				err.text);
	return good ? result : NULL;
}

/* The same for a secret, which is registered. It is a literal if expansion did not change it. */
static const char *read_secret(struct auth_item *entry, enum auth_field number)
{
	const struct node *value = entry->values[number];
	const char *secret = value ? read_expanded(entry, &entry->login, number) : NULL;
	if (!secret)
		return NULL;
	secret_register(str_of(secret));
	if (str_is(value->text, secret) && !entry->literal)
		entry->literal = value;
	return secret;
}

/* What own says, a text, or what the file that another field names holds. */
static const char *read_file(struct auth_item *entry, enum auth_field own, const char *said,
			     struct credential *out)
{
	enum auth_field number = own - USERNAME + USERNAME_FILE;
	const struct node *value = entry->values[number];
	struct error err = {0};
	const char *path = value ? read_expanded(entry, &entry->login, number) : NULL;
	if (path && said)
		fields_complain(&entry->login, value, "%s and %s are two of one kind: keep one",
				fields[own].name, fields[number].name);
	if (!path || said)
		return said;
	out->files[own - USERNAME] = path;
	const char *text = secret_file_text(entry->login.arena, path, &err);
	if (!text)
		fields_complain(&entry->login, value, "%s: %s", fields[number].name, err.text);
	else if (own != USERNAME)
		secret_register(str_of(text));
	return text;
}

/* A token needs no user name; without a token, user name and password go together. */
static void check_login(const struct auth_item *entry, struct credential *login)
{
	if (login->token && login->password)
		problem_add(entry->login.problems, login->place,
			    "%.*s: token and password are two logins: keep one",
			    STR_ARGS(entry->key));
	else if (!login->token && !login->username != !login->password)
		problem_add(entry->login.problems, login->place,
			    "%.*s: %s is given without %s: give both, or neither for anonymous "
			    "access",
			    STR_ARGS(entry->key), login->username ? "username" : "password",
			    login->username ? "password" : "username");
	if (login->username && login->password)
		secret_register_basic(str_of(login->username), str_of(login->password));
	else
		login->username = login->password = NULL;
}

static void read_login(struct auth_item *entry, struct credential *out)
{
	size_t before = entry->login.problems->error_count;
	out->username =
		read_file(entry, USERNAME, read_expanded(entry, &entry->login, USERNAME), out);
	out->password = read_file(entry, PASSWORD, read_secret(entry, PASSWORD), out);
	out->token = read_file(entry, TOKEN, read_secret(entry, TOKEN), out);
	if (entry->login.problems->error_count == before)
		check_login(entry, out);
}

/* --- the rest ------------------------------------------------------------------------------ */

/* Checks only that the file can be read: it is parsed where connections are made. */
static void read_ca(const struct auth_item *entry, struct credential *out)
{
	out->ca = read_expanded(entry, &entry->rest, CA);
	if (out->ca && access(out->ca, R_OK) != 0)
		fields_complain(&entry->rest, entry->values[CA], "ca: cannot read %.*s: %s",
				STR_ARGS(entry->values[CA]->text), strerror(errno));
}

/* A key that others can read is a secret no more. */
static void check_mode(const struct auth_item *entry, const char *key)
{
	struct stat info;
	if (stat(key, &info) == 0 && info.st_mode & (S_IRGRP | S_IROTH))
		problem_warn(entry->rest.problems, fields_place(&entry->rest, entry->values[KEY]),
			     "others can read this private key: chmod 600 %s", key);
}

static void read_client(const struct auth_item *entry, struct credential *out)
{
	struct error err = {0};
	const struct node *place = entry->values[entry->values[CERTIFICATE] ? CERTIFICATE : KEY];
	struct tls_client client = {
		.certificate = read_expanded(entry, &entry->rest, CERTIFICATE),
		.key = read_expanded(entry, &entry->rest, KEY),
	};
	if (!client.certificate && !client.key)
		return;
	if (!client.certificate || !client.key) {
		fields_complain(&entry->rest, place,
				"%s is given without %s: give both to identify yourself; the "
				"authorities to trust are ca",
				client.key ? "key" : "certificate",
				client.key ? "certificate" : "key");
		return;
	}
	check_mode(entry, client.key);
	struct tls_client *kept = arena_new_of(entry->reading->arena, struct tls_client);
	if (!kept)
		tell_memory(entry);
	else if (tls_client_check(&client, &err))
		*kept = client, out->client = kept;
	else
		fields_complain(&entry->rest, place, "%s", err.text);
}

static void read_proxy(const struct auth_item *entry, struct credential *out)
{
	struct error err;
	struct arena *arena = entry->reading->arena;
	const char *text = read_expanded(entry, &entry->rest, PROXY);
	if (!text)
		return;
	secret_register_userinfo(str_of(text));
	struct proxy *proxy = arena_new_of(arena, struct proxy);
	if (!proxy)
		error_memory(&err);
	if (proxy && proxy_parse(arena, str_of(text), proxy, &err)) {
		proxy_hide(proxy);
		out->proxy = proxy;
	} else if (err.kind == ERROR_MEMORY) {
		tell_memory(entry);
	} else {
		fields_complain(&entry->rest, entry->values[PROXY], "proxy: %s", err.text);
	}
}

/* The registry that text names; NULL: none. With "/x" appended it must parse as an image. */
static const char *host_name(const struct auth_item *entry, struct str text)
{
	struct error err = {0};
	struct reference ref;
	struct arena *arena = entry->reading->arena;
	const char *image = arena_printf(arena, "%.*s/x", STR_ARGS(text));
	if (!image)
		error_memory(&err);
	if (image && reference_parse(arena, str_of(image), &ref, &err) &&
	    strcmp(ref.repository, "x") == 0 && !layout_name_host(ref.host))
		return ref.host;
	if (err.kind == ERROR_MEMORY)
		tell_memory(entry);
	return NULL;
}

/* Reads the host, and perhaps the port, of a server that issues tokens. */
static void read_token_server(const struct auth_item *entry, struct credential *out)
{
	const char *text = read_expanded(entry, &entry->rest, TOKEN_SERVER);
	out->token_server = text ? host_name(entry, str_of(text)) : NULL;
	if (text && !out->token_server)
		fields_complain(&entry->rest, entry->values[TOKEN_SERVER],
				"token-server: expected the name of a host, as in "
				"auth.example.com or auth.example.com:5001");
}

/* The registry, or the folder of layouts, that text names; NULL: none. */
static const char *mirror_name(const struct auth_item *entry, struct str text)
{
	struct error err = {0};
	struct reference ref;
	struct arena *arena = entry->reading->arena;
	if (!layout_name_scheme(text))
		return host_name(entry, text);
	if (!layout_name_parse(arena, text, &ref, &err) || ref.tag || ref.digest)
		return NULL;
	return reference_string(arena, &ref);
}

/* Reads a list of names, or a single one. */
static void read_mirrors(const struct auth_item *entry, struct credential *out)
{
	const struct fields_reading *part = &entry->rest;
	const struct node *value = entry->values[MIRRORS];
	if (!value || value->kind == NODE_NULL)
		return;
	size_t count = value->kind == NODE_LIST ? value->count : 1;
	const char **mirrors = arena_array(part->arena, count, sizeof(*mirrors));
	if (!mirrors)
		tell_memory(entry);
	for (size_t i = 0; mirrors && i < count; i++) {
		const struct node *item = fields_item(value, i);
		const char *host = mirror_name(entry, node_string(item));
		if (host)
			mirrors[out->mirror_count++] = host;
		else
			fields_complain(part, item,
					"mirrors: expected the name of a registry, as in "
					"mirror.example.com:5000, or a folder, as in "
					"oci:/mnt/usb/mirror");
	}
	out->mirrors = mirrors;
}

/* --- the entry ----------------------------------------------------------------------------- */

static void read_fields(struct auth_item *entry, const struct node *map, struct credential *out)
{
	fields_collect(&entry->rest, &auth_entry_fields, map, entry->values);
	const struct node *const *values = entry->values;
	bool disabled = fields_switch(&entry->rest, &fields[DISABLEEXPANDENV],
				      values[DISABLEEXPANDENV], false);
	entry->expand =
		fields_switch(&entry->rest, &fields[EXPANDENV], values[EXPANDENV], !disabled);
	read_login(entry, out);
	out->insecure = fields_switch(&entry->rest, &fields[INSECURE], values[INSECURE], false);
	read_ca(entry, out);
	read_client(entry, out);
	read_proxy(entry, out);
	read_token_server(entry, out);
	read_mirrors(entry, out);
}

const struct node *auth_entry_read(const struct auth_reading *reading, struct str key,
				   const struct node *map, struct credential *out)
{
	scoped(problem_finish) struct problems login = {0};
	scoped(problem_finish) struct problems rest = {0};
	const char *subject = arena_copy(reading->arena, key.at, key.len);
	struct auth_item entry = {
		.reading = reading,
		.key = key,
		.login = {reading->arena, reading->document, &login, subject},
		.rest = {reading->arena, reading->document, &rest, subject},
	};
	read_fields(&entry, map, out);
	if (!fields_private(key))
		problem_demote(&(struct problems){.warnings = rest.warnings}, reading->problems);
	if (!subject || !problem_keep(reading->arena, &login, &out->login_fault) ||
	    !problem_keep(reading->arena, &rest, &out->fault))
		problem_add(reading->problems, out->place, "out of memory");
	return entry.literal;
}
