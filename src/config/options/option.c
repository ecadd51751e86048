/*
 * One line of options.def is one element here; what an element means is decided elsewhere. Records
 * that options fill are known by the offsets of their fields alone, so any table will do.
 */
#include "config/options/option.h"

#include "base/secret.h"

#include <limits.h>
#include <stddef.h>

const struct option option_table[] = {
#define OPTION_GROUP(title) {.kind = OPTION_KIND_GROUP, .name = title},
#define OPTION_ANY(kind, field, name, letter, argument, fallback, help)                            \
	{kind, name, letter, argument, fallback, offsetof(struct options, field), help},
#define OPTION_TEXT(field, name, letter, argument, help)                                           \
	OPTION_ANY(OPTION_KIND_TEXT, field, name, letter, argument, 0, help)
#define OPTION_NUMBER(field, name, letter, argument, fallback, help)                               \
	OPTION_ANY(OPTION_KIND_NUMBER, field, name, letter, argument, fallback, help)
#define OPTION_SWITCH(field, name, letter, help)                                                   \
	OPTION_ANY(OPTION_KIND_SWITCH, field, name, letter, NULL, 0, help)
#define OPTION_LIST(field, name, letter, argument, help)                                           \
	OPTION_ANY(OPTION_KIND_LIST, field, name, letter, argument, 0, help)
#define OPTION_LINES(field, name, letter, argument, help)                                          \
	OPTION_ANY(OPTION_KIND_LINES, field, name, letter, argument, 0, help)
#define OPTION_ALIAS OPTION_TEXT
#include "config/options/options.def"
};

const size_t option_count = array_count(option_table);

const struct option *option_named(struct str name)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].kind != OPTION_KIND_GROUP && str_is(name, option_table[i].name))
			return &option_table[i];
	return NULL;
}

static void *field_of(void *record, const struct option *option)
{
	return (char *)record + option->field;
}

bool option_lists(const struct option *option)
{
	return option->kind == OPTION_KIND_LIST || option->kind == OPTION_KIND_LINES;
}

void option_reset(void *record, const struct option *option)
{
	void *field = field_of(record, option);
	if (option->kind == OPTION_KIND_TEXT)
		*(const char **)field = NULL;
	else if (option->kind == OPTION_KIND_NUMBER)
		*(int *)field = option->fallback;
	else if (option->kind == OPTION_KIND_SWITCH)
		*(bool *)field = false;
	else if (option_lists(option))
		*(struct option_list *)field = (struct option_list){0};
}

/* A sign may only be '+'. */
static bool parse_number(struct str text, int *out)
{
	int64_t value = 0;
	if (!str_to_int64(str_from(text, str_starts(text, "+")), &value) || value > INT_MAX)
		return false;
	*out = (int)value;
	return true;
}

static bool add_item(struct option_list *list, const char *value)
{
	if (list->preset)
		*list = (struct option_list){0};
	if (list->count == OPTIONS_LIST_MAX)
		return false;
	list->items[list->count++] = value;
	return true;
}

bool option_assign(void *record, const struct option *option, const char *value)
{
	void *field = field_of(record, option);
	secret_suspect(str_of(value));
	switch (option->kind) {
	case OPTION_KIND_TEXT:
		*(const char **)field = value;
		return true;
	case OPTION_KIND_NUMBER:
		return parse_number(str_of(value), field);
	case OPTION_KIND_SWITCH:
		return options_switch(str_of(value), field);
	case OPTION_KIND_LIST:
	case OPTION_KIND_LINES:
		return add_item(field, value);
	case OPTION_KIND_GROUP:
		break;
	}
	return false;
}
