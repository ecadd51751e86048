/* Each part is handed on as a document of its own: same file, same places, another root. */
#include "config/legacy_file.h"

#include "config/auth_file.h"
#include "config/images_file.h"
#include "config/nearest.h"

enum part { AUTH, IMAGES, PARTS };

static const char *const names[PARTS] = {"auth", "images"};

/* The number of the part called name, or PARTS; JSON takes any case of letters. */
static size_t find_part(const struct document *document, struct str name)
{
	size_t part = 0;
	for (; part < PARTS; part++)
		if (document->json ? str_equal_nocase(name, str_of(names[part]))
				   : str_is(name, names[part]))
			break;
	return part;
}

static void find_parts(struct arena *arena, const struct document *document,
		       const struct node *parts[PARTS], struct problems *problems)
{
	const struct node *root = document->root;
	for (size_t i = 0; i < root->count; i++) {
		const struct node *key = root->keys[i];
		size_t part = find_part(document, key->text);
		const char *place = document_place(arena, document, key);
		const char *near = nearest_word(key->text, names, PARTS);
		if (part == PARTS)
			problem_warn(problems, place, "unknown name \"%.*s\" is ignored%s%s%s",
				     STR_ARGS(key->text), near ? ": did you mean " : "",
				     near ? near : "", near ? "?" : "");
		else if (parts[part])
			problem_add(problems, place, "%s is given twice: keep one", names[part]);
		else
			parts[part] = root->items[i];
	}
}

void legacy_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct credentials *credentials,
		      struct rules *rules, struct problems *problems)
{
	const struct node *root = document->root;
	const struct node *parts[PARTS] = {NULL, NULL};
	struct document part = *document;
	if (root->kind != NODE_MAP) {
		problem_add(problems, document_place(arena, document, root),
			    "expected a mapping with auth and images, found %s",
			    node_kind_name(root->kind));
		return;
	}
	find_parts(arena, document, parts, problems);
	part.root = parts[AUTH];
	if (part.root)
		auth_file_read(arena, &part, lookup, credentials, problems);
	part.root = parts[IMAGES];
	if (part.root)
		images_file_read(arena, &part, lookup, rules, problems);
	else
		problem_add(problems, document_place(arena, document, root),
			    "images is missing: it says what to copy");
}
