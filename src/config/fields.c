/*
 * A slip must not silently drop a setting. So one walk over a mapping accounts for every pair: its
 * name is a field, a field for the second time, or unknown. How to treat an unknown name depends on
 * the form of the file: in a rule it is a mistake, since an unknown restriction would restrict
 * nothing, while files of other programs may have names that do not concern this one.
 */
#include "config/fields.h"

#include "config/nearest.h"

#include <stdarg.h>
#include <stdio.h>

const char *fields_place(const struct fields_reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

void fields_complain(const struct fields_reading *reading, const struct node *node,
		     const char *format, ...)
{
	char text[1024];
	const char *subject = reading->subject, *place = fields_place(reading, node);
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Without memory for the whole place the line is incomplete. */
	reading->problems->errors.failed |= place == reading->document->name;
	problem_add(reading->problems, place, "%s%s%s", subject ? subject : "", subject ? ": " : "",
		    text);
}

void fields_memory(const struct fields_reading *reading)
{
	problem_add(reading->problems, reading->document->name, "out of memory");
}

/* --- names --------------------------------------------------------------------------------- */

static bool is_called(const struct fields_reading *reading, const struct field *field,
		      struct str name)
{
	struct str known = str_of(field->name);
	bool any_case = reading->document->json || field->any_case;
	return any_case ? str_equal_nocase(name, known) : str_equal(name, known);
}

/* The index of the field called name; table->count: there is none. */
static size_t find(const struct fields_reading *reading, const struct fields_table *table,
		   struct str name)
{
	size_t i = 0;
	while (i < table->count && !is_called(reading, &table->fields[i], name))
		i++;
	return i;
}

/* True when another table reads the field. */
static bool is_beside(const struct fields_reading *reading, const struct fields_table *table,
		      struct str name)
{
	for (table = table->beside; table; table = table->beside)
		if (find(reading, table, name) < table->count)
			return true;
	return false;
}

const struct field *fields_nearest(const struct fields_table *table, struct str name)
{
	const char *names[FIELDS_MAX] = {NULL};
	const struct field *fields[FIELDS_MAX] = {NULL};
	size_t count = 0;
	for (; table; table = table->beside)
		for (size_t i = 0; i < table->count && count < FIELDS_MAX; i++) {
			fields[count] = &table->fields[i];
			names[count++] = table->fields[i].name;
		}
	const char *near = nearest_word(name, names, count);
	for (size_t i = 0; i < count; i++)
		if (names[i] == near)
			return fields[i];
	return NULL;
}

/* "to, tags, exclude" */
static void list_names(const struct fields_table *table, struct buf *out)
{
	for (const char *comma = ""; table; table = table->beside)
		for (size_t i = 0; i < table->count; i++, comma = ", ")
			buf_printf(out, "%s%s", comma, table->fields[i].name);
}

void fields_refuse(const struct fields_reading *reading, const struct fields_table *table,
		   const struct node *name)
{
	scoped(buf_finish) struct buf names = {0};
	const struct field *near = fields_nearest(table, name->text);
	struct str shown = str_head(name->text, 100);
	list_names(table, &names);
	if (near)
		fields_complain(reading, name, "unknown field \"%.*s\": did you mean %s (%s)?",
				STR_ARGS(shown), near->name, near->help);
	else
		fields_complain(reading, name, "unknown field \"%.*s\": the fields are %s",
				STR_ARGS(shown), buf_string(&names));
}

void fields_ignore(const struct fields_reading *reading, const struct fields_table *table,
		   const struct node *name)
{
	const struct field *near = fields_nearest(table, name->text);
	const char *subject = reading->subject;
	problem_warn(reading->problems, fields_place(reading, name),
		     "%s%sunknown field \"%.*s\" is ignored%s%s%s", subject ? subject : "",
		     subject ? ": " : "", STR_ARGS(str_head(name->text, 100)),
		     near ? ": did you mean " : "", near ? near->name : "", near ? "?" : "");
}

void fields_pass_over(const struct fields_reading *reading, const struct fields_table *table,
		      const struct node *name)
{
	(void)reading;
	(void)table;
	(void)name;
}

const struct node *fields_find(const struct fields_reading *reading, const struct field *field,
			       const struct node *map)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++)
		if (is_called(reading, field, map->keys[i]->text))
			return map->items[i];
	return NULL;
}

