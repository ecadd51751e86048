/*
 * A credential helper is another program, which reads and writes what it wants and asks the
 * environment; its rights cannot be fewer than we know it needs. A run that has one keeps its files
 * and variables, and may start programs. It is the only kind of run that may.
 *
 * What is read while a run is under way: certificate authorities, what the C library reads for
 * names and times, the source of random bytes. Connections are not confined by port: token servers
 * and redirects may use any.
 */
#include "cmd/confine.h"

#include "base/harden.h"
#include "base/log.h"
#include "base/path.h"
#include "base/secret.h"
#include "config/inputs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

/* Programs may be started. */
static bool has_helper(const struct run *run)
{
	const struct credentials *credentials = &run->config.credentials;
	bool any = run->config.store.helper != NULL;
	for (size_t i = 0; i < credentials->count; i++)
		any |= credentials->items[i].helper != NULL;
	return any;
}

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

static bool confine_files(const struct run *run)
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
	const struct harden_files files = {.read = files_read(run), .write = write};
	return files.read && harden_files(&files);
}

void confine_run(const struct run *run)
{
	bool helper = has_helper(run);
	bool files = !helper && confine_files(run);
	const char *why = helper ? "a credential helper is used" : strerror(errno);
	log_debug("confined to the files of this run: %s", files ? "yes" : why);
	bool calls = harden_calls(helper);
	log_debug("dangerous system calls are refused: %s", calls ? "yes" : strerror(errno));
}

void confine_environment(const struct run *run)
{
	if (!has_helper(run))
		secret_leave_environment();
}
