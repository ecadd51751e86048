/*
 * Names of registries and repositories have no characters that any of these formats would read
 * otherwise, so they are written as they are, between quotes where the format wants some.
 */
#include "cmd/mirror_config.h"

#include "base/file.h"
#include "base/map.h"
#include "cmd/about.h"
#include "oci/layout_name.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* A source and one place where its copies are. */
struct mirror_pair {
	const char *host;   /* of the source */
	const char *path;   /* of the source, "" for the whole registry */
	const char *mirror; /* host and path */
	bool insecure;
	bool first, first_of_host;      /* of all pairs of this source, of this host */
	const struct mirror_pair *next; /* the next one of this source; NULL: none */
};

struct mirrors {
	struct arena *arena;
	struct mirror_pair *pairs;
	size_t count;
	/* A pair; the last one of a source; the first one of a host; by their names. */
	struct map known, sources, hosts;
	struct buf left_out; /* comments */
	bool failed;
};

static void finish(struct mirrors *mirrors)
{
	map_finish(&mirrors->known);
	map_finish(&mirrors->sources);
	map_finish(&mirrors->hosts);
	buf_finish(&mirrors->left_out);
}

/* --- rules ----------------------------------------------------------------------------------- */

static bool is_insecure(const struct mirror_rules *rules, const struct reference *ref)
{
	const struct credential *entry =
		rules->credentials ? credential_find(rules->credentials, str_of(ref->host),
						     str_of(ref->repository))
				   : NULL;
	return entry && entry->insecure;
}

static const char *join(struct mirrors *mirrors, const char *a, const char *b)
{
	const char *text = arena_printf(mirrors->arena, "%s%s%s", a, *b ? "/" : "", b);
	mirrors->failed |= !text;
	return text;
}

static void add(struct mirrors *mirrors, struct mirror_pair pair)
{
	scoped(buf_finish) struct buf name = {0};
	struct mirror_pair *new = &mirrors->pairs[mirrors->count];
	if (!pair.mirror)
		return;
	buf_printf(&name, "%s/%s", pair.host, pair.path);
	size_t source = name.len;
	buf_printf(&name, " %s", pair.mirror);
	mirrors->failed |= !buf_ok(&name);
	if (mirrors->failed || map_get(&mirrors->known, buf_str(&name)))
		return;
	struct str key = str_head(buf_str(&name), source);
	struct mirror_pair *before = map_get(&mirrors->sources, key);
	if (before)
		before->next = new;
	pair.first = !before;
	pair.first_of_host = !map_get(&mirrors->hosts, str_of(pair.host));
	*new = pair;
	mirrors->count++;
	mirrors->failed |= !map_put(&mirrors->known, buf_str(&name), new) ||
			   !map_put(&mirrors->sources, key, new) ||
			   !map_put(&mirrors->hosts, str_of(pair.host), new);
}

static void leave_out(struct mirrors *mirrors, const char *source, const char *why)
{
	buf_printf(&mirrors->left_out, "# %s: %s\n", source, why);
}

static bool renames(const struct plan_rule *rule)
{
	const struct plan_side *from = &rule->source, *to = &rule->destination;
	for (size_t i = 0; i < to->count; i++) {
		const char *tag = to->items[i].tag;
		const char *source = i < from->count ? from->items[i].tag : NULL;
		if (tag && (!source || strcmp(tag, source) != 0))
			return true;
	}
	return false;
}

/* Whoever pulls images cannot read files of this machine. */
static bool leave_out_files(struct mirrors *mirrors, const struct rule *rule,
			    const struct reference *from, const struct reference *to)
{
	bool files = layout_name_host(from->host) || layout_name_host(to->host);
	if (files)
		leave_out(mirrors, rule->source,
			  layout_name_host(from->host) ? "it is no image of a registry"
						       : "its copy is in no registry");
	return files;
}

static void add_namespace(struct mirrors *mirrors, const struct mirror_rules *rules,
			  const struct namespace_rule *namespace)
{
	const struct gather *gather = namespace->rule->gather;
	const char *names = gather ? gather->names.text : NULL;
	const struct reference *to = &namespace->destination;
	if (leave_out_files(mirrors, namespace->rule, &namespace->source, to))
		return;
	struct mirror_pair pair = {.host = namespace->source.host,
				   .path = namespace->source.repository,
				   .mirror = join(mirrors, to->host, to->repository),
				   .insecure = is_insecure(rules, to)};
	if (names && strcmp(names, "full") == 0) {
		const char *source = join(mirrors, pair.host, pair.path);
		pair.mirror = pair.mirror && source ? join(mirrors, pair.mirror, source) : NULL;
	} else if (names && strcmp(names, "keep") != 0) {
		leave_out(mirrors, namespace->rule->source, "its copies have other names");
		return;
	}
	add(mirrors, pair);
}

