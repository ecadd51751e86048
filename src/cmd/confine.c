/*
 * Credential helpers are other programs, which read and write what they want and ask the
 * environment. So they are started by a process of their own (registry/helpers.h), made before this
 * one gives anything up; no run needs more for their sake.
 *
 * What is read while a run is under way: certificate authorities, what the C library reads for
 * names and times, the source of random bytes. Ports are those of all servers and proxies that the
 * rules, the auth file and the environment name, whether or not a rule needs them; whoever wants
 * another one names it in the auth file.
 */
#include "cmd/confine.h"

#include "base/file.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/seccomp.h"
#include "base/secret.h"
#include "config/inputs.h"
#include "config/registry_key.h"

#include <errno.h>
#include <limits.h>
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
		ports_add_url(ports, str_of(entry->proxy));
	/* One that is insecure has an entry of its own. */
	for (size_t i = 0; i < entry->mirror_count; i++)
		ports_add_host(ports, str_of(entry->mirrors[i]), false);
}

static void fill_ports(struct ports *ports, const struct run *run)
{
	static const char *const variables[] = {
		"http_proxy", "HTTP_PROXY", "https_proxy",      "HTTPS_PROXY",
		"all_proxy",  "ALL_PROXY",  "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECR"};
	const struct credentials *credentials = &run->config.credentials;
	ports_add(ports, HTTPS);
	add_rules(ports, run);
	for (size_t i = 0; i < credentials->count; i++)
		add_credential(ports, &credentials->items[i]);
	for (size_t i = 0; i < array_count(variables); i++) {
		const char *value = getenv(variables[i]);
		if (value && *value)
			ports_add_url(ports, str_of(value));
	}
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
		if (outputs[i] && !file_is_stdout(outputs[i]))
			write[count++] = outputs[i];
	/* Answers of name servers that are too long for UDP come over TCP, by the C library. */
	struct ports ports = *run->ports;
	ports_add(&ports, DNS);
	size_t port_count = ports_list(&ports, NULL, 0);
	uint16_t *list = arena_array(run->arena, port_count, sizeof(*list));
	struct landlock_rules rules = {.read = files_read(run), .write = write, .ports = list};
	errno = ENOMEM;
	if (!rules.read || !list)
		return LANDLOCK_NOTHING;
	rules.port_count = ports_list(&ports, list, port_count);
	return landlock_confine(&rules);
}

bool confine_run(struct run *run, struct error *err)
{
	static const char *const answers[] = {
		[LANDLOCK_FILES] = "yes, ports are not the kernel's business here",
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
