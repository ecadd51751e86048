/*
 * Credential helpers are other programs, which read and write what they want and ask the
 * environment. So they are started by a process of their own for each run that has some
 * (registry/helpers.h), made before this one gives anything up; no run needs more for their sake.
 *
 * What is read while a run is under way: certificate authorities, what the C library reads for
 * names and times, the source of random bytes. Ports are those of all servers and proxies that the
 * rules, the auth file and the environment name, whether or not a rule needs them. Between public
 * registries no other port is ever needed, so the kernel enforces that. The ports of a private
 * registry's token server and storage are not known in advance: if one takes part, the kernel does
 * not limit ports, and net/ports.h refuses those below 1024.
 */
#include "cmd/confine.h"

#include "base/landlock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/seccomp.h"
#include "base/secret.h"
#include "cmd/folders.h"
#include "cmd/servers.h"
#include "cmd/state_keeper.h"
#include "config/action/inputs.h"
#include "config/auth/registry_options.h"
#include "config/options/plan_options.h"
#include "config/serve/server_file.h"
#include "net/proxy.h"
#include "net/tls_client.h"
#include "registry/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DNS = 53, HTTPS = 443 };

/*
 * Where names, times, authorities and random bytes come from. Landlock judges the file that a link
 * leads to, and some systems have nothing but links in /etc (NixOS: into /nix/store), so what is
 * opened there by name is named here: the bundles of net/tls_trust.c and what the C library asks.
 */
static const char *const system_files[] = {
	"/etc",
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
	"/etc/hosts",
	"/etc/resolv.conf",
	"/etc/nsswitch.conf",
	"/etc/services",
	"/etc/localtime",
	"/usr/share",
	"/usr/local/share",
	"/usr/lib/ssl",
	"/var/lib/ca-certificates",
	"/dev/urandom",
	"/dev/random",
	"/dev/null",
};

/* resolv.conf is often a link into a folder of its own, where it is replaced now and then. */
static const char *resolver_folder(struct arena *arena)
{
	char path[PATH_MAX];
	if (!realpath("/etc/resolv.conf", path))
		return NULL;
	*strrchr(path, '/') = '\0';
	return arena_string(arena, *path ? path : "/etc");
}

/* All runs of a session. */
struct runs {
	struct run *items;
	size_t count;
};

/* Files that are read while a run is under way, or before the next one. */
struct reading {
	struct arena *arena;
	const char **list; /* NULL: they are only counted */
	size_t count;
	bool failed; /* there was no memory */
};

static void add_name(struct reading *reading, const char *name)
{
	if (reading->list)
		reading->list[reading->count] = name;
	reading->count++;
}

static void add_folder(struct reading *reading, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = !slash ? "."
				    : arena_copy(reading->arena, path,
						 slash > path ? (size_t)(slash - path) : 1);
	reading->failed |= !folder;
	add_name(reading, folder);
}

/*
 * Editors and Kubernetes put another file into the place of one, so what is read again is found by
 * its folder, and by the one that links lead to.
 */
static void add_input(void *ctx, const struct outputs_input *input)
{
	char path[PATH_MAX];
	if (!input->given || !realpath(input->given, path))
		return;
	add_folder(ctx, input->given);
	add_folder(ctx, path);
}

/* What a later version of the files may want of the folders that it does not name. */
static void add_again(struct reading *reading, const struct run *run)
{
	const struct host_files *files = &run->config.host_files;
	const struct server_config *server = run->options->server;
	outputs_inputs(run->options, &run->config, add_input, reading);
	/* What is renamed in the record's folder is synced by that. */
	if (server)
		add_folder(reading, server->record);
	for (size_t i = 0; i < HOST_FILES_MAX && files->certs[i]; i++)
		add_name(reading, files->certs[i]);
}

/* It is read once more before it is replaced, and so are those that other processes put there. */
static void add_state(struct reading *reading, const struct session *session)
{
	const char *file = state_keeper_file(session->keeper);
	struct path found;
	struct error ignored;
	if (!file || !path_find(file, &found, &ignored))
		return;
	const char *name = arena_string(reading->arena, found.name);
	reading->failed |= !name;
	if (name)
		add_folder(reading, name);
}

static void add_credential(struct reading *reading, const struct credential *entry)
{
	if (entry->ca)
		add_name(reading, entry->ca);
	if (!entry->client)
		return;
	add_name(reading, entry->client->certificate);
	add_name(reading, entry->client->key);
}

