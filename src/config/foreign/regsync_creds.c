/*
 * A certificate is text in regsync, and a file here: only what {{file}} reads can be carried over.
 * Whatever would lead requests elsewhere is refused.
 */
#include "config/foreign/regsync_creds.h"

#include "config/foreign/template.h"

#include <string.h>

enum field_number {
	REGISTRY,
	USER,
	PASS,
	TOKEN,
	TLS,
	REG_CERT,
	CLIENT_CERT,
	CLIENT_KEY,
	HOSTNAME,
	PATH_PREFIX,
	CRED_HELPER,
	CRED_EXPIRE,
	CRED_HOST,
	MIRRORS,
	PRIORITY,
	REPO_AUTH,
	API,
	API_OPTS,
	BLOB_CHUNK,
	BLOB_MAX,
	REQ_PER_SEC,
	REQ_CONCURRENT,
	SCHEME,
	FIELDS
};

static const struct field fields[FIELDS] = {
	[REGISTRY] = {"registry", FIELDS_TEXT, "its name"},
	[USER] = {"user", FIELDS_TEXT, "the user"},
	[PASS] = {"pass", FIELDS_TEXT, "the password"},
	[TOKEN] = {"token", FIELDS_TEXT, "an identity token"},
	[TLS] = {"tls", FIELDS_TEXT, "enabled, insecure or disabled"},
	[REG_CERT] = {"regcert", FIELDS_TEXT, "its certificate authority"},
	[CLIENT_CERT] = {"clientCert", FIELDS_TEXT, "a certificate of the client"},
	[CLIENT_KEY] = {"clientKey", FIELDS_TEXT, "the key of that certificate"},
	[HOSTNAME] = {"hostname", FIELDS_TEXT, "the server behind the name"},
	[PATH_PREFIX] = {"pathPrefix", FIELDS_TEXT, "the namespace of a mirror"},
	[CRED_HELPER] = {"credHelper", FIELDS_TEXT, "a credential helper"},
	[CRED_EXPIRE] = {"credExpire", FIELDS_TEXT, "how long its answer is valid"},
	[CRED_HOST] = {"credHost", FIELDS_TEXT, "the name for the helper"},
	[MIRRORS] = {"mirrors", FIELDS_TEXTS, "registries to read from first"},
	[PRIORITY] = {"priority", FIELDS_TEXT, "the order of mirrors"},
	[REPO_AUTH] = {"repoAuth", FIELDS_SWITCH, "a token for each repository"},
	[API] = {"api", FIELDS_TEXT, "the registry's API"},
	[API_OPTS] = {"apiOpts", FIELDS_MAP, "options of the API"},
	[BLOB_CHUNK] = {"blobChunk", FIELDS_TEXT, "the size of a chunk"},
	[BLOB_MAX] = {"blobMax", FIELDS_TEXT, "the size from which blobs are sent in chunks"},
	[REQ_PER_SEC] = {"reqPerSec", FIELDS_TEXT, "requests per second"},
	[REQ_CONCURRENT] = {"reqConcurrent", FIELDS_TEXT, "requests at the same time"},
	[SCHEME] = {"scheme", FIELDS_TEXT, "http or https"},
};

static const struct fields_table table = {.fields = fields, .count = FIELDS};

/* What makes no difference here, with why, and what does. */
static const struct {
	enum field_number field;
	bool remark;
	const char *text;
} losses[] = {
	{REPO_AUTH, true, "repoAuth is not needed: tokens are for one repository anyway"},
	{API, true, "api is not needed: there is one API"},
	{API_OPTS, true, "apiOpts is not needed: uploads are made as each registry takes them"},
	{BLOB_CHUNK, true, "blobChunk is not needed: uploads are made as each registry takes them"},
	{BLOB_MAX, true, "blobMax is not needed: uploads are made as each registry takes them"},
	{REQ_CONCURRENT, true, "reqConcurrent is not needed: it adapts to the registry"},
	{CRED_EXPIRE, true, "credExpire is not needed: helpers are asked again as needed"},
	{REQ_PER_SEC, false,
	 "reqPerSec is ignored: --requests-per-second sets it for all registries, and without it "
	 "the rate adapts"},
	{PRIORITY, false, "priority is ignored: mirrors are asked in the order of their list"},
	{CRED_HELPER, false,
	 "credHelper is ignored: name the helper in credHelpers of docker's config.json"},
	{CRED_HOST, false, "credHost is ignored: helpers are asked for the registry's name"},
	{PATH_PREFIX, false, "pathPrefix is ignored: a mirror has the paths of its registry"},
};

/* Adds a text of a login, or the file that holds it. */
static void add_login(struct translation *translation, struct node *entry, const struct node *node,
		      const char *field, const char *file_field)
{
	const struct fields_reading reading = translation_reading(translation);
	struct str text;
	bool file;
	if (!node || !fields_text(&reading, &fields[USER], node, &text) || !text.len)
		return;
	struct node *value = template_read(translation, node, TEMPLATE_CREDENTIAL, &file);
	translation_set(translation, entry, file ? file_field : field, value);
}

