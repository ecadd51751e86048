/*
 * This uses libyaml's events, not its documents: events carry marks, and an alias can be judged
 * where it occurs instead of being expanded first. The tree is built by recursive descent with a
 * bounded depth. Elements are collected in a buffer of pointers and copied into the arena when
 * their number is known.
 *
 * An alias costs no memory, but every walk over the tree meets its values again. So each alias
 * walks its target once, against one limit for the document: that bounds every later walk, and
 * these walks too. The limit grows with the number of written values, so that a large file may use
 * an anchor in each of its rules, while a small one cannot become large.
 */
#include "doc/yaml.h"

#include "base/buf.h"
#include "base/map.h"
#include "doc/yaml_merge.h"
#include "doc/yaml_scalar.h"

#include <string.h>
#include <yaml.h>

struct load {
	yaml_parser_t parser;
	struct arena *arena;
	struct str text;
	struct error *err;
	struct map anchors; /* name -> struct node; the latest counts */
	const struct node
		*open[YAML_STREAM_DEPTH_MAX]; /* the containers being read, outermost first */
	int depth, deepest;
	size_t values;  /* values written in the document, so far */
	size_t aliased; /* values that aliases stand for, so far */
};

static void finish_event(yaml_event_t *event)
{
	yaml_event_delete(event);
}

static void finish_load(struct load *load)
{
	yaml_parser_delete(&load->parser);
	map_finish(&load->anchors);
}

static bool fail(const struct load *load, yaml_mark_t mark, const char *what)
{
	return error_set(load->err, ERROR_CONFIG, "%zu:%zu: %s", mark.line + 1, mark.column + 1,
			 what);
}

/* Reports bytes that are not UTF-8, or a control character: libyaml gives only their offset. */
static bool fail_bytes(const struct load *load)
{
	struct str before = str_head(load->text, load->parser.problem_offset);
	yaml_mark_t mark = {0};
	for (size_t i = 0; i < before.len; i++) {
		unsigned char byte = (unsigned char)before.at[i];
		mark.column = byte == '\n' ? 0 : mark.column + ((byte & 0xc0) != 0x80);
		mark.line += byte == '\n';
	}
	return fail(load, mark, "not valid UTF-8, or a control character: save the file as UTF-8");
}

static struct str line_at(const struct load *load, size_t line)
{
	struct str rest = load->text, at = {0};
	for (size_t i = 0; i <= line; i++)
		if (!str_cut(&rest, '\n', &at))
			return (struct str){0};
	return at;
}

/* A tab where libyaml expected something else is a common mistake. */
static bool tab_in_line(const struct load *load, size_t line)
{
	struct str at = line_at(load, line);
	for (size_t i = 0; i < at.len && (at.at[i] == ' ' || at.at[i] == '\t'); i++)
		if (at.at[i] == '\t')
			return true;
	return false;
}

/* What libyaml's words mean for people who do not know its grammar. */
static const struct {
	const char *problem; /* its beginning */
	const char *next;    /* the character there is one of these; NULL: it is any */
	const char *hint;
} hints[] = {
	{"mapping values are not allowed", NULL,
	 ": put a text that contains a colon and a space in quotes, or correct the indentation"},
	{"found character that cannot start any token", "%@`>|",
	 ": put a text that begins with %, @, `, > or | in quotes"},
	{"did not find expected key", NULL,
	 ": keys and items that belong together must be indented alike"},
	{"did not find expected '-' indicator", NULL,
	 ": items that belong together must be indented alike"},
	{"could not find expected ':'", NULL,
	 ": write a colon and a space between a key and its value"},
	{"did not find expected ',' or ']'", "{", ": put a text with ${NAME} in quotes"},
	{"did not find expected ',' or '}'", "{", ": put a text with ${NAME} in quotes"},
	{"did not find expected ',' or ']'", NULL, ": close the list with ]"},
	{"did not find expected ',' or '}'", NULL, ": close the mapping with }"},
	{"found unexpected end of stream", NULL, ": close the quotes"},
	{"found unknown escape character", NULL,
	 ": use single quotes, in which \\ is a plain character"},
	{"did not find expected alphabetic or numeric character", NULL,
	 ": put a text that begins with & or * in quotes"},
	{"block sequence entries are not allowed", NULL, ": begin a list on a line of its own"},
	{"did not find expected comment or line break", ">|",
	 ": put a text that begins with > or | in quotes"},
};