static void add_read(struct reading *reading, const struct session *session,
		     const struct runs *runs)
{
	const char *more[] = {resolver_folder(reading->arena), getenv("SSL_CERT_FILE")};
	for (size_t i = 0; i < array_count(system_files); i++)
		add_name(reading, system_files[i]);
	for (size_t i = 0; i < array_count(more); i++)
		if (more[i])
			add_name(reading, more[i]);
	add_state(reading, session);
	for (size_t i = 0; i < runs->count; i++) {
		const struct run *run = &runs->items[i];
		const struct credentials *credentials = &run->config.credentials;
		const char *ca = registry_options_ca_file(run->options);
		if (ca)
			add_name(reading, ca);
		for (size_t j = 0; j < credentials->count; j++)
			add_credential(reading, &credentials->items[j]);
		for (size_t j = 0; j < run->options->since_archive.count; j++)
			add_folder(reading, run->options->since_archive.items[j]);
		for (size_t j = 0; j < run->folder_count; j++)
			if (!run->folders[j].written)
				add_name(reading, run->folders[j].folder);
		if (session->lasting)
			add_again(reading, run);
	}
}

static const char *const *files_read(const struct session *session, const struct runs *runs)
{
	struct reading counted = {.arena = session->arena}, reading = counted;
	add_read(&counted, session, runs);
	reading.list = arena_array(session->arena, counted.count + 1, sizeof(*reading.list));
	if (reading.list)
		add_read(&reading, session, runs);
	return reading.failed ? NULL : reading.list;
}

/* The folders of images that runs write to. */
static const char *const *folders_filled(const struct session *session, const struct runs *runs)
{
	size_t most = 1, count = 0;
	for (size_t i = 0; i < runs->count; i++)
		most += runs->items[i].folder_count;
	const char **list = arena_array(session->arena, most, sizeof(*list));
	for (size_t i = 0; list && i < runs->count; i++)
		for (size_t j = 0; j < runs->items[i].folder_count; j++)
			if (runs->items[i].folders[j].written)
				list[count++] = runs->items[i].folders[j].folder;
	return list;
}

static const char *const *files_written(const struct session *session, const struct runs *runs)
{
	struct arena *arena = session->arena;
	size_t count = 0;
	const char **list = NULL;
	for (size_t i = 0; i < runs->count; i++) {
		const struct options *options = runs->items[i].options;
		const struct inputs *inputs = options->inputs;
		const char *const outputs[] = {
			options->report,
			options->output_success_images,
			options->output_failed_images,
			options->output_blobs,
			options->plan ? options->plan->out : NULL,
			options->plan ? options->plan->markdown : NULL,
			options->dry_run ? NULL : state_keeper_file(session->keeper),
			inputs ? inputs->output : NULL,
			inputs ? inputs->summary_to : NULL,
			session->lasting ? options->log : NULL,
			options->server ? options->server->record : NULL};
		if (!list)
			list = arena_array(arena, runs->count * array_count(outputs) + 1,
					   sizeof(*list));
		for (size_t j = 0; list && j < array_count(outputs); j++)
			if (outputs[j] && path_descriptor(outputs[j]) < 0)
				list[count++] = outputs[j];
	}
	return list;
}

static void add_port(void *ctx, const struct named_server *server)
{
	struct ports *ports = ctx;
	if (server->url)
		ports_add_url(ports, server->name);
	else
		ports_add_host(ports, server->name, server->plain);
	/* Not known for staying at the usual ports. */
	if (server->registry && !profile_is_public(server->registry))
		ports_open(ports);
}

static void fill_ports(struct ports *ports, const struct runs *runs)
{
	const char *const urls[] = {getenv("AWS_ENDPOINT_URL"), getenv("AWS_ENDPOINT_URL_ECR")};
	ports_add(ports, HTTPS);
	for (size_t i = 0; i < runs->count; i++)
		servers_each(&runs->items[i], add_port, ports);
	for (size_t i = 0; i < array_count(urls); i++)
		if (urls[i] && *urls[i])
			ports_add_url(ports, str_of(urls[i]));
}

static enum landlock_result confine_files(const struct session *session, const struct runs *runs)
{
	/* Answers of name servers that are too long for UDP come over TCP, by the C library. */
	struct ports ports = *session->ports;
	ports_add(&ports, DNS);
	size_t port_count = ports_list(&ports, NULL, 0);
	uint16_t *list = arena_array(session->arena, port_count, sizeof(*list));
	struct landlock_rules rules = {.read = files_read(session, runs),
				       .write = files_written(session, runs),
				       .fill = session->filled,
				       .ports = ports.open ? NULL : list};
	errno = ENOMEM;
	if (!rules.read || !rules.write || !rules.fill || !list)
		return LANDLOCK_NOTHING;
	rules.port_count = ports_list(&ports, list, port_count);
	return landlock_confine(&rules);
}

