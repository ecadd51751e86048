/*
 * Configuration files: the first byte says which kind, the rest is YAML. Rules that were understood
 * are planned. Whatever is told about mistakes is harmless for a terminal. From 'a' on the byte is
 * a form of other programs; what is made of it prints as YAML that reads back the same, and loses
 * no comment.
 */
#include "rules.h"

#include "base/secret.h"
#include "config/auth/auth_file.h"
#include "config/convert/commented.h"
#include "config/foreign/forms.h"
#include "config/legacy_file.h"
#include "config/rules/images_file.h"
#include "config/rules/lists_file.h"
#include "doc/yaml.h"
#include "doc/yaml_quote.h"

#include <string.h>

/* One line each, and nothing in it that moves the cursor. */
static void check_told(const struct buf *lines)
{
	struct str rest = buf_str(lines);
	while (rest.len)
		require(input_printable(input_part(&rest, '\n')));
}

static void expand(struct arena *arena, const struct plan_rule *rule, struct problems *problems)
{
	struct task *tasks = NULL;
	size_t count = 0;
	struct error err = {0};
	if (!plan_expand(arena, &(struct expanding){rule, &some_catalog, problems}, &tasks, &count,
			 &err)) {
		require(err.kind != ERROR_NONE && err.text[0]);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		require(tasks[i].source.repository && tasks[i].destination.repository);
		require(tasks[i].source.tag || tasks[i].source.digest);
		require(tasks[i].destination.tag || tasks[i].destination.digest);
	}
}

static void plan(struct arena *arena, const struct rules *rules, struct problems *problems)
{
	struct plan_rule *parsed = NULL;
	size_t count = 0;
	require(plan_parse(arena, rules, &parsed, &count, problems));
	for (size_t i = 0; i < count && i < 100; i++)
		expand(arena, &parsed[i], problems);
}

/* What is quoted reads back as the same text. */
static void check_quote(struct arena *arena, struct str text)
{
	scoped(buf_finish) struct buf quoted = {0};
	const struct node *root = NULL;
	struct error err = {0};
	yaml_quote(text, &quoted);
	require(buf_ok(&quoted) && yaml_read(arena, buf_str(&quoted), &root, &err));
	require(root->kind == NODE_STRING && str_equal(root->text, text));
}

static void check_strings(struct arena *arena, const struct node *node, int depth)
{
	if (node->kind == NODE_STRING && node->text.len < 1000)
		check_quote(arena, node->text);
	for (size_t i = 0; i < node->count && i < 20 && depth < 4; i++)
		check_strings(arena, node->items[i], depth + 1);
}

/* --- files of other programs ----------------------------------------------------------------- */

static void check_same(const struct node *a, const struct node *b)
{
	require(a->count == b->count);
	require((a->kind == NODE_MAP) == (b->kind == NODE_MAP) || !a->count);
	if (!a->count && a->kind != NODE_MAP && a->kind != NODE_LIST)
		require(str_equal(a->text, b->text));
	for (size_t i = 0; i < a->count; i++) {
		if (a->keys)
			require(str_equal(a->keys[i]->text, b->keys[i]->text));
		check_same(a->items[i], b->items[i]);
	}
}

static bool no_repeats(const struct node *node)
{
	struct error err = {0};
	if (node->kind == NODE_MAP && !node_keys_unique(node, &err))
		return false;
	for (size_t i = 0; i < node->count; i++)
		if (!no_repeats(node->items[i]))
			return false;
	return true;
}

static void check_printed(struct arena *arena, const struct node *map, struct comments *comments)
{
	scoped(buf_finish) struct buf out = {0};
	const struct commented text = {.out = &out, .comments = comments};
	const struct node *again = NULL;
	struct error err = {0};
	commented_print(&text, map);
	for (size_t i = 0; i < comments->count; i++)
		require(comments->items[i].used);
	if (!map->count || !no_repeats(map))
		return;
	require(yaml_read(arena, buf_str(&out), &again, &err));
	check_same(map, again);
}

static void try_form(struct arena *arena, const struct form *form, struct str text)
{
	scoped(problem_finish) struct problems problems = {0};
	scoped(problem_finish) struct problems remarks = {0};
	struct document document = {.name = "fuzz.yaml", .text = text};
	struct comments comments = {0};
	struct rules rules = {0};
	struct credentials credentials = {0};
	struct error err = {0};
	static const struct node nothing = {.kind = NODE_NULL, .line = 1, .column = 1};
	bool lines = strcmp(form->name, "text") == 0;
	document.root = &nothing;
	if (!lines && !yaml_read_stream(arena, text, &document.root, &document.stream, &err))
		return;
	require((lines ? comments_of_lines : comments_of_yaml)(arena, text, &comments, &err));
	scoped(forms_finish) struct translation translation = {
		.arena = arena,
		.document = &document,
		.lookup = &some_variables,
		.problems = &problems,
		.remarks = &remarks,
		.to = form->places ? NULL : "registry.example.com/mirror"};
	require(forms_translate(form, &translation));
	check_printed(arena, translation.images, &comments);
	document.root = translation.images;
	images_file_read(arena, &document, &some_variables, &rules, &problems);
	plan(arena, &rules, &problems);
	document.root = translation.auth;
	auth_file_read(arena, &document, &some_variables, &credentials, &problems);
	check_told(&problems.errors);
	check_told(&problems.warnings);
	check_told(&remarks.warnings);
	secret_forget();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct str rest = input_text(data, size);
	struct document document = {.name = "fuzz.yaml"};
	struct credentials credentials = {0};
	struct rules rules = {0};
	struct error err = {0};
	require(arena);
	unsigned kind = input_byte(&rest);
	const char *name = kind >= 'a' ? forms_name(kind - 'a') : NULL;
	if (name) {
		try_form(arena, forms_named(str_of(name)), rest);
		return 0;
	}
	kind %= 3;
	if (!yaml_read(arena, rest, &document.root, &err)) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		return 0;
	}
	check_strings(arena, document.root, 0);
	if (kind == 0 && lists_file_recognise(&document))
		lists_file_read(arena, &document, &some_variables, &rules, &problems);
	else if (kind == 0)
		images_file_read(arena, &document, &some_variables, &rules, &problems);
	else if (kind == 1)
		auth_file_read(arena, &document, &some_variables, &credentials, &problems);
	else
		legacy_file_read(arena, &document, &some_variables, &credentials, &rules,
				 &problems);
	plan(arena, &rules, &problems);
	check_told(&problems.errors);
	check_told(&problems.warnings);
	secret_forget();
	return 0;
}
