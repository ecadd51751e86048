/*
 * The names of tags become one list behind the source, so that nobody need list the repository;
 * digests are rules of their own, since each goes to a name with that digest.
 */
#include "config/foreign/skopeo_file.h"

#include "config/foreign/placing.h"

enum registry_field { IMAGES, BY_REGEX, BY_SEMVER, CREDENTIALS, TLS_VERIFY, CERT_DIR, FIELDS };

static const struct field fields[FIELDS] = {
	[IMAGES] = {"images", FIELDS_MAP, "repositories with lists of tags"},
	[BY_REGEX] = {"images-by-tag-regex", FIELDS_MAP, "repositories with patterns of tags"},
	[BY_SEMVER] = {"images-by-semver", FIELDS_MAP, "repositories with ranges of versions"},
	[CREDENTIALS] = {"credentials", FIELDS_MAP, "the login"},
	[TLS_VERIFY] = {"tls-verify", FIELDS_SWITCH, "whether certificates are checked"},
	[CERT_DIR] = {"cert-dir", FIELDS_TEXT, "a folder of certificates"},
};

enum login_field { USERNAME, PASSWORD, IDENTITY_TOKEN, LOGIN_FIELDS };

static const struct field login_fields[LOGIN_FIELDS] = {
	[USERNAME] = {"username", FIELDS_TEXT, "the user"},
	[PASSWORD] = {"password", FIELDS_TEXT, "the password"},
	[IDENTITY_TOKEN] = {"identitytoken", FIELDS_TEXT, "an identity token"},
};

static const struct field tag = {.name = "a tag", .kind = FIELDS_TEXT};

static const struct fields_table table = {.fields = fields, .count = FIELDS};
static const struct fields_table login_table = {.fields = login_fields, .count = LOGIN_FIELDS};

/* A registry with what skopeo calls its images; "to" would make it a rule. */
bool skopeo_file_recognise(const struct node *root)
{
	for (size_t i = 0; root->kind == NODE_MAP && i < root->count; i++)
		for (size_t name = IMAGES; name <= BY_SEMVER; name++) {
			const struct node *images = node_get(root->items[i], fields[name].name);
			if (images && images->kind == NODE_MAP && !node_get(root->items[i], "to"))
				return true;
		}
	return false;
}

/* One repository of a registry. */
struct repository {
	const struct node *name;
	const char *full; /* with the host */
	struct node *target;
};

static bool read_repository(struct translation *translation, const struct node *registry,
			    const struct node *name, struct repository *out)
{
	struct error err = {0};
	struct reference ref;
	out->name = name;
	out->full = arena_printf(translation->arena, "%.*s/%.*s", STR_ARGS(registry->text),
				 STR_ARGS(name->text));
	translation->failed |= !out->full;
	if (!out->full)
		return false;
	if (!reference_parse(translation->arena, str_of(out->full), &ref, &err)) {
		translation_refuse(translation, name, "%s", err.text);
		return false;
	}
	if (ref.tag || ref.digest) {
		translation_refuse(translation, name,
				   "this names an image, not a repository: write its tag into a "
				   "list behind it");
		return false;
	}
	out->target = placing_target(translation, name, &ref, "{name}");
	return out->target;
}

static void add_rule(struct translation *translation, const struct repository *repository,
		     const char *items, struct node *map)
{
	struct node *source =
		translation_printf(translation, repository->name, "%s%s", repository->full, items);
	translation_rule(translation, source, map ? map : repository->target);
}

static struct node *new_rule(struct translation *translation, const struct repository *repository)
{
	struct node *map = translation_map(translation, repository->name);
	translation_set(translation, map, "to", repository->target);
	return map;
}