static bool collect(const struct mirror_rules *rules, struct mirrors *mirrors)
{
	mirrors->pairs = arena_array(mirrors->arena, rules->count + rules->namespace_count + 1,
				     sizeof(*mirrors->pairs));
	if (!mirrors->pairs)
		return false;
	for (size_t i = 0; i < rules->namespace_count; i++)
		add_namespace(mirrors, rules, &rules->namespaces[i]);
	for (size_t i = 0; i < rules->count; i++) {
		const struct reference *from = rules->items[i].source.name;
		const struct reference *to = rules->items[i].destination.name;
		if (leave_out_files(mirrors, rules->items[i].rule, from, to))
			continue;
		if (renames(&rules->items[i]))
			leave_out(mirrors, rules->items[i].rule->source,
				  "its copy has another tag");
		else
			add(mirrors,
			    (struct mirror_pair){.host = from->host,
						 .path = from->repository,
						 .mirror = join(mirrors, to->host, to->repository),
						 .insecure = is_insecure(rules, to)});
	}
	return !mirrors->failed;
}

/* --- registries.conf ------------------------------------------------------------------------- */

static void print_registries(struct mirrors *mirrors, struct buf *out)
{
	buf_printf(out,
		   "# Written by %s. Goes to /etc/containers/registries.conf.d/, or into\n"
		   "# ~/.config/containers/registries.conf.\n",
		   about_user_agent);
	for (size_t i = 0; i < mirrors->count; i++) {
		const struct mirror_pair *pair = &mirrors->pairs[i];
		if (!pair->first)
			continue;
		buf_printf(out, "\n[[registry]]\nprefix = \"%s%s%s\"\nlocation = \"%s%s%s\"\n",
			   pair->host, *pair->path ? "/" : "", pair->path, pair->host,
			   *pair->path ? "/" : "", pair->path);
		for (const struct mirror_pair *each = pair; each; each = each->next)
			buf_printf(out, "[[registry.mirror]]\nlocation = \"%s\"\n%s", each->mirror,
				   each->insecure ? "insecure = true\n" : "");
	}
}

/* --- hosts.toml ------------------------------------------------------------------------------ */

/* The part of a mirror before the path of its source; NULL: the copy has another path. */
static const char *base_of(struct mirrors *mirrors, const struct mirror_pair *pair)
{
	size_t len = strlen(pair->mirror), path = strlen(pair->path);
	if (!path)
		return pair->mirror;
	if (len <= path + 1 || strcmp(pair->mirror + len - path, pair->path) != 0 ||
	    pair->mirror[len - path - 1] != '/')
		return NULL;
	const char *base = arena_copy(mirrors->arena, pair->mirror, len - path - 1);
	mirrors->failed |= !base;
	return base;
}

static void print_base(const char *base, bool insecure, struct buf *out)
{
	struct str text = str_of(base);
	size_t slash = str_find(text, '/');
	bool path = slash < text.len, hub = str_is(str_head(text, slash), "docker.io");
	struct str host = hub ? str_of(reference_api_host("docker.io")) : str_head(text, slash);
	buf_printf(out,
		   "\n[host.\"https://%.*s%s%.*s\"]\n  capabilities = [\"pull\", \"resolve\"]\n",
		   STR_ARGS(host), path ? "/v2" : "", STR_ARGS(str_from(text, slash)));
	if (path)
		buf_add_string(out, "  override_path = true\n");
	if (insecure)
		buf_add_string(out, "  skip_verify = true\n");
}

/* The file for the source's registry of that pair. */
static void print_host(struct mirrors *mirrors, size_t first, struct buf *out)
{
	const char *host = mirrors->pairs[first].host;
	const char *bases[64];
	size_t count = 0;
	buf_printf(out,
		   "# Written by %s. Goes to /etc/containerd/certs.d/%s/hosts.toml.\n"
		   "server = \"https://%s\"\n",
		   about_user_agent, host, reference_api_host(host));
	for (size_t i = first; i < mirrors->count; i++) {
		const struct mirror_pair *pair = &mirrors->pairs[i];
		if (strcmp(pair->host, host) != 0)
			continue;
		const char *base = base_of(mirrors, pair);
		bool known = false;
		for (size_t j = 0; base && j < count; j++)
			known |= strcmp(bases[j], base) == 0;
		if (!base || (!known && count == array_count(bases)))
			buf_printf(out, "# %s%s%s: its copy is below another path, %s\n", host,
				   *pair->path ? "/" : "", pair->path, pair->mirror);
		else if (!known) {
			bases[count++] = base;
			print_base(base, pair->insecure, out);
		}
	}
}