/* The character at mark; NUL: the line ends there. Columns count characters, not bytes. */
static char character_at(const struct load *load, yaml_mark_t mark)
{
	struct str line = line_at(load, mark.line);
	size_t column = 0;
	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.at[i] & 0xc0) != 0x80 && column++ == mark.column)
			return line.at[i];
	return '\0';
}

static const char *find_hint(const char *problem, char next)
{
	for (size_t i = 0; i < array_count(hints); i++)
		if (strncmp(problem, hints[i].problem, strlen(hints[i].problem)) == 0 &&
		    (!hints[i].next || (next && strchr(hints[i].next, next))))
			return hints[i].hint;
	return "";
}

/* Turns libyaml's error into one of ours. */
static bool fail_parser(const struct load *load)
{
	const yaml_parser_t *parser = &load->parser;
	if (parser->error == YAML_MEMORY_ERROR)
		return error_memory(load->err);
	if (parser->error == YAML_READER_ERROR)
		return fail_bytes(load);
	yaml_mark_t mark = parser->problem_mark;
	if (tab_in_line(load, mark.line))
		return fail(load, mark, "this line is indented by a tab: YAML requires spaces");
	const char *hint = find_hint(parser->problem, character_at(load, mark));
	if (!parser->context || parser->context_mark.line == mark.line)
		return error_set(load->err, ERROR_CONFIG, "%zu:%zu: %s%s", mark.line + 1,
				 mark.column + 1, parser->problem, hint);
	return error_set(load->err, ERROR_CONFIG, "%zu:%zu: %s %s that began in line %zu%s",
			 mark.line + 1, mark.column + 1, parser->problem, parser->context,
			 parser->context_mark.line + 1, hint);
}

static bool next_event(struct load *load, yaml_event_t *event)
{
	return yaml_parser_parse(&load->parser, event) || fail_parser(load);
}

/* A new node for event, registered under its anchor if it has one; a tag is refused. */
static struct node *new_node(struct load *load, const yaml_event_t *event,
			     const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct node *node = arena_new_of(load->arena, struct node);
	if (++load->values + load->aliased > NODE_VALUES_MAX) {
		fail(load, event->start_mark, "the document has too many values");
		return NULL;
	}
	if (tag) {
		fail(load, event->start_mark,
		     "tags (!name) are not supported: put text that begins with ! in quotes");
		return NULL;
	}
	if (!node || (anchor && !map_put(&load->anchors, str_of((const char *)anchor), node))) {
		error_memory(load->err);
		return NULL;
	}
	node->line = (int)event->start_mark.line + 1;
	node->column = (int)event->start_mark.column + 1;
	return node;
}

static struct node *read_scalar(struct load *load, const yaml_event_t *event)
{
	size_t len = event->data.scalar.length;
	struct node *node =
		new_node(load, event, event->data.scalar.anchor, event->data.scalar.tag);
	char *copy = node ? arena_copy(load->arena, (char *)event->data.scalar.value, len) : NULL;
	if (node && !copy)
		error_memory(load->err);
	if (!copy)
		return NULL;
	if (memchr(copy, '\0', len)) {
		fail(load, event->start_mark, "the text contains a NUL character");
		return NULL;
	}
	node->text = (struct str){copy, len};
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->kind = NODE_STRING;
	if (!node->quoted)
		node->kind = yaml_scalar_kind(node->text, &node->truth);
	return node;
}

/* True when aliases stand for more values than the document may have. */
static bool too_many_aliased(const struct load *load)
{
	size_t most = load->values * YAML_ALIASED_EACH;
	if (most < YAML_ALIASED_MAX)
		most = YAML_ALIASED_MAX;
	return load->aliased > most || load->values + load->aliased > NODE_VALUES_MAX;
}

/* Counts the values that an alias stands for. False: too many, or nested too deeply here. */
static bool count_aliased(struct load *load, const struct node *node, int depth, yaml_mark_t mark)
{
	bool container = node->kind == NODE_LIST || node->kind == NODE_MAP;
	if (container && depth >= load->deepest)
		return fail(load, mark, "this alias makes the document nested too deeply");
	load->aliased++;
	if (too_many_aliased(load))
		return fail(load, mark, "the aliases so far stand for too many values");
	for (size_t i = 0; i < node->count; i++)
		if (!count_aliased(load, node->items[i], depth + 1, mark))
			return false;
	return true;
}

