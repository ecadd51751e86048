/*
 * imgsync lists a namespace at gcr.io, and names what it finds there k8s.gcr.io for --kubeadm. That
 * registry is frozen and sends its readers to registry.k8s.io, which has its own list. The copies
 * keep the names that imgsync gave them: whoever pulls them knows no others.
 */
#include "config/imgsync/meaning.h"

#include "base/secret.h"
#include "config/auth/secret_file.h"
#include "config/auth/target_login.h"
#include "oci/reference.h"

#include <string.h>

#define FLANNEL "quay.io/coreos/flannel"

/* Namespaces that moved, and where to. */
static const struct {
	const char *name, *now;
} moved[] = {
	{FLAGS_NAMESPACE,
	 "the images of Kubernetes are at registry.k8s.io, from where --kubeadm copies"},
	{"istio-release",
	 "its images are at registry.istio.io/release, docker.io/istio and ghcr.io/istio"},
	{"kubernetes-helm", "its owners have left gcr.io"},
	{"linkerd-io", "its owners have left gcr.io for cr.l5d.io and ghcr.io"},
	{"spinnaker-marketplace",
	 "its owners have left gcr.io for us-docker.pkg.dev/spinnaker-community"},
};

struct meaning_reading {
	struct arena *arena;
	const struct flags *flags;
	struct meaning *out;
	struct problems *problems;
	const char *place; /* of all that the command says */
};

static void out_of_memory(const struct meaning_reading *reading)
{
	problem_add(reading->problems, NULL, "out of memory");
}

/* --- where to ------------------------------------------------------------------------------- */

/* True when name is a prefix: a registry, or the beginning of a path there. */
static bool check_prefix(const struct meaning_reading *reading, const char *prefix)
{
	struct reference ref;
	struct error err = {0};
	const char *below = arena_printf(reading->arena, "%s/a", prefix);
	if (!below)
		error_memory(&err);
	else if (reference_parse(reading->arena, str_of(below), &ref, &err))
		return true;
	/* What was parsed is a name below the prefix: the words behind it say what is wrong. */
	const char *quoted = strstr(err.text, "\": ");
	const char *why = quoted ? quoted + strlen("\": ") : err.text;
	if (reading->flags->to)
		problem_add(reading->problems, NULL, "--to %s: %s", prefix, why);
	else
		problem_add(reading->problems, NULL,
			    "--user %s: %s; copies to another registry than Docker Hub take --to",
			    reading->flags->user, why);
	return false;
}

static bool read_prefix(struct meaning_reading *reading, const struct expand_lookup *lookup)
{
	const struct flags *flags = reading->flags;
	const char *prefix = NULL;
	struct error err = {0};
	if (!flags->to && !flags->user) {
		problem_add(reading->problems, NULL,
			    "--user is missing: give the user of Docker Hub that the copies go to, "
			    "or --to registry.example.com/mirror");
		return false;
	}
	if (!flags->to)
		prefix = arena_printf(reading->arena, "docker.io/%s", flags->user);
	else if (!expand_text(reading->arena, str_of(flags->to), EXPAND_DESTINATION, lookup,
			      &prefix, &err)) {
		problem_add(reading->problems, NULL, "--to: %s", err.text);
		return false;
	}
	size_t len = prefix ? strlen(prefix) : 0;
	while (len && prefix[len - 1] == '/')
		len--;
	reading->out->prefix = prefix ? arena_copy(reading->arena, prefix, len) : NULL;
	if (reading->out->prefix)
		return check_prefix(reading, reading->out->prefix);
	out_of_memory(reading);
	return false;
}

/* --- which images --------------------------------------------------------------------------- */

/* Appends a name with '_' for what cannot be inside one part of a path. */
static void add_flat(const char *name, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++)
		buf_add_char(out, name[i] == '/' || name[i] == ':' ? '_' : name[i]);
}

/* The destination of a repository whose copy has that name, not yet flattened. */
static const char *below(const struct meaning_reading *reading, const char *name, size_t len)
{
	scoped(buf_finish) struct buf text = {0};
	buf_printf(&text, "%s/", reading->out->prefix);
	add_flat(name, len, &text);
	return buf_ok(&text) ? arena_string(reading->arena, buf_string(&text)) : NULL;
}

/*
 * The tags of signatures and the like are no images. They go along with the images that they are
 * about (--referrers).
 */
static const struct selection *images_only(const struct meaning_reading *reading)
{
	static const struct placed companions = {"/^sha(256|512)-[0-9a-f]{64}/", "imgsync"};
	struct selection *selection = arena_new_of(reading->arena, struct selection);
	if (selection)
		*selection = (struct selection){.exclude = &companions, .exclude_count = 1};
	return selection;
}

