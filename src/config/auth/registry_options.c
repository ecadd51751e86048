/*
 * Other users of the machine may read a command line, and a runner prints inputs. So the secret of
 * --creds is a reference to it, and one that is written out is refused: by then it is too late to
 * hide it from others, but it need not become a habit. No message quotes anything after the name of
 * the registry.
 *
 * A setting for a registry holds for all entries of that registry: an entry of the auth file for
 * one of its folders must not undo what the command line says.
 */
#include "config/auth/registry_options.h"

#include "base/secret.h"
#include "config/auth/registry_key.h"
#include "config/auth/secret_file.h"
#include "oci/reference.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CREDS_FORM                                                                                 \
	"--creds HOST=USER:@FILE for a file with the password, or --creds 'HOST=USER:${NAME}' "    \
	"for a variable, in single quotes"

struct registry_reading {
	struct arena *arena;
	const struct expand_lookup *lookup;
	struct credentials *list;
	struct problems *problems;
};

/* --- entries -------------------------------------------------------------------------------- */

/* With "/x" appended a registry, or a folder of it, must parse as an image. */
static bool is_registry(const struct registry_reading *reading, struct str key)
{
	struct error err;
	struct reference ref;
	const char *image = arena_printf(reading->arena, "%.*s/x", STR_ARGS(key));
	struct str name = str_head(key, str_find(key, '/'));
	bool host = str_find(name, '.') < name.len || str_find(name, ':') < name.len ||
		    str_is(name, "localhost");
	return image && host && reference_parse(reading->arena, str_of(image), &ref, &err);
}

/* Makes an entry with the settings that held for key so far. NULL without memory. */
static struct credential *add_entry(const struct registry_reading *reading, struct str key,
				    const char *place)
{
	struct credentials *list = reading->list;
	struct str host, repository;
	struct credential *items = arena_array(reading->arena, list->count + 1, sizeof(*items));
	if (!items) {
		problem_add(reading->problems, NULL, "out of memory");
		return NULL;
	}
	registry_key_split(key, &host, &repository);
	const struct credential *settings = credential_find(list, host, repository);
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	struct credential *entry = &items[list->count];
	*entry = settings ? *settings : (struct credential){0};
	entry->key = key;
	entry->place = place;
	list->items = items;
	list->count++;
	return entry;
}

static struct credential *entry_for(const struct registry_reading *reading, struct str key,
				    const char *place)
{
	for (size_t i = 0; i < reading->list->count; i++)
		if (registry_key_equal(reading->list->items[i].key, key))
			return &reading->list->items[i];
	return add_entry(reading, key, place);
}

static bool of_host(const struct credential *entry, struct str host)
{
	struct str own, path;
	registry_key_split(entry->key, &own, &path);
	return str_equal(own, host);
}

/* A name that the command line has, as a registry in small letters; at is NULL if it is none. */
static struct str read_name(const struct registry_reading *reading, const char *option,
			    struct str text, bool path)
{
	struct str host, repository, none = {0};
	struct str key = registry_key_lower(reading->arena, str_trim(text));
	if (!key.at) {
		problem_add(reading->problems, NULL, "out of memory");
		return none;
	}
	registry_key_split(key, &host, &repository);
	if (is_registry(reading, key) && (path || !repository.len))
		return key;
	problem_add(reading->problems, NULL,
		    "--%s %.*s: expected the name of a registry, as in registry.example.com:5000",
		    option, STR_ARGS(text));
	return none;
}

/* --- --insecure and --ca -------------------------------------------------------------------- */

static void set_insecure(const struct registry_reading *reading, struct str text)
{
	struct str host, path, key = read_name(reading, "insecure", text, false);
	if (!key.at || !entry_for(reading, key, "--insecure"))
		return;
	registry_key_split(key, &host, &path);
	for (size_t i = 0; i < reading->list->count; i++)
		if (of_host(&reading->list->items[i], host))
			reading->list->items[i].insecure = true;
}

static void read_insecure(const struct registry_reading *reading, const struct option_list *given)
{
	for (size_t i = 0; i < given->count; i++) {
		struct str part, rest = str_of(given->items[i]);
		while (str_cut(&rest, ',', &part))
			if (str_trim(part).len)
				set_insecure(reading, part);
	}
}

/* The length of the registry before the file of --ca; 0: there is none. */
static size_t registry_before(const char *item)
{
	struct str text = str_of(item);
	size_t equals = str_find(text, '=');
	return equals < text.len && str_find(text, '/') > equals ? equals : 0;
}

const char *registry_options_ca(const char *item)
{
	size_t len = registry_before(item);
	return len ? item + len + 1 : item;
}

const char *registry_options_ca_file(const struct options *options)
{
	const char *file = NULL;
	for (size_t i = 0; i < options->ca.count; i++)
		if (!registry_before(options->ca.items[i]))
			file = options->ca.items[i];
	return file;
}

static bool readable(const struct registry_reading *reading, const char *path)
{
	if (access(path, R_OK) == 0)
		return true;
	problem_add(reading->problems, NULL, "--ca: cannot read %s: %s", path, strerror(errno));
	return false;
}

