/* The list is read even if --to has mistakes, so that one run reports those of both. */
#include "config/list_option.h"

#include "base/file.h"
#include "config/action/inputs.h"
#include "config/rules/list_rules.h"
#include "config/rules/naming.h"
#include "config/rules/prefix.h"

#include <string.h>

/* Reads --to and --names. False: there were mistakes. */
static bool read_target(struct arena *arena, const struct options *options,
			const struct expand_lookup *lookup, struct list_target *out,
			struct problems *problems)
{
	const char *to = NULL;
	struct error err = {0};
	bool good =
		expand_text(arena, str_of(options->to), EXPAND_DESTINATION, lookup, &to, &err) &&
		prefix_parse(arena, str_of(to), &out->prefix, &err);
	if (!good)
		problem_add(problems, NULL, "--to: %s", err.text);
	out->names = options->names;
	if (options->names && !naming_check(options->names, &err)) {
		problem_add(problems, NULL, "--%s", err.text);
		good = false;
	}
	return good;
}

static void make_rules(struct arena *arena, const struct image_list *images,
		       const struct list_target *target, struct rules *rules,
		       struct problems *problems)
{
	rules->items = arena_array(arena, images->count, sizeof(*rules->items));
	if (rules->items && list_rules_make(arena, images, target, rules->items))
		rules->count = images->count;
	else
		problem_add(problems, NULL, "out of memory");
}

void list_option_read(struct arena *arena, const struct options *options,
		      const struct expand_lookup *lookup, struct rules *rules,
		      struct problems *problems)
{
	const char *inlined = inputs_text(options->inputs, options->list);
	const char *name = strcmp(options->list, "-") == 0 ? "stdin" : options->list;
	struct image_list images;
	struct list_target target = {0};
	scoped(buf_finish) struct buf text = {.max = NODE_BYTES_MAX};
	struct error err;
	if (!options->to) {
		problem_add(problems, NULL,
			    "--to is missing: say where the images of --list go, as in --to "
			    "registry.example.com/mirror");
		return;
	}
	bool good = read_target(arena, options, lookup, &target, problems);
	if (!inlined && !file_read(options->list, &text, &err)) {
		problem_add(problems, name, "%s", err.text);
		return;
	}
	list_file_read(arena, name, inlined ? str_of(inlined) : buf_str(&text), &images, problems);
	if (good)
		make_rules(arena, &images, &target, rules, problems);
}
