/*
 * The forms of files do not know about notify: they are given a document without it. A source that
 * is called notify is written as docker.io/library/notify where it would be taken for this.
 */
#include "config/notify/notify_fields.h"

#include "config/fields.h"
#include "config/notify/notify_options.h"

static const struct field fields[NOTIFY_FIELDS] = {
	[NOTIFY_TELEGRAM] = {"telegram", FIELDS_TEXT, "the token of a bot"},
	[NOTIFY_SLACK] = {"slack", FIELDS_TEXT, "the address of an incoming webhook"},
	[NOTIFY_DINGTALK] = {"dingtalk", FIELDS_TEXT, "the address of a robot of DingTalk"},
	[NOTIFY_FEISHU] = {"feishu", FIELDS_TEXT, "the address of a bot of Feishu or Lark"},
	[NOTIFY_WECOM] = {"wecom", FIELDS_TEXT, "the address of a robot of WeCom"},
	[NOTIFY_WEBHOOK] = {"webhook", FIELDS_TEXT, "an address that gets the JSON report"},
	[NOTIFY_HEARTBEAT] = {"heartbeat", FIELDS_TEXT, "an address asked after each good run"},
	[NOTIFY_CHAT] = {"chat", FIELDS_TEXT, "the chat of Telegram, a number or @name"},
	[NOTIFY_API] = {"api", FIELDS_TEXT, "the address of Telegram's API"},
	[NOTIFY_SECRET] = {"secret", FIELDS_TEXT, "the secret to sign with"},
	[NOTIFY_TITLE] = {"title", FIELDS_TEXT, "what the message begins with"},
	[NOTIFY_ON] = {"on", FIELDS_TEXT, "failure, change or always"},
	[NOTIFY_REQUIRED] = {"required", FIELDS_SWITCH, "whether it has to be delivered"},
};

static const struct fields_table table = {.fields = fields, .count = NOTIFY_FIELDS};

struct targets_reading {
	struct fields_reading fields;
	const struct expand_lookup *lookup;
	struct notify_list *list;
};

/* True when no rule could have this value. */
static bool is_target(const struct node *value)
{
	if (value->kind == NODE_STRING)
		return str_find(value->text, '=') < value->text.len;
	return value->kind == NODE_MAP && !node_get(value, "to");
}

static bool are_targets(const struct node *value)
{
	if (value->kind != NODE_LIST)
		return is_target(value);
	for (size_t i = 0; i < value->count; i++)
		if (is_target(value->items[i]))
			return true;
	return false;
}

/* What to say about a secret in this file; NULL: nobody else reads it. */
static const char *exposure(const struct document *document)
{
	if (document->input)
		return "a secret is written here, and the log of a job shows its inputs: write "
		       "${NAME} and set the variable with env: on the step";
	return document->mode & 077 ? "a secret is written here, and other users can read this "
				      "file: write ${NAME} or file:PATH"
				    : NULL;
}

static void read_map(const struct targets_reading *reading, const struct node *map,
		     struct notify_words *words)
{
	const struct node *values[NOTIFY_FIELDS];
	bool ok = true;
	fields_collect(&reading->fields, &table, map, values);
	for (size_t i = 0; i < NOTIFY_FIELDS; i++) {
		struct notify_word *word = &words->fields[i];
		if (!values[i])
			continue;
		word->place = fields_place(&reading->fields, values[i]);
		if (i != NOTIFY_REQUIRED)
			ok &= fields_filled(&reading->fields, &fields[i], values[i], &word->text);
		else
			word->text = fields_switch(&reading->fields, &fields[i], values[i], false)
					     ? STR("true")
					     : STR("false");
	}
	if (ok)
		notify_target_add(reading->fields.arena, words, reading->lookup, reading->list,
				  reading->fields.problems);
}

static void read_target(const struct targets_reading *reading, const struct node *value)
{
	const struct fields_reading *fields_of = &reading->fields;
	struct notify_words words = {.subject = "notify",
				     .place = fields_place(fields_of, value),
				     .exposed = exposure(fields_of->document)};
	if (value->kind == NODE_MAP)
		read_map(reading, value, &words);
	else if (value->kind == NODE_STRING)
		notify_options_parse(fields_of->arena, value->text, &words, reading->lookup,
				     reading->list, fields_of->problems);
	else
		problem_add(fields_of->problems, words.place,
			    "notify: a target is %s: write a mapping as in \"slack: "
			    "${SLACK_WEBHOOK}\"",
			    node_kind_name(value->kind));
}

static void read_targets(const struct targets_reading *reading, const struct node *value)
{
	size_t count = value->kind == NODE_LIST ? value->count : 1;
	for (size_t i = 0; i < count; i++)
		read_target(reading, fields_item(value, i));
}

/* True for a pair of root that is no rule. */
static bool is_setting(const struct node *root, size_t number)
{
	return str_is(root->keys[number]->text, "notify") && are_targets(root->items[number]);
}

static size_t count_settings(const struct node *root)
{
	size_t count = 0;
	for (size_t i = 0; root->kind == NODE_MAP && i < root->count; i++)
		count += is_setting(root, i);
	return count;
}

void notify_fields_take(struct arena *arena, struct document *document,
			const struct expand_lookup *lookup, struct notify_list *list,
			struct problems *problems)
{
	const struct targets_reading reading = {
		{arena, document, problems, "notify"}, lookup, list};
	const struct node *root = document->root;
	if (!count_settings(root))
		return;
	struct node *rest = arena_new_of(arena, struct node);
	const struct node **items = arena_array(arena, root->count, sizeof(const struct node *));
	const struct node **keys = arena_array(arena, root->count, sizeof(const struct node *));
	if (!rest || !items || !keys) {
		problem_add(problems, document->name, "out of memory");
		return;
	}
	*rest = *root;
	rest->items = items;
	rest->keys = keys;
	rest->count = 0;
	for (size_t i = 0; i < root->count; i++) {
		if (is_setting(root, i)) {
			read_targets(&reading, root->items[i]);
			continue;
		}
		keys[rest->count] = root->keys[i];
		items[rest->count++] = root->items[i];
	}
	document->root = rest;
}