static const struct gather *gather_by(const struct meaning_reading *reading, const char *names)
{
	struct gather *gather = arena_new_of(reading->arena, struct gather);
	if (gather)
		*gather = (struct gather){.names = {names, reading->place},
					  .via = {"google", reading->place},
					  .place = reading->place};
	return gather;
}

static void add_rule(const struct meaning_reading *reading, const struct rule *given)
{
	struct rule *rule = arena_new_of(reading->arena, struct rule);
	if (!rule || !given->source || !given->destination) {
		out_of_memory(reading);
		return;
	}
	*rule = *given;
	rule->source_place = rule->destination_place = reading->place;
	reading->out->rules = (struct rules){.items = rule, .count = 1};
}

/* The length of a name without its tag and digest. */
static size_t name_length(const char *image)
{
	struct str name = str_head(str_of(image), str_find(str_of(image), '@'));
	for (size_t i = name.len; i && name.at[i - 1] != '/'; i--)
		if (name.at[i - 1] == ':')
			return i - 1;
	return name.len;
}

static void read_image(const struct meaning_reading *reading)
{
	const char *image = reading->flags->image;
	struct reference ref;
	struct error err = {0};
	if (!reference_parse(reading->arena, str_of(image), &ref, &err)) {
		problem_add(reading->problems, reading->place, "%s", err.text);
		return;
	}
	if (!ref.tag && !ref.digest)
		ref.tag = "latest";
	const struct rule rule = {.source = reference_string(reading->arena, &ref),
				  .destination = below(reading, image, name_length(image))};
	add_rule(reading, &rule);
}

static void read_namespace(const struct meaning_reading *reading)
{
	const char *name =
		reading->flags->name_space ? reading->flags->name_space : FLAGS_NAMESPACE;
	const struct rule rule = {
		.source = arena_printf(reading->arena, "gcr.io/%s/**", name),
		.destination = reading->out->prefix,
		.selection = images_only(reading),
		.gather = gather_by(reading, "flatten"),
	};
	for (size_t i = 0; i < array_count(moved); i++)
		if (strcmp(moved[i].name, name) == 0)
			problem_warn(reading->problems, NULL, "gcr.io/%s: %s", name, moved[i].now);
	if (rule.selection && rule.gather)
		add_rule(reading, &rule);
	else
		out_of_memory(reading);
}

static void read_kubeadm(const struct meaning_reading *reading)
{
	const struct rule rule = {
		.source = "registry.k8s.io/**",
		.destination = reading->out->prefix,
		.selection = images_only(reading),
		.gather = gather_by(reading, "k8s.gcr.io_{flat}"),
	};
	problem_warn(
		reading->problems, NULL,
		"k8s.gcr.io gets no more images: they are read from registry.k8s.io, and their "
		"copies are called k8s.gcr.io_NAME as ever");
	if (reading->flags->name_space)
		problem_warn(reading->problems, NULL, "--namespace %s is not used with --kubeadm",
			     reading->flags->name_space);
	if (rule.selection && rule.gather)
		add_rule(reading, &rule);
	else
		out_of_memory(reading);
}

static void read_flannel(const struct meaning_reading *reading)
{
	const struct rule rule = {.source = FLANNEL,
				  .destination = below(reading, FLANNEL, strlen(FLANNEL)),
				  .selection = images_only(reading)};
	problem_warn(reading->problems, NULL,
		     FLANNEL " gets no more images: newer ones are at ghcr.io/flannel-io/flannel "
			     "and docker.io/flannel/flannel");
	if (rule.selection)
		add_rule(reading, &rule);
	else
		out_of_memory(reading);
}

/* --- Telegram ------------------------------------------------------------------------------- */

/* True for a number or @name. */
static bool is_group(const char *text)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	int64_t number;
	struct str digits = str_of(text);
	if (text[0] == '@')
		return text[1] && !text[1 + strspn(text + 1, letters)];
	return str_to_int64(str_from(digits, digits.len && text[0] == '-'), &number);
}