/* The node that an alias stands for. */
static const struct node *read_alias(struct load *load, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct node *node = map_get(&load->anchors, str_of(name));
	if (!node) {
		/* The message does not quote the text, which may be a password. */
		fail(load, event->start_mark,
		     "there is no anchor of this name above: put text that begins with * in "
		     "quotes");
		return NULL;
	}
	for (int i = 0; i < load->depth; i++)
		if (load->open[i] == node) {
			fail(load, event->start_mark, "this alias is inside its own anchor");
			return NULL;
		}
	return count_aliased(load, node, load->depth, event->start_mark) ? node : NULL;
}

static const struct node *read_value(struct load *load, const yaml_event_t *event);

/* A key is text, whatever kind it would have as a value. */
static const struct node *read_key(struct load *load, const yaml_event_t *event)
{
	bool collection =
		event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
	const struct node *scalar = collection ? NULL : read_value(load, event);
	if (collection || (scalar && (scalar->kind == NODE_LIST || scalar->kind == NODE_MAP))) {
		fail(load, event->start_mark,
		     "a key must be plain text; put one that begins with a bracket or brace in "
		     "quotes");
		return NULL;
	}
	struct node *key = scalar ? arena_new_of(load->arena, struct node) : NULL;
	if (scalar && !key)
		error_memory(load->err);
	if (!key)
		return NULL;
	*key = *scalar;
	key->kind = NODE_STRING;
	key->quoted = key->quoted || event->type == YAML_ALIAS_EVENT;
	key->line = (int)event->start_mark.line + 1;
	key->column = (int)event->start_mark.column + 1;
	return key;
}

/*
 * Appends the next element, or the next pair of a map, to items and keys; sets *end when there is
 * none.
 */
static bool read_element(struct load *load, bool map, struct buf *keys, struct buf *items,
			 bool *end)
{
	scoped(finish_event) yaml_event_t first = {0};
	scoped(finish_event) yaml_event_t second = {0};
	if (!next_event(load, &first))
		return false;
	*end = first.type == YAML_SEQUENCE_END_EVENT || first.type == YAML_MAPPING_END_EVENT;
	if (*end)
		return true;
	const struct node *key = map ? read_key(load, &first) : NULL;
	if (map && (!key || !next_event(load, &second)))
		return false;
	const struct node *value = read_value(load, map ? &second : &first);
	if (!value)
		return false;
	buf_add(items, &value, sizeof(value));
	if (map)
		buf_add(keys, &key, sizeof(key));
	return (buf_ok(items) && buf_ok(keys)) || error_memory(load->err);
}

/* A copy of the pointers that were collected; NULL without memory. */
static const struct node *const *keep_list(struct arena *arena, const struct buf *collected)
{
	const struct node **list = arena_alloc(arena, collected->len);
	if (list && collected->len)
		memcpy(list, collected->at, collected->len);
	return list;
}

static bool read_elements(struct load *load, struct node *node)
{
	scoped(buf_finish) struct buf keys = buf_limit(NODE_VALUES_MAX * sizeof(void *));
	scoped(buf_finish) struct buf items = buf_limit(NODE_VALUES_MAX * sizeof(void *));
	bool map = node->kind == NODE_MAP;
	for (bool end = false; !end;)
		if (!read_element(load, map, &keys, &items, &end))
			return false;
	node->count = (uint32_t)(items.len / sizeof(const struct node *));
	node->items = keep_list(load->arena, &items);
	if (map)
		node->keys = keep_list(load->arena, &keys);
	if (!node->items || (map && !node->keys))
		return error_memory(load->err);
	return !map || yaml_merge(load->arena, node, load->err);
}

static struct node *read_container(struct load *load, const yaml_event_t *event)
{
	bool map = event->type == YAML_MAPPING_START_EVENT;
	struct node *node = map ? new_node(load, event, event->data.mapping_start.anchor,
					   event->data.mapping_start.tag)
				: new_node(load, event, event->data.sequence_start.anchor,
					   event->data.sequence_start.tag);
	if (!node)
		return NULL;
	if (load->depth >= load->deepest) {
		fail(load, event->start_mark, "the document is nested too deeply");
		return NULL;
	}
	node->kind = map ? NODE_MAP : NODE_LIST;
	load->open[load->depth++] = node;
	bool good = read_elements(load, node);
	load->depth--;
	return good ? node : NULL;
}

