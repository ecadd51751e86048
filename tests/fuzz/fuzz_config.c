/*
 * Configuration files: the first byte says which kind, the rest is YAML. Rules that were understood
 * are planned. Whatever is told about mistakes is harmless for a terminal.
 */
#include "rules.h"

#include "base/secret.h"
#include "config/auth/auth_file.h"
#include "config/legacy_file.h"
#include "config/rules/images_file.h"
#include "config/rules/lists_file.h"
#include "doc/yaml.h"
#include "doc/yaml_quote.h"

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
	unsigned kind = input_byte(&rest) % 3;
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
