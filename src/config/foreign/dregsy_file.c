/*
 * A login is base64 of JSON, which is read here, so that a mistake in it has the place of the text.
 * Without `platform` dregsy copies the one of its machine; here an image stays whole.
 */
#include "config/foreign/dregsy_file.h"

#include "base/base64.h"
#include "base/secret.h"
#include "config/foreign/dregsy_tags.h"
#include "doc/json.h"

#include <string.h>

enum root_field {
	RELAY,
	DOCKER,
	SKOPEO,
	DOCKERHOST,
	API_VERSION,
	LISTER,
	WATCH,
	TASKS,
	ROOT_FIELDS
};

static const struct field root_fields[ROOT_FIELDS] = {
	[RELAY] = {"relay", FIELDS_TEXT, "what copies"},
	[DOCKER] = {"docker", FIELDS_MAP, "settings of a relay"},
	[SKOPEO] = {"skopeo", FIELDS_MAP, "settings of a relay"},
	[DOCKERHOST] = {"dockerhost", FIELDS_TEXT, "setting of a relay"},
	[API_VERSION] = {"api-version", FIELDS_TEXT, "setting of a relay"},
	[LISTER] = {"lister", FIELDS_MAP, "how repositories are listed"},
	[WATCH] = {"watch", FIELDS_SWITCH, "the file is read again"},
	[TASKS] = {"tasks", FIELDS_MIXED, "what is copied"},
};

enum task_field { NAME, INTERVAL, SOURCE, TARGET, MAPPINGS, VERBOSE, TASK_FIELDS };

static const struct field task_fields[TASK_FIELDS] = {
	[NAME] = {"name", FIELDS_TEXT, "its name"},
	[INTERVAL] = {"interval", FIELDS_TEXT, "seconds between two runs"},
	[SOURCE] = {"source", FIELDS_MAP, "the registry that is read"},
	[TARGET] = {"target", FIELDS_MAP, "the registry that is written"},
	[MAPPINGS] = {"mappings", FIELDS_MIXED, "paths at both"},
	[VERBOSE] = {"verbose", FIELDS_SWITCH, "more is logged"},
};

enum location_field { REGISTRY, AUTH, SKIP_TLS_VERIFY, AUTH_REFRESH, OWN_LISTER, LOCATION_FIELDS };

static const struct field location_fields[LOCATION_FIELDS] = {
	[REGISTRY] = {"registry", FIELDS_TEXT, "its name"},
	[AUTH] = {"auth", FIELDS_TEXT, "the login, base64 of JSON"},
	[SKIP_TLS_VERIFY] = {"skip-tls-verify", FIELDS_SWITCH, "certificates are not checked"},
	[AUTH_REFRESH] = {"auth-refresh", FIELDS_TEXT, "when a login is renewed"},
	[OWN_LISTER] = {"lister", FIELDS_MAP, "how repositories are listed"},
};

enum mapping_field { FROM, TO, TAGS, PLATFORM, MAPPING_FIELDS };

static const struct field mapping_fields[MAPPING_FIELDS] = {
	[FROM] = {"from", FIELDS_TEXT, "the path at the source"},
	[TO] = {"to", FIELDS_TEXT, "the path at the target"},
	[TAGS] = {"tags", FIELDS_MIXED, "which tags"},
	[PLATFORM] = {"platform", FIELDS_TEXT, "one platform, or all"},
};

static const struct fields_table root_table = {.fields = root_fields, .count = ROOT_FIELDS};
static const struct fields_table task_table = {.fields = task_fields, .count = TASK_FIELDS};
static const struct fields_table location_table = {.fields = location_fields,
						   .count = LOCATION_FIELDS};
static const struct fields_table mapping_table = {.fields = mapping_fields,
						  .count = MAPPING_FIELDS};

bool dregsy_file_recognise(const struct node *root)
{
	const struct node *tasks = node_get(root, "tasks");
	const struct node *first =
		tasks && tasks->kind == NODE_LIST && tasks->count ? tasks->items[0] : NULL;
	return node_get(first, "source") && node_get(first, "target") &&
	       node_get(first, "mappings");
}