bool fields_private(struct str name)
{
	return str_starts(name, "x-");
}

void fields_collect(const struct fields_reading *reading, const struct fields_table *table,
		    const struct node *map, const struct node **values)
{
	const struct node *names[FIELDS_MAX] = {NULL};
	for (size_t i = 0; i < table->count; i++)
		values[i] = NULL;
	for (size_t i = 0; i < map->count; i++) {
		const struct node *name = map->keys[i];
		size_t field = find(reading, table, name->text);
		if (field == table->count) {
			if (!fields_private(name->text) && !is_beside(reading, table, name->text))
				(table->unknown ? table->unknown : fields_refuse)(reading, table,
										  name);
		} else if (names[field]) {
			fields_complain(reading, name, "%s is given here and at %s: keep one",
					table->fields[field].name,
					fields_place(reading, names[field]));
		} else {
			names[field] = name;
			values[field] = map->items[i];
		}
	}
}

/* --- values -------------------------------------------------------------------------------- */

static bool is_absent(const struct node *value)
{
	return !value || value->kind == NODE_NULL;
}

/* In YAML any scalar is a text, as it is written; in JSON only a string is. */
static bool check_scalar(const struct fields_reading *reading, const struct field *field,
			 const struct node *value)
{
	bool scalar = value->kind == NODE_BOOL || value->kind == NODE_NUMBER;
	if (value->kind == NODE_STRING || (scalar && !reading->document->json))
		return true;
	fields_complain(reading, value, "%s is %s: it must be a string", field->name,
			node_kind_name(value->kind));
	return false;
}

bool fields_text(const struct fields_reading *reading, const struct field *field,
		 const struct node *value, struct str *out)
{
	*out = (struct str){0};
	if (is_absent(value))
		return true;
	*out = value->text;
	return check_scalar(reading, field, value);
}

bool fields_filled(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, struct str *out)
{
	*out = value->text;
	if (!check_scalar(reading, field, value))
		return false;
	if (!value->text.len)
		fields_complain(reading, value, "%s is empty: give a value or remove it",
				field->name);
	return value->text.len > 0;
}

bool fields_placed(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, struct placed *out)
{
	struct str text;
	if (!fields_filled(reading, field, value, &text))
		return false;
	out->text = arena_copy(reading->arena, text.at, text.len);
	out->place = fields_place(reading, value);
	if (!out->text)
		fields_memory(reading);
	return out->text != NULL;
}

void fields_placed_list(const struct fields_reading *reading, const struct field *field,
			const struct node *value, const struct placed **out, size_t *count)
{
	size_t most = value ? fields_count(reading, field, value) : 0;
	struct placed *list = arena_array(reading->arena, most, sizeof(*list));
	*out = list;
	*count = 0;
	if (!list)
		fields_memory(reading);
	for (size_t i = 0; list && i < most; i++)
		if (fields_placed(reading, field, fields_item(value, i), &list[*count]))
			++*count;
}

bool fields_switch(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, bool fallback)
{
	if (is_absent(value))
		return fallback;
	if (value->kind == NODE_BOOL)
		return value->truth;
	fields_complain(reading, value, "%s is %s: write true or false, without quotes",
			field->name, node_kind_name(value->kind));
	return fallback;
}

size_t fields_count(const struct fields_reading *reading, const struct field *field,
		    const struct node *value)
{
	if (value->kind != NODE_LIST)
		return 1;
	if (!value->count)
		fields_complain(reading, value, "%s is an empty list: add an item or remove it",
				field->name);
	return value->count;
}

const struct node *fields_item(const struct node *value, size_t number)
{
	return value->kind == NODE_LIST ? value->items[number] : value;
}

void fields_write_list(const char *field, const struct placed *items, size_t count,
		       struct writer *out)
{
	if (!count)
		return;
	writer_field(out, field);
	writer_open_list(out);
	for (size_t i = 0; i < count; i++)
		writer_text(out, str_of(items[i].text));
	writer_close_list(out);
}

void fields_write_text(const char *field, const struct placed *text, struct writer *out)
{
	if (!text->text)
		return;
	writer_field(out, field);
	writer_text(out, str_of(text->text));
}
