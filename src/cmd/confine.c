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
#include "cmd/hints_file.h"
#include "config/action/inputs.h"
#include "config/auth/registry_key.h"
#include "net/proxy.h"
#include "registry/profile.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

static const char *const *files_read(struct arena *arena, const struct runs *runs)
{
	const char *more[] = {resolver_folder(arena), getenv("SSL_CERT_FILE")};
	size_t most = array_count(system_files) + array_count(more) + 1, count = 0;
	for (size_t i = 0; i < runs->count; i++)
		most += runs->items[i].config.credentials.count;
	const char **list = arena_array(arena, most, sizeof(*list));
	if (!list)
		return NULL;
	for (size_t i = 0; i < array_count(system_files); i++)
		list[count++] = system_files[i];
	for (size_t i = 0; i < array_count(more); i++)
		if (more[i])
			list[count++] = more[i];
	for (size_t i = 0; i < runs->count; i++) {
		const struct credentials *credentials = &runs->items[i].config.credentials;
		for (size_t j = 0; j < credentials->count; j++)
			if (credentials->items[j].ca)
				list[count++] = credentials->items[j].ca;
	}
	return list;
}

static const char *const *files_written(struct arena *arena, const struct runs *runs)
{
	size_t count = 0;
	const char **list = NULL;
	for (size_t i = 0; i < runs->count; i++) {
		const struct options *options = runs->items[i].options;
		const struct inputs *inputs = options->inputs;
		const char *const outputs[] = {options->report,
					       options->output_success_images,
					       options->output_failed_images,
					       hints_file_written(&runs->items[i]),
					       inputs ? inputs->output : NULL,
					       inputs ? inputs->summary_to : NULL};
		if (!list)
			list = arena_array(arena, runs->count * array_count(outputs) + 1,
					   sizeof(*list));
		for (size_t j = 0; list && j < array_count(outputs); j++)
			if (outputs[j] && path_descriptor(outputs[j]) < 0)
				list[count++] = outputs[j];
	}
	return list;
}

static void add_side(struct ports *ports, const struct run *run, const struct reference *name)
{
	const struct credential *entry = credential_find(
		&run->config.credentials, str_of(name->host), str_of(name->repository));
	ports_add_host(ports, str_of(name->host), entry && entry->insecure);
}

static void add_rules(struct ports *ports, const struct run *run)
{
	for (size_t i = 0; i < run->rule_count; i++) {
		add_side(ports, run, &run->rules[i].source.name);
		add_side(ports, run, &run->rules[i].destination.name);
	}
	for (size_t i = 0; i < run->namespace_count; i++) {
		add_side(ports, run, &run->namespaces[i].source);
		add_side(ports, run, &run->namespaces[i].destination);
	}
}

static void add_credential(struct ports *ports, const struct credential *entry)
{
	struct str host, path;
	registry_key_split(entry->key, &host, &path);
	ports_add_host(ports, host, entry->insecure);
	if (entry->proxy)
		ports_add_url(ports, str_of(entry->proxy->url));
	if (entry->token_server)
		ports_add_host(ports, str_of(entry->token_server), entry->insecure);
	/* One that is insecure has an entry of its own. */
	for (size_t i = 0; i < entry->mirror_count; i++)
		ports_add_host(ports, str_of(entry->mirrors[i]), false);
}

/* True when all that the rules name is known for staying at the usual ports, mirrors included. */
static bool all_public(const struct run *run)
{
	const struct credentials *credentials = &run->config.credentials;
	for (size_t i = 0; i < run->rule_count; i++)
		if (!profile_is_public(run->rules[i].source.name.host) ||
		    !profile_is_public(run->rules[i].destination.name.host))
			return false;
	for (size_t i = 0; i < run->namespace_count; i++)
		if (!profile_is_public(run->namespaces[i].source.host) ||
		    !profile_is_public(run->namespaces[i].destination.host))
			return false;
	for (size_t i = 0; i < credentials->count; i++)
		for (size_t j = 0; j < credentials->items[i].mirror_count; j++)
			if (!profile_is_public(credentials->items[i].mirrors[j]))
				return false;
	return true;
}

static void add_run(struct ports *ports, const struct run *run)
{
	const struct proxies *proxies = &run->config.proxies;
	const char *const urls[] = {proxies->http ? proxies->http->url : NULL,
				    proxies->https ? proxies->https->url : NULL};
	const struct credentials *credentials = &run->config.credentials;
	add_rules(ports, run);
	for (size_t i = 0; i < credentials->count; i++)
		add_credential(ports, &credentials->items[i]);
	for (size_t i = 0; i < array_count(urls); i++)
		if (urls[i])
			ports_add_url(ports, str_of(urls[i]));
	for (size_t i = 0; i < run->config.notify.count; i++)
		ports_add_url(ports, str_of(run->config.notify.items[i].url.text));
	if (!all_public(run))
		ports_open(ports);
}

static void fill_ports(struct ports *ports, const struct runs *runs)
{
	const char *const urls[] = {getenv("AWS_ENDPOINT_URL"), getenv("AWS_ENDPOINT_URL_ECR")};
	ports_add(ports, HTTPS);
	for (size_t i = 0; i < runs->count; i++)
		add_run(ports, &runs->items[i]);
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
	struct landlock_rules rules = {.read = files_read(session->arena, runs),
				       .write = files_written(session->arena, runs),
				       .ports = ports.open ? NULL : list};
	errno = ENOMEM;
	if (!rules.read || !rules.write || !list)
		return LANDLOCK_NOTHING;
	rules.port_count = ports_list(&ports, list, port_count);
	return landlock_confine(&rules);
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
	for (size_t i = 0; i < count; i++)
		if (!helpers_start(items[i].arena, &items[i].config.credentials, &items[i].helpers,
				   err))
			return false;
	fill_ports(ports, &runs);
	session->ports = ports;
	enum landlock_result result = confine_files(session, &runs);
	log_debug("confined to the files and ports of this run: %s",
		  result == LANDLOCK_NOTHING ? strerror(errno) : answers[result]);
	bool calls = seccomp_confine();
	log_debug("confined to the system calls of a copy: %s", calls ? "yes" : strerror(errno));
	return true;
}