/* --- registries ------------------------------------------------------------------------------ */

/* Adds a text that has no variables. */
static void add_literal(struct translation *translation, struct node *entry, const char *field,
			const struct node *at, struct str text)
{
	scoped(buf_wipe) struct buf literal = {0};
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '$')
			buf_add_char(&literal, '$');
		buf_add_char(&literal, text.at[i]);
	}
	translation->failed |= !buf_ok(&literal);
	translation_set(translation, entry, field,
			translation_text(translation, at, buf_str(&literal)));
}

static void add_login(struct translation *translation, struct node *entry, const struct node *auth)
{
	scoped(buf_wipe) struct buf text = {0};
	const struct node *login;
	struct error err = {0};
	if (!auth || !auth->text.len || str_is(auth->text, "none"))
		return;
	secret_register(auth->text);
	if (!base64_decode(str_trim(auth->text), &text) ||
	    !json_read_file(translation->arena, buf_str(&text), &login, &err) ||
	    !node_string(node_get(login, "username")).at ||
	    !node_string(node_get(login, "password")).at) {
		translation_refuse(translation, auth,
				   "auth must be base64 of {\"username\": ..., \"password\": ...}; "
				   "a login can also be given in the file of --auth");
		return;
	}
	secret_register(node_string(node_get(login, "password")));
	add_literal(translation, entry, "username", auth, node_string(node_get(login, "username")));
	add_literal(translation, entry, "password", auth, node_string(node_get(login, "password")));
}

/* Reads a registry and adds its login. NULL: it has no name. */
static const struct node *read_location(struct translation *translation, const struct node *map)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[LOCATION_FIELDS];
	struct str text;
	if (!translation_expect_map(translation, map, "a registry"))
		return NULL;
	fields_collect(&reading, &location_table, map, values);
	if (!values[REGISTRY])
		translation_refuse(translation, map, "registry is missing");
	if (!values[REGISTRY] ||
	    !fields_filled(&reading, &location_fields[REGISTRY], values[REGISTRY], &text))
		return NULL;
	if (values[AUTH_REFRESH])
		translation_remark(translation, values[AUTH_REFRESH],
				   "auth-refresh is not needed: logins of Amazon ECR are made of "
				   "the AWS keys and renewed in time");
	if (values[OWN_LISTER])
		translation_lose(translation, values[OWN_LISTER],
				 "lister is ignored: a registry is listed as its name suggests, or "
				 "as `via` of a rule says");
	struct node *entry = translation_map(translation, map);
	add_login(translation, entry, values[AUTH]);
	if (fields_switch(&reading, &location_fields[SKIP_TLS_VERIFY], values[SKIP_TLS_VERIFY],
			  false))
		translation_set(translation, entry, "insecure",
				translation_switch(translation, values[SKIP_TLS_VERIFY], true));
	if (entry && entry->count)
		translation_login(translation, values[REGISTRY], entry);
	return values[REGISTRY];
}

/* --- mappings -------------------------------------------------------------------------------- */

struct task {
	const struct node *source, *target;
	const struct node *every; /* NULL: once */
};

static struct str path_of(const struct node *node)
{
	return node->text.len && node->text.at[0] == '/' ? str_from(node->text, 1) : node->text;
}

static void add_platform(struct translation *translation, struct node *rest,
			 const struct node *platform, const struct node *mapping)
{
	if (platform && str_is(platform->text, "all"))
		return;
	if (!platform || !platform->text.len) {
		translation_lose(translation, mapping,
				 "without platform dregsy copies the platform of its machine, "
				 "here all are copied: platform: all says so");
		return;
	}
	translation_set(translation, rest, "platforms", platform);
	translation_lose(translation, platform,
			 "platform: the destination gets an index of this platform, with another "
			 "digest than that of dregsy");
}

