/* An image that is named twice gives two equal rules, which plan/ keeps once. */
#include "config/rules/list_rules.h"

#include "config/rules/naming.h"

static bool make_rule(struct arena *arena, const struct list_image *image,
		      const struct list_target *target, struct rule *out)
{
	scoped(buf_finish) struct buf name = {0};
	struct str path = str_of(image->ref.repository);
	const struct naming naming = {image->ref.host, path, path};
	buf_printf(&name, "%s/%s%s", target->prefix.host, target->prefix.repository,
		   *target->prefix.repository ? "/" : "");
	naming_add(target->names, &naming, &name);
	*out = (struct rule){.source = reference_string(arena, &image->ref),
			     .destination = buf_ok(&name) ? arena_string(arena, name.at) : NULL,
			     .source_place = image->place,
			     .destination_place = image->place,
			     .terms = target->terms,
			     .schedule = target->schedule};
	return out->source && out->destination;
}

bool list_rules_make(struct arena *arena, const struct image_list *images,
		     const struct list_target *target, struct rule *rules)
{
	for (size_t i = 0; i < images->count; i++)
		if (!make_rule(arena, &images->items[i], target, &rules[i]))
			return false;
	return true;
}
