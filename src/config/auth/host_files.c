/*
 * registries.conf is TOML, of which two kinds of lines matter here: `prefix = "..."` and
 * `location = "..."`. A warning needs no more; whoever wants these settings has fields for them in
 * the auth file.
 */
#include "config/auth/host_files.h"

#include "base/buf.h"
#include "base/file.h"
#include "net/tls_client.h"

#include <dirent.h>
#include <string.h>

enum { CONF_MAX = 1024 * 1024 };

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static const char *variable(const struct expand_lookup *lookup, const char *name)
{
	const char *value = lookup->get(lookup->ctx, name);
	return value && *value ? value : NULL;
}

void host_files_places(struct arena *arena, const struct expand_lookup *lookup,
		       struct host_files *out)
{
	const char *home = variable(lookup, "HOME");
	const char *config = variable(lookup, "XDG_CONFIG_HOME");
	size_t certs = 0, registries = 0;
	*out = (struct host_files){0};
	if (!config && home)
		config = arena_printf(arena, "%s/.config", home);
	if (config) {
		out->certs[certs++] = arena_printf(arena, "%s/containers/certs.d", config);
		out->registries[registries++] =
			arena_printf(arena, "%s/containers/registries.conf", config);
	}
	out->certs[certs++] = "/etc/containers/certs.d";
	out->certs[certs] = "/etc/docker/certs.d";
	out->registries[registries] = "/etc/containers/registries.conf";
}

/* The alphabetically first name in a folder that ends in suffix; *count: how many do. */
static const char *first_name(struct arena *arena, DIR *folder, const char *suffix, size_t *count)
{
	const char *first = NULL;
	*count = 0;
	rewinddir(folder);
	for (const struct dirent *entry; (entry = readdir(folder));) {
		if (!str_ends(str_of(entry->d_name), suffix))
			continue;
		++*count;
		if (!first || strcmp(entry->d_name, first) < 0)
			first = arena_string(arena, entry->d_name);
	}
	return first;
}

/* The folder of host in the first certs.d that has one. */
static const char *find_folder(struct arena *arena, const struct host_files *files,
			       const char *host, DIR **folder)
{
	for (size_t i = 0; i < HOST_FILES_MAX && files->certs[i]; i++) {
		const char *path = arena_printf(arena, "%s/%s", files->certs[i], host);
		*folder = path ? opendir(path) : NULL;
		if (*folder)
			return path;
	}
	return NULL;
}

const char *host_files_ca(struct arena *arena, const struct host_files *files, const char *host,
			  struct problems *problems)
{
	scoped(close_folder) DIR *folder = NULL;
	size_t count;
	const char *path = find_folder(arena, files, host, &folder);
	if (!path)
		return NULL;
	const char *name = first_name(arena, folder, ".crt", &count);
	if (count > 1)
		problem_warn(problems, path,
			     "only %s is used: put all certificates into one file and name it as "
			     "ca of %s in the auth file",
			     name, host);
	return name ? arena_printf(arena, "%s/%s", path, name) : NULL;
}

static const struct tls_client *make_client(struct arena *arena, const char *folder,
					    const char *certificate)
{
	struct tls_client *client = arena_new_of(arena, struct tls_client);
	int stem = (int)(strlen(certificate) - strlen(".cert"));
	if (!client)
		return NULL;
	client->certificate = arena_printf(arena, "%s/%s", folder, certificate);
	client->key = arena_printf(arena, "%s/%.*s.key", folder, stem, certificate);
	return client->certificate && client->key ? client : NULL;
}

const struct tls_client *host_files_client(struct arena *arena, const struct host_files *files,
					   const char *host, struct problems *problems)
{
	scoped(close_folder) DIR *folder = NULL;
	struct error err = {0};
	size_t count;
	const char *path = find_folder(arena, files, host, &folder);
	const char *name = path ? first_name(arena, folder, ".cert", &count) : NULL;
	const struct tls_client *client = name ? make_client(arena, path, name) : NULL;
	if (!client)
		return NULL;
	if (count > 1)
		problem_warn(problems, path,
			     "only %s is used: name another as certificate of %s in the auth file",
			     name, host);
	if (tls_client_check(client, &err))
		return client;
	if (err.kind == ERROR_UNSUPPORTED)
		problem_warn(problems, path, "%s", err.text);
	else
		problem_add(problems, path, "%s", err.text);
	return NULL;
}

/* The text in quotes of a line `name = "text"`; empty for any other line. */
static struct str value_of(struct str line, const char *name)
{
	struct str text = {0};
	line = str_trim(line);
	if (!str_starts(line, name))
		return text;
	line = str_trim(str_from(line, strlen(name)));
	if (!str_starts(line, "="))
		return text;
	line = str_trim(str_from(line, 1));
	if (!str_starts(line, "\""))
		return text;
	line = str_from(line, 1);
	return str_head(line, str_find(line, '"'));
}

static bool is_about(struct str line, const char *host)
{
	static const char *const names[] = {"prefix", "location"};
	for (size_t i = 0; i < array_count(names); i++) {
		struct str value = value_of(line, names[i]);
		if (str_equal_nocase(str_head(value, str_find(value, '/')), str_of(host)))
			return true;
	}
	return false;
}

/* False when there is no such file, so that the next one counts. */
static bool check_file(struct arena *arena, const char *path, const char *host,
		       struct problems *problems)
{
	struct error err;
	scoped(buf_finish) struct buf text = buf_limit(CONF_MAX);
	if (!path || !file_read(path, &text, &err))
		return false;
	struct str rest = buf_str(&text), line;
	for (int number = 1; str_cut(&rest, '\n', &line); number++) {
		if (!is_about(line, host))
			continue;
		const char *place = arena_printf(arena, "%s:%d:1", path, number);
		problem_warn(problems, place,
			     "the settings for %s here are not applied: use mirrors, insecure or "
			     "ca in the auth file",
			     host);
		return true;
	}
	return true;
}

void host_files_check(struct arena *arena, const struct host_files *files, const char *host,
		      struct problems *problems)
{
	for (size_t i = 0; i < HOST_FILES_MAX && files->registries[i]; i++)
		if (check_file(arena, files->registries[i], host, problems))
			return;
}
