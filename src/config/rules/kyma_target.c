/*
 * A name that begins with a registry is ambiguous: kyma's own targets look like that, since a
 * source's host becomes a folder below the prefix, and so does a target at another registry.
 */
#include "config/rules/kyma_target.h"

#include "oci/reference.h"

#include <string.h>

enum target_field { NAME, TAG, FIELDS };

static const struct field fields[FIELDS] = {
	[NAME] = {"name", FIELDS_TEXT, "the name below the prefix"},
	[TAG] = {"tag", FIELDS_TEXT, "the tag"},
};

static const struct fields_table table = {.fields = fields, .count = FIELDS};

/* "registry.example.com/team", "localhost/x": the first part is the name of a host. */
static bool begins_with_host(struct str name)
{
	struct str host = str_head(name, str_find(name, '/'));
	return host.len < name.len && (str_find(host, '.') < host.len ||
				       str_find(host, ':') < host.len || str_is(host, "localhost"));
}

/* Cuts prefix off the beginning of name. */
static bool cut_prefix(struct str *name, const char *prefix)
{
	if (!prefix || !str_starts(*name, prefix))
		return false;
	*name = str_from(*name, strlen(prefix));
	return true;
}

/* Cuts the tag off the end of name; empty when there is none. */
static struct str cut_tag(struct str *name)
{
	struct str tag = {0};
	for (size_t i = name->len; i > 0 && name->at[i - 1] != '/'; i--) {
		if (name->at[i - 1] != ':')
			continue;
		tag = str_from(*name, i);
		name->len = i - 1;
		break;
	}
	return tag;
}

static const char *keep(const struct fields_reading *reading, struct str text)
{
	const char *copy = arena_copy(reading->arena, text.at, text.len);
	if (!copy)
		fields_memory(reading);
	return copy;
}

static bool refuse(const struct fields_reading *reading, const struct node *node,
		   const char *prefix)
{
	fields_complain(reading, node,
			"target \"%.*s\" is not below the prefix%s%s, and may mean another place: "
			"write name and tag below the prefix, as in {name: team/app, tag: v1}, or "
			"remove it",
			STR_ARGS(str_head(node->text, 200)), prefix ? " " : "",
			prefix ? prefix : "");
	return false;
}

/* whole: the text has to be the whole name, and cannot be one below the prefix. */
static bool read_name(const struct fields_reading *reading, const struct node *node, bool whole,
		      const struct kyma_prefixes *prefixes, struct kyma_target *out)
{
	struct str name = node->text;
	bool below = cut_prefix(&name, prefixes->prefix) || cut_prefix(&name, prefixes->overruled);
	struct str tag = cut_tag(&name);
	bool known = str_is(name, prefixes->computed ? prefixes->computed : "");
	if (!below && !known && (whole || begins_with_host(name)))
		return refuse(reading, node, prefixes->prefix);
	if (!name.len || str_find(name, '@') < name.len) {
		fields_complain(reading, node,
				"target \"%.*s\" lacks a name or has a digest: write a "
				"name and a tag",
				STR_ARGS(str_head(node->text, 200)));
		return false;
	}
	out->name = keep(reading, name);
	out->tag = tag.len ? keep(reading, tag) : NULL;
	return out->name && (!tag.len || out->tag);
}

static bool read_tag(const struct fields_reading *reading, const struct node *node,
		     struct kyma_target *out)
{
	struct str tag;
	if (!fields_text(reading, &fields[TAG], node, &tag))
		return false;
	if (!tag.len)
		return true;
	if (out->tag && !str_is(tag, out->tag)) {
		fields_complain(reading, node, "tag is %.*s, but the name ends in %s: keep one",
				STR_ARGS(str_head(tag, 200)), out->tag);
		return false;
	}
	out->tag = keep(reading, tag);
	return out->tag;
}

static bool check_tag(const struct fields_reading *reading, const struct node *node,
		      const struct kyma_target *target)
{
	if (!target->tag || reference_tag_valid(str_of(target->tag)))
		return true;
	fields_complain(reading, node,
			"target has the tag \"%s\": a tag has up to %d letters, digits, '_', '.' "
			"and '-', and does not begin with '.' or '-'",
			target->tag, REFERENCE_TAG_MAX);
	return false;
}

bool kyma_target_read(const struct fields_reading *reading, const struct node *node,
		      const struct kyma_prefixes *prefixes, struct kyma_target *out)
{
	const struct node *values[FIELDS];
	struct str name;
	*out = (struct kyma_target){NULL, NULL};
	if (node->kind == NODE_STRING)
		return read_name(reading, node, true, prefixes, out) &&
		       check_tag(reading, node, out);
	if (node->kind != NODE_MAP) {
		fields_complain(reading, node,
				"target is %s: write name and tag, as in {name: team/app, tag: v1}",
				node_kind_name(node->kind));
		return false;
	}
	size_t before = reading->problems->error_count;
	fields_collect(reading, &table, node, values);
	if (reading->problems->error_count != before ||
	    !fields_text(reading, &fields[NAME], values[NAME], &name))
		return false;
	return (!name.len || read_name(reading, values[NAME], false, prefixes, out)) &&
	       read_tag(reading, values[TAG], out) && check_tag(reading, node, out);
}