static void read_tags(struct translation *translation, const struct repository *repository,
		      const struct node *tags)
{
	const struct fields_reading reading = translation_reading(translation);
	scoped(buf_finish) struct buf list = {0};
	if (tags->kind == NODE_NULL || (tags->kind == NODE_LIST && !tags->count)) {
		add_rule(translation, repository, "", NULL);
		return;
	}
	if (!translation_expect_list(translation, tags, "a list of tags"))
		return;
	for (size_t i = 0; i < tags->count; i++) {
		struct str text;
		if (!fields_filled(&reading, &tag, tags->items[i], &text))
			continue;
		if (str_find(text, ':') < text.len) {
			char *digest = arena_printf(translation->arena, "@%.*s", STR_ARGS(text));
			translation->failed |= !digest;
			if (digest)
				add_rule(translation, repository, digest, NULL);
		} else if (!reference_tag_valid(text)) {
			translation_refuse(translation, tags->items[i], "this is no tag");
		} else {
			buf_printf(&list, "%c%.*s", list.len ? ',' : ':', STR_ARGS(text));
		}
	}
	translation->failed |= !buf_ok(&list);
	if (list.len)
		add_rule(translation, repository, buf_string(&list), NULL);
}

static void read_regex(struct translation *translation, const struct repository *repository,
		       const struct node *pattern)
{
	const struct fields_reading reading = translation_reading(translation);
	struct str text;
	struct node *map = new_rule(translation, repository);
	struct node *list = translation_list(translation, pattern);
	if (!fields_filled(&reading, &fields[BY_REGEX], pattern, &text))
		return;
	translation_pattern(translation, list, pattern, "", text, "");
	translation_set(translation, map, "tags", list);
	add_rule(translation, repository, "", map);
}

static void read_semver(struct translation *translation, const struct repository *repository,
			const struct node *range)
{
	const struct fields_reading reading = translation_reading(translation);
	struct str text;
	struct node *map = new_rule(translation, repository);
	if (!fields_filled(&reading, &fields[BY_SEMVER], range, &text))
		return;
	translation_set(translation, map, "semver", translation_text(translation, range, text));
	translation_lose(translation, range,
			 "images-by-semver takes only tags with three numbers here: 1.28 is no "
			 "version, 1.28.0 is");
	add_rule(translation, repository, "", map);
}

static void read_images(struct translation *translation, const struct node *registry,
			enum registry_field kind, const struct node *images)
{
	static void (*const readers[])(struct translation *translation,
				       const struct repository *repository,
				       const struct node *value) = {
		[IMAGES] = read_tags, [BY_REGEX] = read_regex, [BY_SEMVER] = read_semver};
	if (!images || images->kind == NODE_NULL ||
	    !translation_expect_map(translation, images, fields[kind].name))
		return;
	for (size_t i = 0; i < images->count; i++) {
		struct repository repository;
		if (read_repository(translation, registry, images->keys[i], &repository))
			readers[kind](translation, &repository, images->items[i]);
	}
}

static void read_login(struct translation *translation, struct node *entry,
		       const struct node *login)
{
	static const char *const names[LOGIN_FIELDS] = {"username", "password", "token"};
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[LOGIN_FIELDS];
	if (!login || login->kind == NODE_NULL ||
	    !translation_expect_map(translation, login, "credentials"))
		return;
	fields_collect(&reading, &login_table, login, values);
	for (int i = 0; i < LOGIN_FIELDS; i++)
		if (values[i])
			translation_set(translation, entry, names[i], values[i]);
}

static void read_registry(struct translation *translation, const struct node *name,
			  const struct node *map)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[FIELDS];
	if (!translation_expect_map(translation, map, "a registry"))
		return;
	fields_collect(&reading, &table, map, values);
	struct node *entry = translation_map(translation, name);
	read_login(translation, entry, values[CREDENTIALS]);
	if (!fields_switch(&reading, &fields[TLS_VERIFY], values[TLS_VERIFY], true))
		translation_set(translation, entry, "insecure",
				translation_switch(translation, values[TLS_VERIFY], true));
	if (values[CERT_DIR] && values[CERT_DIR]->text.len)
		translation_lose(translation, values[CERT_DIR],
				 "cert-dir is ignored: name the PEM file of the authority by --ca "
				 "HOST=FILE, and a client's certificate and key in the auth file");
	if (entry && entry->count)
		translation_login(translation, name, entry);
	for (size_t kind = IMAGES; kind <= BY_SEMVER; kind++)
		read_images(translation, name, (enum registry_field)kind, values[kind]);
}

void skopeo_file_translate(struct translation *translation)
{
	const struct node *root = translation->document->root;
	if (!translation_expect_map(translation, root, "the file"))
		return;
	for (size_t i = 0; i < root->count; i++)
		if (!fields_private(root->keys[i]->text))
			read_registry(translation, root->keys[i], root->items[i]);
}