/* The source, a repository or all that a pattern finds; NULL with a refusal. */
static const char *read_from(struct translation *translation, const struct task *task,
			     const struct node *from, struct node *rest)
{
	const char *regex = "regex:";
	const char *source;
	if (!str_starts(from->text, regex)) {
		source = arena_printf(translation->arena, "%.*s/%.*s", STR_ARGS(task->source->text),
				      STR_ARGS(path_of(from)));
	} else {
		struct str text = str_from(from->text, strlen(regex));
		struct node *list = translation_list(translation, from);
		source = arena_printf(translation->arena, "%.*s/**", STR_ARGS(task->source->text));
		translation_pattern(translation, list, from, str_starts(text, "^") ? "" : "^", text,
				    str_ends(text, "$") ? "" : "$");
		translation_set(translation, rest, "repositories", list);
	}
	translation->failed |= !source;
	return source;
}

static void read_mapping(struct translation *translation, const struct task *task,
			 const struct node *map)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[MAPPING_FIELDS];
	struct str text;
	if (!translation_expect_map(translation, map, "a mapping"))
		return;
	fields_collect(&reading, &mapping_table, map, values);
	const struct node *from = values[FROM], *to = values[TO];
	if (!from)
		translation_refuse(translation, map, "from is missing");
	if (!from || !fields_filled(&reading, &mapping_fields[FROM], from, &text))
		return;
	bool several = str_starts(from->text, "regex:");
	if (to && str_starts(to->text, "regex:")) {
		translation_refuse(translation, to,
				   "to: regex: has no counterpart: write a rule for each path, or "
				   "`names` for all below a namespace");
		return;
	}
	struct node *rest = translation_map(translation, map);
	struct str path = to && to->text.len ? path_of(to)
			  : several          ? (struct str){0}
					     : path_of(from);
	const struct dregsy_mapping mapping = {
		.at = from,
		.source = read_from(translation, task, from, rest),
		.target = translation_printf(translation, to ? to : from, "%.*s%s%.*s",
					     STR_ARGS(task->target->text), path.len ? "/" : "",
					     STR_ARGS(path)),
		.rest = rest};
	add_platform(translation, rest, values[PLATFORM], map);
	if (task->every)
		translation_set(translation, rest, "every", task->every);
	if (mapping.source && mapping.target && rest)
		dregsy_tags_translate(translation, &mapping, values[TAGS]);
}

static void read_task(struct translation *translation, const struct node *map)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[TASK_FIELDS];
	struct task task = {0};
	int64_t seconds = 0;
	if (!translation_expect_map(translation, map, "a task"))
		return;
	fields_collect(&reading, &task_table, map, values);
	for (int field = SOURCE; field <= MAPPINGS; field++)
		if (!values[field])
			translation_refuse(translation, map, "%s is missing",
					   task_fields[field].name);
	if (!values[SOURCE] || !values[TARGET] || !values[MAPPINGS])
		return;
	if (values[INTERVAL] && !str_to_int64(values[INTERVAL]->text, &seconds))
		translation_refuse(translation, values[INTERVAL], "interval must be seconds");
	if (seconds)
		task.every = translation_printf(translation, values[INTERVAL], "%llds",
						(long long)seconds);
	task.source = read_location(translation, values[SOURCE]);
	task.target = read_location(translation, values[TARGET]);
	if (!task.source || !task.target ||
	    !translation_expect_list(translation, values[MAPPINGS], "mappings"))
		return;
	for (size_t i = 0; i < values[MAPPINGS]->count; i++)
		read_mapping(translation, &task, values[MAPPINGS]->items[i]);
}

void dregsy_file_translate(struct translation *translation)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[ROOT_FIELDS];
	fields_collect(&reading, &root_table, translation->document->root, values);
	for (int field = RELAY; field < TASKS; field++)
		if (values[field])
			translation_remark(translation, values[field],
					   "%s is not needed: images are copied from registry to "
					   "registry, and serve reads changed files again",
					   root_fields[field].name);
	if (!values[TASKS] || !translation_expect_list(translation, values[TASKS], "tasks"))
		return;
	for (size_t i = 0; i < values[TASKS]->count; i++)
		read_task(translation, values[TASKS]->items[i]);
}