static bool start_helpers(struct session *session, const struct runs *runs, struct error *err)
{
	size_t most = 1, count = 0;
	for (size_t i = 0; i < runs->count; i++)
		most += runs->items[i].config.credentials.count;
	const char **names = arena_array(session->arena, most, sizeof(*names));
	if (!names)
		return error_memory(err);
	for (size_t i = 0; i < runs->count; i++) {
		const struct credentials *credentials = &runs->items[i].config.credentials;
		for (size_t j = 0; j < credentials->count; j++) {
			const struct credential *entry = &credentials->items[j];
			if (!entry->needed || !entry->helper)
				continue;
			names[count] = arena_string(session->arena, entry->helper);
			if (!names[count++])
				return error_memory(err);
		}
	}
	return helpers_start(session->arena, names, &session->helpers, err);
}

bool confine_runs(struct session *session, struct run *items, size_t count, struct error *err)
{
	static const char *const answers[] = {[LANDLOCK_FILES] =
						      "yes, the kernel does not limit ports",
					      [LANDLOCK_FILES_AND_PORTS] = "yes"};
	const struct runs runs = {items, count};
	struct ports *ports = arena_new_of(session->arena, struct ports);
	if (!ports)
		return error_memory(err);
	if (!start_helpers(session, &runs, err))
		return false;
	for (size_t i = 0; i < count; i++)
		folders_make(&items[i]);
	session->filled = folders_filled(session, &runs);
	fill_ports(ports, &runs);
	session->ports = ports;
	enum landlock_result result = confine_files(session, &runs);
	log_debug("confined to the files and ports of this run: %s",
		  result == LANDLOCK_NOTHING ? strerror(errno) : answers[result]);
	bool calls = seccomp_confine();
	log_debug("confined to the system calls of a copy: %s", calls ? "yes" : strerror(errno));
	return true;
}

/* --- what was read again -------------------------------------------------------------------- */

/* A later version of the files, beside what the process kept. */
struct checking {
	const struct run *run;
	struct problems *problems;
};

/* The first port of the server that was given up; 0: none. */
static unsigned missing_port(const struct ports *kept, const struct named_server *server)
{
	struct ports needed = {.open = false};
	uint16_t list[2];
	if (server->url)
		ports_add_url(&needed, server->name);
	else
		ports_add_host(&needed, server->name, server->plain);
	size_t count = ports_list(&needed, list, array_count(list));
	for (size_t i = 0; i < count; i++)
		if (!ports_has(kept, list[i]))
			return list[i];
	return 0;
}

static void check_server(void *ctx, const struct named_server *server)
{
	const struct checking *checking = ctx;
	const struct ports *kept = checking->run->session->ports;
	unsigned port = missing_port(kept, server);
	if (port)
		problem_add(checking->problems, server->place,
			    "%.*s needs port %u, which this process has given up: restart it",
			    STR_ARGS(server->url ? STR("a URL") : server->name), port);
	else if (server->registry && !kept->open && !profile_is_public(server->registry))
		problem_add(checking->problems, server->place,
			    "%s may need other ports than the public registries, which this "
			    "process has given up: restart it",
			    server->registry);
}

/* path may be NULL. */
static void check_file(const struct checking *checking, const struct credential *entry,
		       const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd >= 0)
		close(fd);
	else if (path && errno == EACCES)
		problem_add(checking->problems, entry->place,
			    "this process may not read %s: check its mode, and restart if its "
			    "folder is new",
			    path);
}

static void check_credential(const struct checking *checking, const struct credential *entry)
{
	if (entry->needed && entry->helper &&
	    !helpers_know(checking->run->session->helpers, entry->helper))
		problem_add(checking->problems, entry->place,
			    "this process can no longer start the credential helper %s: restart it",
			    entry->helper);
	check_file(checking, entry, entry->ca);
	check_file(checking, entry, entry->client ? entry->client->certificate : NULL);
	check_file(checking, entry, entry->client ? entry->client->key : NULL);
}

/* True when path is the folder, or below it. */
static bool is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	return strncmp(path, folder, len) == 0 && (!path[len] || path[len] == '/');
}

/* A folder to write to must be one that was kept; one to read from may be readable anyway. */
static void check_folder(const struct checking *checking, const struct named_folder *folder)
{
	const char *const *kept = checking->run->session->filled;
	for (; *kept; kept++)
		if (is_in(folder->folder, *kept))
			return;
	int fd = folder->written ? -1 : open(folder->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	else if (folder->written || errno == EACCES)
		problem_add(checking->problems, folder->place,
			    "%s needs a folder that this process has given up: restart it",
			    folder->name);
}

bool confine_check(const struct run *run, struct problems *problems)
{
	const struct checking checking = {run, problems};
	size_t before = problems->error_count;
	servers_each(run, check_server, (void *)(uintptr_t)&checking);
	for (size_t i = 0; i < run->config.credentials.count; i++)
		check_credential(&checking, &run->config.credentials.items[i]);
	for (size_t i = 0; i < run->folder_count; i++)
		check_folder(&checking, &run->folders[i]);
	return problems->error_count == before;
}
