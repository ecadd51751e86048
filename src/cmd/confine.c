/*
 * Credential helpers are other programs, which read and write any files and need the environment.
 * So a separate process starts them (registry/helpers.h), forked before this one is confined; the
 * run itself needs no further rights for them.
 *
 * Files that are read during a run: certificate authorities, the C library's files for names and
 * times, the source of random bytes. Ports are those of all servers and proxies that the rules, the
 * auth file and the environment name, whether or not a rule needs them. Between public registries
 * that is all, and the kernel enforces it. The token server and the storage of any other registry
 * may have any port: then the kernel does not limit ports, and net/ports.h refuses those below
 * 1024.
 */
#include "cmd/confine.h"

#include "base/landlock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/seccomp.h"
#include "base/secret.h"
#include "config/inputs.h"
#include "config/registry_key.h"
#include "net/proxy.h"
#include "registry/profile.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { DNS = 53, HTTPS = 443 };

/*
 * The sources of names, times, authorities and random bytes. Landlock judges the target of a link,
 * and on some systems /etc has only links (NixOS: into /nix/store), so every file that is opened
 * there by name is listed here: the bundles of net/tls_trust.c and the C library's files.
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

/*
 * The folder of resolv.conf, which is often a link into a separate folder where it is replaced from
 * time to time.
 */
static const char *resolver_folder(struct arena *arena)
{
	char path[PATH_MAX];
	if (!realpath("/etc/resolv.conf", path))
		return NULL;
	*strrchr(path, '/') = '\0';
	return arena_string(arena, *path ? path : "/etc");
}

static const char *const *files_read(const struct run *run)
{
	const struct credentials *credentials = &run->config.credentials;
	size_t most = array_count(system_files) + credentials->count + 3;
	const char **list = arena_array(run->arena, most, sizeof(*list));
	const char *more[] = {resolver_folder(run->arena), getenv("SSL_CERT_FILE")};
	size_t count = 0;
	if (!list)
		return NULL;
	for (size_t i = 0; i < array_count(system_files); i++)
		list[count++] = system_files[i];
	for (size_t i = 0; i < array_count(more); i++)
		if (more[i])
			list[count++] = more[i];
	for (size_t i = 0; i < credentials->count; i++)
		if (credentials->items[i].ca)
			list[count++] = credentials->items[i].ca;
	return list;
}

static void add_rules(struct ports *ports, const struct run *run)
{
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_side *sides[] = {&run->rules[i].source,
						   &run->rules[i].destination};
		for (size_t j = 0; j < array_count(sides); j++) {
			const struct reference *name = &sides[j]->name;
			const struct credential *entry =
				credential_find(&run->config.credentials, str_of(name->host),
						str_of(name->repository));
			ports_add_host(ports, str_of(name->host), entry && entry->insecure);
		}
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
	/* An insecure mirror has an entry of its own. */
	for (size_t i = 0; i < entry->mirror_count; i++)
		ports_add_host(ports, str_of(entry->mirrors[i]), false);
}

/* True when all registries of the rules, mirrors included, are known to use the usual ports. */
static bool all_public(const struct run *run)
{
	const struct credentials *credentials = &run->config.credentials;
	for (size_t i = 0; i < run->rule_count; i++)
		if (!profile_is_public(run->rules[i].source.name.host) ||
		    !profile_is_public(run->rules[i].destination.name.host))
			return false;
	for (size_t i = 0; i < credentials->count; i++)
		for (size_t j = 0; j < credentials->items[i].mirror_count; j++)
			if (!profile_is_public(credentials->items[i].mirrors[j]))
				return false;
	return true;
}

static void fill_ports(struct ports *ports, const struct run *run)
{
	const struct proxies *proxies = &run->config.proxies;
	const char *const urls[] = {proxies->http ? proxies->http->url : NULL,
				    proxies->https ? proxies->https->url : NULL,
				    getenv("AWS_ENDPOINT_URL"), getenv("AWS_ENDPOINT_URL_ECR")};
	const struct credentials *credentials = &run->config.credentials;
	ports_add(ports, HTTPS);
	add_rules(ports, run);
	for (size_t i = 0; i < credentials->count; i++)
		add_credential(ports, &credentials->items[i]);
	for (size_t i = 0; i < array_count(urls); i++)
		if (urls[i] && *urls[i])
			ports_add_url(ports, str_of(urls[i]));
	if (!all_public(run))
		ports_open(ports);
}

static enum landlock_result confine_files(const struct run *run)
{
	const struct options *options = run->options;
	const struct inputs *inputs = options->inputs;
	const char *const outputs[] = {
		options->report, options->output_success_images, options->output_failed_images,
		inputs ? inputs->output : NULL, inputs ? inputs->summary_to : NULL};
	const char *write[array_count(outputs) + 1] = {NULL};
	size_t count = 0;
	for (size_t i = 0; i < array_count(outputs); i++)
		if (outputs[i] && path_descriptor(outputs[i]) < 0)
			write[count++] = outputs[i];
	/* The C library uses TCP for answers of name servers that are too long for UDP. */
	struct ports ports = *run->ports;
	ports_add(&ports, DNS);
	size_t port_count = ports_list(&ports, NULL, 0);
	uint16_t *list = arena_array(run->arena, port_count, sizeof(*list));
	struct landlock_rules rules = {
		.read = files_read(run), .write = write, .ports = ports.open ? NULL : list};
	errno = ENOMEM;
	if (!rules.read || !list)
		return LANDLOCK_NOTHING;
	rules.port_count = ports_list(&ports, list, port_count);
	return landlock_confine(&rules);
}

bool confine_run(struct run *run, struct error *err)
{
	static const char *const answers[] = {[LANDLOCK_FILES] =
						      "yes, but the kernel does not limit ports",
					      [LANDLOCK_FILES_AND_PORTS] = "yes"};
	struct ports *ports = arena_new_of(run->arena, struct ports);
	if (!ports)
		return error_memory(err);
	if (!helpers_start(run->arena, &run->config.credentials, &run->helpers, err))
		return false;
	fill_ports(ports, run);
	run->ports = ports;
	enum landlock_result result = confine_files(run);
	log_debug("confined to the files and ports of this run: %s",
		  result == LANDLOCK_NOTHING ? strerror(errno) : answers[result]);
	bool calls = seccomp_confine();
	log_debug("confined to the system calls of a copy: %s", calls ? "yes" : strerror(errno));
	return true;
}