static void set_ca(const struct registry_reading *reading, struct str text, const char *file)
{
	struct str host, path, key = read_name(reading, "ca", text, false);
	if (!key.at || !entry_for(reading, key, "--ca"))
		return;
	registry_key_split(key, &host, &path);
	for (size_t i = 0; i < reading->list->count; i++)
		if (of_host(&reading->list->items[i], host))
			reading->list->items[i].ca = file;
}

/* --- --creds -------------------------------------------------------------------------------- */

/* An item of --creds, cut into its parts. */
struct creds {
	struct str key, user;
	const char *secret;
};

static bool split_creds(const char *item, struct creds *out)
{
	struct str text = str_of(item), rest;
	size_t equals = str_find(text, '=');
	out->key = str_head(text, equals);
	rest = str_from(text, equals < text.len ? equals + 1 : text.len);
	size_t colon = str_find(rest, ':');
	out->user = str_head(rest, colon);
	if (!out->key.len || colon >= rest.len)
		return false;
	out->secret = rest.at + colon + 1;
	return true;
}

const char *registry_options_secret(const char *item)
{
	struct creds creds;
	return split_creds(item, &creds) && creds.secret[0] == '@' ? creds.secret + 1 : NULL;
}

/* True for ${NAME} and $NAME, and nothing around them. */
static bool is_variable(const char *text)
{
	struct str name = str_of(text);
	if (!str_starts(name, "$"))
		return false;
	name = str_from(name, 1);
	if (str_starts(name, "{") && name.at[name.len - 1] == '}')
		name = str_head(str_from(name, 1), name.len - 2);
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_",
			    name.at[i]))
			return false;
	return name.len;
}

/* The password that the text refers to; NULL with a problem. */
static const char *read_secret(const struct registry_reading *reading, const struct creds *creds)
{
	const char *secret = NULL;
	struct error err;
	if (creds->secret[0] == '@')
		return secret_file_read(reading->arena, "creds", creds->secret + 1,
					reading->problems);
	if (!is_variable(creds->secret)) {
		secret_register(str_of(creds->secret));
		problem_add(reading->problems, NULL,
			    "--creds %.*s: a password on the command line can be read by other "
			    "users of this machine, so it is not taken: write " CREDS_FORM,
			    STR_ARGS(creds->key));
		return NULL;
	}
	if (!expand_text(reading->arena, str_of(creds->secret), EXPAND_CREDENTIAL, reading->lookup,
			 &secret, &err)) {
		problem_add(reading->problems, NULL, "--creds %.*s: %s", STR_ARGS(creds->key),
			    err.text);
		return NULL;
	}
	return secret;
}

static void set_login(const struct registry_reading *reading, const char *item)
{
	struct creds creds;
	if (!split_creds(item, &creds) || !creds.user.len || !*creds.secret) {
		/* What is there may be a password. */
		secret_register(str_of(item));
		problem_add(reading->problems, NULL,
			    "--creds: expected a registry, a user and a secret: write " CREDS_FORM);
		return;
	}
	struct str key = read_name(reading, "creds", creds.key, true);
	const char *secret = key.at ? read_secret(reading, &creds) : NULL;
	const char *user = arena_copy(reading->arena, creds.user.at, creds.user.len);
	struct credential *entry = secret && user ? entry_for(reading, key, "--creds") : NULL;
	if (secret)
		secret_register(str_of(secret));
	if (!entry)
		return;
	secret_register_basic(creds.user, str_of(secret));
	entry->username = user;
	entry->password = secret;
	entry->token = entry->helper = entry->login_fault = NULL;
	entry->place = "--creds";
}

/* --- all of them ---------------------------------------------------------------------------- */

/* Standard input can be read only once. */
static void check_stdin(const struct options *options, struct problems *problems)
{
	const char *files[] = {options->auth, options->images, options->list, options->config};
	size_t count = 0, secrets = 0;
	for (size_t i = 0; i < array_count(files); i++)
		count += files[i] && strcmp(files[i], "-") == 0;
	for (size_t i = 0; i < options->creds.count; i++) {
		const char *file = registry_options_secret(options->creds.items[i]);
		secrets += file && strcmp(file, "-") == 0;
	}
	if (secrets && count + secrets > 1)
		problem_add(problems, NULL,
			    "--creds reads a password from stdin (@-), and so does something "
			    "else: put the others into files");
}

void registry_options_read(struct arena *arena, const struct options *options,
			   const struct expand_lookup *lookup, struct credentials *list,
			   struct problems *problems)
{
	const struct registry_reading reading = {arena, lookup, list, problems};
	check_stdin(options, problems);
	for (size_t i = 0; i < options->creds.count; i++)
		set_login(&reading, options->creds.items[i]);
	read_insecure(&reading, &options->insecure);
	for (size_t i = 0; i < options->ca.count; i++) {
		const char *item = options->ca.items[i], *file = registry_options_ca(item);
		if (readable(&reading, file) && file != item)
			set_ca(&reading, str_head(str_of(item), (size_t)(file - item - 1)), file);
	}
}
