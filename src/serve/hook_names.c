/*
 * What is judged here is in the order of the program whose hooks these are: a request that lacks
 * the tag of a name that is too short gets the same answer as there.
 */
#include "serve/hook_names.h"

#include "doc/json.h"
#include "oci/reference.h"

#include <string.h>

/* --- JSON ------------------------------------------------------------------------------------- */

/* The text of a field; NULL: missing, empty or null. False: it is something else. */
static bool text_of(struct arena *arena, const struct node *map, const char *name, const char **out,
		    struct error *err)
{
	*out = NULL;
	for (size_t i = 0; i < map->count; i++) {
		const struct node *value = map->items[i];
		if (!str_equal_nocase(map->keys[i]->text, str_of(name)) || value->kind == NODE_NULL)
			continue;
		if (value->kind != NODE_STRING)
			return error_set(err, ERROR_CONFIG, "%s is %s, not a string", name,
					 node_kind_name(value->kind));
		if (value->text.len && !(*out = arena_copy(arena, value->text.at, value->text.len)))
			return error_memory(err);
	}
	return true;
}

static bool read_item(struct arena *arena, const struct node *node, struct hook_name *out,
		      struct error *err)
{
	if (node->kind != NODE_MAP)
		return error_set(err, ERROR_CONFIG,
				 "expected {\"name\": ..., \"tag\": ...} or a list of these, but "
				 "this is %s",
				 node_kind_name(node->kind));
	return text_of(arena, node, "name", &out->name, err) &&
	       text_of(arena, node, "tag", &out->tag, err);
}

bool hook_names_json(struct arena *arena, struct str body, struct hook_names *out,
		     struct error *err)
{
	const struct node *root;
	if (!json_read(arena, body, &root, err))
		return false;
	bool list = root->kind == NODE_LIST;
	out->count = list ? root->count : 1;
	if (out->count > HOOK_NAMES_MAX)
		return error_set(err, ERROR_CONFIG, "more than %d images in one request",
				 HOOK_NAMES_MAX);
	out->items = arena_array(arena, out->count + 1, sizeof(*out->items));
	if (!out->items)
		return error_memory(err);
	for (size_t i = 0; i < out->count; i++)
		if (!read_item(arena, list ? root->items[i] : root, &out->items[i], err))
			return false;
	return true;
}

/* --- forms ------------------------------------------------------------------------------------ */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode(struct arena *arena, struct str text, char **out, struct error *err)
{
	char *at = arena_alloc(arena, text.len + 1);
	*out = at;
	if (!at)
		return error_memory(err);
	for (size_t i = 0; i < text.len; i++) {
		bool coded = text.at[i] == '%';
		int high = coded && i + 2 < text.len ? digit_of(text.at[i + 1]) : -1;
		int low = high >= 0 ? digit_of(text.at[i + 2]) : -1;
		int c = coded ? high * 16 + low : (unsigned char)text.at[i];
		if ((coded && low < 0) || c < ' ')
			return error_set(err, ERROR_CONFIG, "malformed form: %s",
					 coded ? "a % that encodes no character of a name"
					       : "a control character");
		*at++ = !coded && c == '+' ? ' ' : (char)c;
		i += coded ? 2 : 0;
	}
	*at = '\0';
	return true;
}

bool hook_names_form(struct arena *arena, struct str body, struct hook_names *out,
		     struct error *err)
{
	struct str rest = body, part;
	struct hook_name *name = arena_new_of(arena, struct hook_name);
	*out = (struct hook_names){name, 1};
	if (!name)
		return error_memory(err);
	while (str_cut(&rest, '&', &part)) {
		char *value;
		struct str key;
		str_cut(&part, '=', &key);
		bool is_name = str_equal_nocase(key, STR("name"));
		if (!is_name && !str_equal_nocase(key, STR("tag")))
			continue;
		if (!decode(arena, part, &value, err))
			return false;
		*(is_name ? &name->name : &name->tag) = *value ? value : NULL;
	}
	return true;
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool has_edge(struct str text, struct str word)
{
	return text.len >= word.len &&
	       (str_equal_nocase(str_head(text, word.len), word) ||
		str_equal_nocase(str_from(text, text.len - word.len), word));
}

static size_t slashes(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == '/';
	return count;
}

/* A name without a host would be taken for one of Docker Hub's. */
static bool parse(struct arena *arena, const struct hook_name *name, struct hook_image *out,
		  struct error *err)
{
	struct reference image;
	if (!reference_parse(arena, str_of(name->name), &image, err))
		return false;
	size_t host = strcspn(name->name, "/");
	struct str first = str_head(str_of(name->name), host);
	if (image.tag || image.digest)
		return error_set(err, ERROR_CONFIG, "\"%.300s\": the tag goes into the field tag",
				 name->name);
	if (!str_equal_nocase(first, str_of(image.host)) &&
	    !str_equal_nocase(first, STR("index.docker.io")))
		return error_set(err, ERROR_CONFIG,
				 "\"%.300s\": a name begins with its registry, as in "
				 "docker.io/library/nginx",
				 name->name);
	if (!reference_tag_valid(str_of(name->tag)))
		return error_set(err, ERROR_CONFIG, "\"%.150s\" is no tag", name->tag);
	*out = (struct hook_image){reference_common_host(image.host), image.repository, name->tag};
	return true;
}

static enum hook_verdict missing(const struct hook_name *name, bool short_too, struct error *err)
{
	if (!name->name) {
		error_set(err, ERROR_CONFIG, "there is no name, as in quay.io/coreos/etcd");
		return HOOK_NAMELESS;
	}
	if (!name->tag) {
		error_set(err, ERROR_CONFIG, "there is no tag");
		return HOOK_TAGLESS;
	}
	if (slashes(name->name) < (short_too ? 1 : 2)) {
		error_set(err, ERROR_CONFIG,
			  "\"%.300s\" is too short: expected REGISTRY/NAMESPACE/IMAGE", name->name);
		return HOOK_SHORT;
	}
	return HOOK_GOOD;
}

bool hook_names_judge(struct arena *arena, const struct hook_name *name, bool short_too,
		      enum hook_verdict *verdict, struct hook_image *out, struct error *err)
{
	*verdict = missing(name, short_too, err);
	if (*verdict != HOOK_GOOD)
		return true;
	if (!parse(arena, name, out, err)) {
		*verdict = HOOK_BAD;
		return err->kind != ERROR_MEMORY;
	}
	if (has_edge(str_of(name->tag), STR("snapshot"))) {
		*verdict = HOOK_SNAPSHOT;
		error_set(err, ERROR_CONFIG, "tag %.130s: snapshots are not synchronized",
			  name->tag);
	}
	return true;
}
