/*
 * JSON needs its commas and brackets, which json_writer.c keeps track of; YAML in block style needs
 * only the depth. Both get their line end after the document from here.
 */
#include "doc/writer.h"

#include "doc/yaml_quote.h"

/* The JSON writer, which shares the buffer. */
static struct json_writer *json_of(struct writer *writer)
{
	writer->json_writer.out = writer->out;
	return &writer->json_writer;
}

static void indent(struct writer *writer)
{
	buf_printf(writer->out, "%*s", writer->depth * 2, "");
}

void writer_begin(struct writer *writer)
{
	if (writer->json)
		json_writer_open_object(json_of(writer));
}

void writer_end(struct writer *writer, bool filled)
{
	if (writer->json)
		json_writer_close_object(json_of(writer));
	else if (!filled)
		buf_add_string(writer->out, "{}");
	if (writer->json || !filled)
		buf_add_char(writer->out, '\n');
}

void writer_field(struct writer *writer, const char *word)
{
	if (writer->json) {
		json_writer_name(json_of(writer), word);
		return;
	}
	indent(writer);
	buf_printf(writer->out, "%s:", word);
	writer->named = true;
}

/* Appends text to JSON by way of a NUL-terminated copy. */
static void add_json(struct writer *writer, struct str text,
		     void (*add)(struct json_writer *writer, const char *text))
{
	scoped(buf_finish) struct buf copy = {0};
	buf_add_str(&copy, text);
	add(json_of(writer), buf_string(&copy));
	writer->out->failed |= !buf_ok(&copy);
}

void writer_key(struct writer *writer, struct str key)
{
	bool complex = key.len > YAML_QUOTE_KEY_MAX;
	if (writer->json) {
		add_json(writer, key, json_writer_name);
		return;
	}
	indent(writer);
	buf_add_string(writer->out, complex ? "? " : "");
	yaml_quote(key, writer->out);
	if (complex) {
		buf_add_char(writer->out, '\n');
		indent(writer);
	}
	buf_add_char(writer->out, ':');
	writer->named = true;
}

/* Writes what comes before a scalar in YAML. */
static void lead(struct writer *writer)
{
	if (writer->named) {
		buf_add_char(writer->out, ' ');
		writer->named = false;
		return;
	}
	indent(writer);
	buf_add_string(writer->out, "- ");
}

void writer_text(struct writer *writer, struct str value)
{
	if (writer->json) {
		add_json(writer, value, json_writer_string);
		return;
	}
	lead(writer);
	yaml_quote(value, writer->out);
	buf_add_char(writer->out, '\n');
}

void writer_built(struct writer *writer, const struct buf *value)
{
	writer_text(writer, buf_str(value));
	writer->out->failed |= !buf_ok(value);
}

void writer_int(struct writer *writer, int64_t value)
{
	if (writer->json) {
		json_writer_int(json_of(writer), value);
		return;
	}
	lead(writer);
	buf_printf(writer->out, "%lld\n", (long long)value);
}

void writer_bool(struct writer *writer, bool value)
{
	if (writer->json) {
		json_writer_bool(json_of(writer), value);
		return;
	}
	lead(writer);
	buf_add_string(writer->out, value ? "true\n" : "false\n");
}

void writer_null(struct writer *writer)
{
	if (writer->json) {
		json_writer_string(json_of(writer), NULL);
		return;
	}
	lead(writer);
	buf_add_string(writer->out, "null\n");
}

/* An item of a list has a line of its own for its dash. */
static void open_block(struct writer *writer)
{
	if (!writer->named) {
		indent(writer);
		buf_add_char(writer->out, '-');
	}
	buf_add_char(writer->out, '\n');
	writer->named = false;
	writer->depth++;
}

void writer_open_map(struct writer *writer)
{
	if (writer->json)
		json_writer_open_object(json_of(writer));
	else
		open_block(writer);
}

void writer_close_map(struct writer *writer)
{
	if (writer->json)
		json_writer_close_object(json_of(writer));
	else
		writer->depth--;
}

void writer_open_list(struct writer *writer)
{
	if (writer->json)
		json_writer_open_list(json_of(writer));
	else
		open_block(writer);
}

void writer_close_list(struct writer *writer)
{
	if (writer->json)
		json_writer_close_list(json_of(writer));
	else
		writer->depth--;
}