static void add_tls(struct translation *translation, struct node *entry,
		    const struct node *const *values)
{
	const struct node *tls = values[TLS], *scheme = values[SCHEME];
	bool off = tls && (str_equal_nocase(tls->text, STR("disabled")) ||
			   str_equal_nocase(tls->text, STR("insecure")));
	bool on = tls && (str_equal_nocase(tls->text, STR("enabled")) || !tls->text.len);
	if (tls && !off && !on)
		translation_refuse(translation, tls, "tls must be enabled, insecure or disabled");
	if (scheme && str_is(scheme->text, "http"))
		off = true;
	if (off)
		translation_set(translation, entry, "insecure",
				translation_switch(translation, tls ? tls : scheme, true));
}

/* The path of the file that {{file}} reads; NULL: node is text, in which *text says if any is. */
static struct node *read_path(struct translation *translation, const struct node *node, bool *text)
{
	bool file = false;
	struct node *value = NULL;
	if (node && node->text.len)
		value = template_read(translation, node, TEMPLATE_CREDENTIAL, &file);
	*text = value && !file;
	return file ? value : NULL;
}

static void add_authority(struct translation *translation, struct node *entry,
			  const struct node *node)
{
	bool text;
	struct node *path = read_path(translation, node, &text);
	if (path)
		translation_set(translation, entry, "ca", path);
	else if (text)
		translation_lose(
			translation, node,
			"regcert is ignored: write the certificates to a file, and name it "
			"as {{file \"PATH\"}}");
}

/* Without its certificate a login would fail, or be another one. */
static void add_client(struct translation *translation, struct node *entry, const struct node *node,
		       enum field_number field, const char *ours)
{
	bool text;
	struct node *path = read_path(translation, node, &text);
	if (path)
		translation_set(translation, entry, ours, path);
	else if (text)
		translation_refuse(translation, node,
				   "%s is read from a file here: write it to one, and name that as "
				   "{{file \"PATH\"}}",
				   fields[field].name);
}

/* The servers of Docker Hub have another name than its images. */
static bool same_host(struct str registry, struct str hostname)
{
	return str_equal(registry, hostname) ||
	       (str_is(registry, "docker.io") && str_is(hostname, "registry-1.docker.io"));
}

static struct node *registry_name(struct translation *translation, const struct node *node,
				  struct node *entry)
{
	struct node *name = template_read(translation, node, TEMPLATE_SOURCE, NULL);
	if (!name)
		return NULL;
	bool plain = str_starts(name->text, "http://");
	if (plain)
		translation_set(translation, entry, "insecure",
				translation_switch(translation, node, true));
	if (plain || str_starts(name->text, "https://"))
		name->text = str_from(name->text, plain ? 7 : 8);
	return name;
}

static void read_entry(struct translation *translation, const struct node *map)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[FIELDS];
	struct str text;
	if (!translation_expect_map(translation, map, "an entry of creds"))
		return;
	fields_collect(&reading, &table, map, values);
	if (!values[REGISTRY])
		translation_refuse(translation, map, "registry is missing");
	if (!values[REGISTRY] ||
	    !fields_filled(&reading, &fields[REGISTRY], values[REGISTRY], &text))
		return;
	struct node *entry = translation_map(translation, map);
	struct node *name = registry_name(translation, values[REGISTRY], entry);
	add_login(translation, entry, values[USER], "username", "username-file");
	add_login(translation, entry, values[PASS], "password", "password-file");
	add_login(translation, entry, values[TOKEN], "token", "token-file");
	if (!node_get(entry, "insecure"))
		add_tls(translation, entry, values);
	add_authority(translation, entry, values[REG_CERT]);
	add_client(translation, entry, values[CLIENT_CERT], CLIENT_CERT, "certificate");
	add_client(translation, entry, values[CLIENT_KEY], CLIENT_KEY, "key");
	if (values[MIRRORS])
		translation_set(translation, entry, "mirrors", values[MIRRORS]);
	if (values[HOSTNAME] && name && !same_host(name->text, values[HOSTNAME]->text))
		translation_refuse(translation, values[HOSTNAME],
				   "hostname has no counterpart: a registry is the server of its "
				   "name, so write that server into the steps");
	for (size_t i = 0; i < array_count(losses); i++)
		if (values[losses[i].field])
			(losses[i].remark ? translation_remark : translation_lose)(
				translation, values[losses[i].field], "%s", losses[i].text);
	translation_login(translation, name, entry);
}

void regsync_creds_translate(struct translation *translation, const struct node *creds)
{
	if (creds->kind == NODE_NULL || !translation_expect_list(translation, creds, "creds"))
		return;
	for (size_t i = 0; i < creds->count; i++)
		read_entry(translation, creds->items[i]);
}