static const struct node *read_value(struct load *load, const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(load, event);
	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(load, event);
	return read_container(load, event);
}

/* Expects the next event to be of type, which holds no data; fails with the text what. */
static bool expect(struct load *load, yaml_event_type_t type, const char *what)
{
	scoped(finish_event) yaml_event_t event = {0};
	if (!next_event(load, &event))
		return false;
	return event.type == type || fail(load, event.start_mark, what);
}

static bool read_document(struct load *load, const struct node **out)
{
	scoped(finish_event) yaml_event_t event = {0};
	if (!expect(load, YAML_STREAM_START_EVENT, "not a YAML stream"))
		return false;
	if (!expect(load, YAML_DOCUMENT_START_EVENT, "the document is empty"))
		return false;
	if (!next_event(load, &event))
		return false;
	*out = read_value(load, &event);
	return *out && expect(load, YAML_DOCUMENT_END_EVENT, "not a YAML document") &&
	       expect(load, YAML_STREAM_END_EVENT,
		      "a second document begins here: put everything into one; only manifests of "
		      "Kubernetes, each with apiVersion and kind, may be several");
}

/* Reads the documents up to the end of the stream into items, but for those that hold nothing. */
static bool read_documents(struct load *load, struct buf *items)
{
	if (!expect(load, YAML_STREAM_START_EVENT, "not a YAML stream"))
		return false;
	for (;;) {
		scoped(finish_event) yaml_event_t start = {0};
		scoped(finish_event) yaml_event_t event = {0};
		if (!next_event(load, &start))
			return false;
		if (start.type == YAML_STREAM_END_EVENT)
			return buf_ok(items) || error_memory(load->err);
		if (!next_event(load, &event))
			return false;
		const struct node *node = read_value(load, &event);
		if (!node || !expect(load, YAML_DOCUMENT_END_EVENT, "not a YAML document"))
			return false;
		if (node->kind != NODE_NULL)
			buf_add(items, &node, sizeof(node));
		map_finish(&load->anchors);
	}
}

static bool read_stream(struct load *load, const struct node **out, bool *several)
{
	scoped(buf_finish) struct buf items = buf_limit(NODE_VALUES_MAX * sizeof(void *));
	if (!read_documents(load, &items))
		return false;
	uint32_t count = (uint32_t)(items.len / sizeof(const struct node *));
	if (!count)
		return error_set(load->err, ERROR_CONFIG, "1:1: the document is empty");
	*several = count > 1;
	if (!*several) {
		*out = *(const struct node **)(void *)items.at;
		return true;
	}
	struct node *list = arena_new_of(load->arena, struct node);
	if (!list)
		return error_memory(load->err);
	*list = (struct node){.kind = NODE_LIST, .line = 1, .column = 1, .count = count};
	list->items = keep_list(load->arena, &items);
	*out = list;
	return list->items || error_memory(load->err);
}

static bool begin(struct load *load)
{
	struct str text = load->text;
	if (text.len > NODE_BYTES_MAX)
		return error_set(load->err, ERROR_CONFIG, "1:1: the document is larger than %d MiB",
				 NODE_BYTES_MAX / 1024 / 1024);
	if (!yaml_parser_initialize(&load->parser))
		return error_memory(load->err);
	yaml_parser_set_encoding(&load->parser, YAML_UTF8_ENCODING);
	const char *at = text.at ? text.at : "";
	yaml_parser_set_input_string(&load->parser, (const unsigned char *)at, text.len);
	return true;
}

bool yaml_read(struct arena *arena, struct str text, const struct node **out, struct error *err)
{
	scoped(finish_load) struct load load = {
		.arena = arena, .text = text, .err = err, .deepest = YAML_DEPTH_MAX};
	return begin(&load) && read_document(&load, out);
}

bool yaml_read_stream(struct arena *arena, struct str text, const struct node **out, bool *several,
		      struct error *err)
{
	scoped(finish_load) struct load load = {
		.arena = arena, .text = text, .err = err, .deepest = YAML_STREAM_DEPTH_MAX};
	return begin(&load) && read_stream(&load, out, several);
}