static const char *find_token(const struct meaning_reading *reading,
			      const struct expand_lookup *lookup)
{
	const struct flags *flags = reading->flags;
	if (flags->telegram_token && flags->telegram_token_file)
		problem_add(reading->problems, NULL,
			    "--telegram-token and --telegram-token-file are both given: leave one "
			    "of them out");
	else if (flags->telegram_token_file)
		return secret_file_read(reading->arena, "telegram-token-file",
					flags->telegram_token_file, reading->problems);
	if (!flags->telegram_token)
		return lookup->get(lookup->ctx, "IMGSYNC_TELEGRAM_TOKEN");
	problem_warn(reading->problems, NULL,
		     "other users of this machine may see --telegram-token: --telegram-token-file "
		     "and the variable IMGSYNC_TELEGRAM_TOKEN keep it to yourself");
	return flags->telegram_token;
}

/* Judges where a report is to go. */
static bool check_telegram(const struct meaning_reading *reading)
{
	const struct flags *flags = reading->flags;
	const char *group = flags->telegram_group;
	struct str api = str_of(flags->telegram_api);
	bool web = !api.at || str_starts(api, "https://") || str_starts(api, "http://");
	bool known = group && is_group(group);
	if (!known)
		problem_add(reading->problems, NULL,
			    "--telegram-group is %s: expected the number of a chat, or @NAME",
			    group ? group : "missing");
	if (!web)
		problem_add(reading->problems, NULL,
			    "--telegram-api %s: expected an address that begins with https://",
			    flags->telegram_api);
	return known && web;
}

/* As in imgsync, it takes --report. */
static void read_telegram(const struct meaning_reading *reading, const struct expand_lookup *lookup)
{
	const struct flags *flags = reading->flags;
	bool wanted = flags->telegram_token || flags->telegram_token_file || flags->telegram_group;
	if (wanted && !flags->report)
		problem_warn(reading->problems, NULL,
			     "nothing is sent to Telegram without --report: add it");
	const char *token = flags->report ? find_token(reading, lookup) : NULL;
	if (!token || !*token)
		return;
	secret_register(str_of(token));
	/* A copy, since it may be in the environment, which is wiped of secrets. */
	token = arena_string(reading->arena, token);
	if (!token)
		out_of_memory(reading);
	if (!check_telegram(reading))
		return;
	reading->out->telegram = (struct meaning_telegram){
		.api = flags->telegram_api ? flags->telegram_api : "https://api.telegram.org",
		.token = token,
		.group = flags->telegram_group,
		.title = flags_title(flags)};
}

void meaning_read(struct arena *arena, const struct flags *flags,
		  const struct expand_lookup *lookup, struct meaning *out,
		  struct problems *problems)
{
	struct meaning_reading reading = {
		arena, flags, out, problems,
		arena_printf(arena, "imgsync %s", flags_name(flags->command))};
	*out = (struct meaning){.prefix = NULL};
	if (!reading.place) {
		out_of_memory(&reading);
		return;
	}
	read_telegram(&reading, lookup);
	if (!read_prefix(&reading, lookup))
		return;
	if (flags->command == FLAGS_SYNC)
		read_image(&reading);
	else if (flags->command == FLAGS_FLANNEL)
		read_flannel(&reading);
	else if (flags->kubeadm)
		read_kubeadm(&reading);
	else
		read_namespace(&reading);
}

/* --- the login ------------------------------------------------------------------------------ */

/* The password, NULL: there is none, or it cannot be read. */
static const char *find_password(struct arena *arena, const struct flags *flags,
				 const struct expand_lookup *lookup, const char **place,
				 struct problems *problems)
{
	*place = "--password";
	if (flags->password && flags->password_file) {
		problem_add(problems, NULL,
			    "--password and --password-file are both given: leave one of them out");
		return NULL;
	}
	if (flags->password) {
		problem_warn(problems, NULL,
			     "other users of this machine may see --password: --password-file and "
			     "the variable IMGSYNC_PASSWORD keep it to yourself");
		return flags->password;
	}
	*place = "--password-file";
	if (flags->password_file)
		return secret_file_read(arena, "password-file", flags->password_file, problems);
	*place = "IMGSYNC_PASSWORD";
	const char *value = lookup->get(lookup->ctx, "IMGSYNC_PASSWORD");
	return value && *value ? value : NULL;
}

void meaning_login(struct arena *arena, const struct flags *flags,
		   const struct expand_lookup *lookup, const char *prefix, struct credentials *list,
		   struct problems *problems)
{
	const char *place;
	const char *password = find_password(arena, flags, lookup, &place, problems);
	if (password && !flags->user) {
		problem_add(problems, NULL, "%s is given without --user: whose password is it?",
			    place);
		return;
	}
	if (!password || !prefix)
		return;
	const struct credential login = {.key = str_of(prefix),
					 .username = flags->user,
					 .password = password,
					 .place = place};
	target_login_set(arena, &login, list, problems);
}
