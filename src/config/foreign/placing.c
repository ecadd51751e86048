/* Prefix and names are checked once for each image: they are options, and a mistake in them is
 * reported with the first image only, since equal lines are kept once. */
#include "config/foreign/placing.h"

#include "base/secret.h"
#include "config/rules/naming.h"
#include "config/rules/prefix.h"

#include <string.h>

static struct node *join(struct translation *translation, const struct node *at,
			 const struct reference *prefix, struct str name)
{
	return translation_printf(translation, at, "%s/%s%s%.*s", prefix->host, prefix->repository,
				  *prefix->repository ? "/" : "", STR_ARGS(name));
}

/* The prefix, whose variables are replaced. False: there is none, or it is wrong. */
static bool read_prefix(struct translation *translation, struct reference *out)
{
	struct error err = {0};
	const char *to;
	if (!translation->to || translation->misplaced)
		return false;
	if (expand_text(translation->arena, str_of(translation->to), EXPAND_DESTINATION,
			translation->lookup, &to, &err) &&
	    prefix_parse(translation->arena, str_of(to), out, &err) &&
	    (!translation->names || naming_check(translation->names, &err)))
		return true;
	problem_add(translation->problems, NULL, "--%s%s",
		    str_starts(str_of(err.text), "names: ") ? ""
		    : translation->converting               ? "prefix: "
							    : "to: ",
		    err.text);
	translation->misplaced = true;
	return false;
}

struct node *placing_target(struct translation *translation, const struct node *at,
			    const struct reference *repository, const char *names)
{
	scoped(buf_finish) struct buf name = {0};
	struct reference prefix;
	struct str path = str_of(repository->repository);
	const struct naming naming = {repository->host, path, path};
	if (!read_prefix(translation, &prefix))
		return NULL;
	naming_add(translation->names ? translation->names : names, &naming, &name);
	translation->failed |= !buf_ok(&name);
	return join(translation, at, &prefix, buf_str(&name));
}

/* Adds platforms to those of a rule for the same image and destination. */
static void widen(struct translation *translation, struct node *rule, const struct node *more)
{
	const struct node *known = node_get(rule, "platforms");
	if (!known)
		return; /* it has all of them */
	struct node *list = (struct node *)(uintptr_t)known;
	for (size_t i = 0; i < (more->kind == NODE_LIST ? more->count : 1); i++) {
		const struct node *each = fields_item(more, i);
		bool there = false;
		for (size_t at = 0; at < list->count; at++)
			there |= str_equal(list->items[at]->text, each->text);
		if (!there)
			translation_add(translation, list, each);
	}
}

/* The rule of source that goes to target; NULL: there is none. */
static struct node *find_rule(const struct translation *translation, struct str source,
			      const struct node *target)
{
	uintptr_t number = (uintptr_t)map_get(&translation->sources, source);
	const struct node *value = number ? translation->images->items[number - 1] : NULL;
	for (size_t i = 0; value && i < (value->kind == NODE_LIST ? value->count : 1); i++) {
		const struct node *each = fields_item(value, i);
		const struct node *to = each->kind == NODE_MAP ? node_get(each, "to") : each;
		if (to && str_equal(to->text, target->text))
			return (struct node *)(uintptr_t)each;
	}
	return NULL;
}

/* A list of its own, since others may be added to it. */
static struct node *copy_list(struct translation *translation, const struct node *platforms)
{
	struct node *list = translation_list(translation, platforms);
	for (size_t i = 0; i < (platforms->kind == NODE_LIST ? platforms->count : 1); i++)
		translation_add(translation, list, fields_item(platforms, i));
	return list;
}

static void add_rule(struct translation *translation, const struct placing_image *image,
		     const struct node *source, struct node *target)
{
	struct node *known = find_rule(translation, source->text, target);
	if (known && known->kind == NODE_MAP && image->platforms) {
		widen(translation, known, image->platforms);
	} else if (known && known->kind == NODE_MAP) {
		/* All platforms: the rule is that without a list. */
		known->kind = NODE_STRING;
		known->text = target->text;
		known->quoted = true;
		known->count = 0;
	} else if (!known && image->platforms) {
		struct node *map = translation_map(translation, image->at);
		translation_set(translation, map, "to", target);
		translation_set(translation, map, "platforms",
				copy_list(translation, image->platforms));
		translation_rule(translation, source, map);
	} else if (!known) {
		translation_rule(translation, source, target);
	}
}

void placing_add(struct translation *translation, const struct placing_image *image)
{
	struct error err = {0};
	struct reference ref, prefix;
	secret_suspect(image->text);
	if (!reference_parse(translation->arena, image->text, &ref, &err)) {
		translation->failed |= err.kind == ERROR_MEMORY;
		translation_refuse(translation, image->at, "%s", err.text);
		return;
	}
	if (!ref.tag && !ref.digest)
		ref.tag = "latest";
	const char *name = reference_string(translation->arena, &ref);
	struct node *source = name ? translation_text(translation, image->at, str_of(name)) : NULL;
	struct node *target = NULL;
	if (!image->rename.len)
		target = placing_target(translation, image->at, &ref, NULL);
	else if (read_prefix(translation, &prefix))
		target = join(translation, image->at, &prefix, image->rename);
	translation->failed |= !name;
	if (source && target)
		add_rule(translation, image, source, target);
}