static void print_hosts(struct mirrors *mirrors, struct buf *out)
{
	for (size_t i = 0; i < mirrors->count; i++) {
		if (!mirrors->pairs[i].first_of_host)
			continue;
		if (i)
			buf_add_char(out, '\n');
		print_host(mirrors, i, out);
	}
}

static bool make_folder(const char *path, struct error *err)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return true;
	return error_set(err, ERROR_IO, "cannot create the folder %s: %s", path, strerror(errno));
}

/* Writes a file for each registry below the folder. */
static bool write_hosts(struct mirrors *mirrors, const char *folder, struct error *err)
{
	if (!make_folder(folder, err))
		return false;
	for (size_t i = 0; i < mirrors->count; i++) {
		scoped(buf_finish) struct buf text = {0};
		if (!mirrors->pairs[i].first_of_host)
			continue;
		const char *below =
			arena_printf(mirrors->arena, "%s/%s", folder, mirrors->pairs[i].host);
		const char *file = below ? join(mirrors, below, "hosts.toml") : NULL;
		print_host(mirrors, i, &text);
		buf_add_str(&text, buf_str(&mirrors->left_out));
		if (!file || !buf_ok(&text) || mirrors->failed)
			return error_memory(err);
		if (!make_folder(below, err) || !file_write(file, buf_str(&text), err))
			return false;
	}
	return true;
}

/* --- OpenShift ------------------------------------------------------------------------------- */

static void print_set(const struct mirrors *mirrors, const char *kind, const char *field,
		      struct buf *out)
{
	buf_printf(out,
		   "apiVersion: config.openshift.io/v1\nkind: %s\nmetadata:\n  name: "
		   "image-syncer\nspec:\n  %s:%s\n",
		   kind, field, mirrors->count ? "" : " []");
	for (size_t i = 0; i < mirrors->count; i++) {
		const struct mirror_pair *pair = &mirrors->pairs[i];
		if (!pair->first)
			continue;
		buf_printf(out, "    - source: %s%s%s\n      mirrors:\n", pair->host,
			   *pair->path ? "/" : "", pair->path);
		for (const struct mirror_pair *each = pair; each; each = each->next)
			buf_printf(out, "        - %s\n", each->mirror);
	}
}

static void print_openshift(struct mirrors *mirrors, struct buf *out)
{
	buf_printf(out, "# Written by %s, for oc apply -f.\n", about_user_agent);
	print_set(mirrors, "ImageDigestMirrorSet", "imageDigestMirrors", out);
	buf_add_string(out, "---\n");
	print_set(mirrors, "ImageTagMirrorSet", "imageTagMirrors", out);
}

/* --- printing -------------------------------------------------------------------------------- */

static bool print(struct mirrors *mirrors, enum mirror_form form, struct buf *out)
{
	static void (*const printers[MIRROR_FORMS])(struct mirrors *mirrors, struct buf *out) = {
		[MIRROR_REGISTRIES] = print_registries,
		[MIRROR_HOSTS] = print_hosts,
		[MIRROR_OPENSHIFT] = print_openshift};
	printers[form](mirrors, out);
	if (mirrors->left_out.len)
		buf_printf(out, "# Not in this file:\n%s", buf_string(&mirrors->left_out));
	return !mirrors->failed && buf_ok(&mirrors->left_out) && buf_ok(out);
}

bool mirror_config_print(struct arena *arena, const struct mirror_rules *rules,
			 enum mirror_form form, struct buf *out)
{
	scoped(finish) struct mirrors mirrors = {.arena = arena};
	return collect(rules, &mirrors) && print(&mirrors, form, out);
}

bool mirror_config_write(struct arena *arena, const struct mirror_rules *rules,
			 const struct mirror_options *options, struct error *err)
{
	scoped(finish) struct mirrors mirrors = {.arena = arena};
	scoped(buf_finish) struct buf text = {0};
	if (!collect(rules, &mirrors))
		return error_memory(err);
	if (options->form == MIRROR_HOSTS)
		return write_hosts(&mirrors, options->path, err);
	if (!print(&mirrors, options->form, &text))
		return error_memory(err);
	return file_write(options->path, buf_str(&text), err);
}
