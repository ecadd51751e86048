/*
 * One bool says whether a comma is due: after any value, a closed container included, the enclosing
 * container has an element. So the writer needs no stack and no memory of its own.
 */
#include "doc/json_writer.h"

#include "base/utf8.h"

#include <inttypes.h>

static void new_line(struct json_writer *writer)
{
	if (writer->compact)
		return;
	buf_add_char(writer->out, '\n');
	for (int i = 0; i < writer->depth; i++)
		buf_add_string(writer->out, "  ");
}

/* Writes what comes before an element: a comma after the previous one, and a new line. */
static void begin_element(struct json_writer *writer)
{
	if (writer->filled)
		buf_add_char(writer->out, ',');
	if (writer->depth)
		new_line(writer);
	writer->filled = true;
}

/* A value follows its name on the same line; in a list it is an element of its own. */
static void begin_value(struct json_writer *writer)
{
	if (!writer->named)
		begin_element(writer);
	writer->named = false;
}

static void open_container(struct json_writer *writer, char bracket)
{
	begin_value(writer);
	buf_add_char(writer->out, bracket);
	writer->depth++;
	writer->filled = false;
}

static void close_container(struct json_writer *writer, char bracket)
{
	writer->depth--;
	if (writer->filled)
		new_line(writer);
	buf_add_char(writer->out, bracket);
	writer->filled = true;
}

void json_writer_open_object(struct json_writer *writer)
{
	open_container(writer, '{');
}

void json_writer_close_object(struct json_writer *writer)
{
	close_container(writer, '}');
}

void json_writer_open_list(struct json_writer *writer)
{
	open_container(writer, '[');
}

void json_writer_close_list(struct json_writer *writer)
{
	close_container(writer, ']');
}

/* One character of valid UTF-8, escaped where JSON asks for it. DEL is escaped for terminals. */
static void add_character(struct buf *out, struct str character)
{
	char c = character.at[0];
	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (c == '\n')
		buf_add_string(out, "\\n");
	else if (c == '\t')
		buf_add_string(out, "\\t");
	else if ((unsigned char)c < 0x20 || c == 0x7f)
		buf_printf(out, "\\u%04x", (unsigned)c);
	else
		buf_add_str(out, character);
}

/* "##[" is a command to the runner of a GitHub Action, anywhere in a line. */
static void add_quoted(struct buf *out, struct str text)
{
	buf_add_char(out, '"');
	while (text.len) {
		size_t len = utf8_length(text);
		if (str_starts(text, "##["))
			buf_add_string(out, "\\u0023");
		else if (len)
			add_character(out, str_head(text, len));
		else
			buf_add_string(out, "\xef\xbf\xbd");
		text = str_from(text, len ? len : 1);
	}
	buf_add_char(out, '"');
}

void json_writer_name(struct json_writer *writer, const char *name)
{
	begin_element(writer);
	add_quoted(writer->out, str_of(name));
	buf_add_string(writer->out, writer->compact ? ":" : ": ");
	writer->named = true;
}

void json_writer_string(struct json_writer *writer, const char *text)
{
	begin_value(writer);
	if (text)
		add_quoted(writer->out, str_of(text));
	else
		buf_add_string(writer->out, "null");
}

void json_writer_int(struct json_writer *writer, int64_t value)
{
	begin_value(writer);
	buf_printf(writer->out, "%" PRId64, value);
}

void json_writer_bool(struct json_writer *writer, bool value)
{
	begin_value(writer);
	buf_add_string(writer->out, value ? "true" : "false");
}

void json_writer_verbatim(struct json_writer *writer, struct str value)
{
	begin_value(writer);
	buf_add_str(writer->out, value);
}

void json_writer_seconds(struct json_writer *writer, int64_t milliseconds)
{
	begin_value(writer);
	if (milliseconds < 0)
		milliseconds = 0;
	buf_printf(writer->out, "%" PRId64 ".%03d", milliseconds / 1000,
		   (int)(milliseconds % 1000));
}
