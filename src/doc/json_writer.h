/*
 * Writes JSON: one document, indented by two spaces or on one line, always valid.
 *
 * A writer is made with designated initialisers, `struct json_writer w = {.out = &buf}`, and needs
 * no end; a failure of the buffer sticks there (buf_ok). The caller pairs opening and closing calls
 * and gives every value of an object a name. The line end after the document is the caller's. One
 * thread at a time.
 */
#pragma once

#include "base/buf.h"

/* Fields after compact are private. */
struct json_writer {
	struct buf *out;
	bool compact; /* all on one line */
	int depth;
	bool filled; /* the open object or list has an element */
	bool named;  /* a name was written, its value comes next */
};

void json_writer_open_object(struct json_writer *writer);
void json_writer_close_object(struct json_writer *writer);
void json_writer_open_list(struct json_writer *writer);
void json_writer_close_list(struct json_writer *writer);
/* The name of the next value; only inside an object. */
void json_writer_name(struct json_writer *writer, const char *name);
/* A string; invalid UTF-8 becomes U+FFFD. text NULL writes null. */
void json_writer_string(struct json_writer *writer, const char *text);
void json_writer_int(struct json_writer *writer, int64_t value);
void json_writer_bool(struct json_writer *writer, bool value);
/* A value that is JSON already. */
void json_writer_verbatim(struct json_writer *writer, struct str value);
/* Milliseconds as seconds with three decimals; a negative time is written as zero. */
void json_writer_seconds(struct json_writer *writer, int64_t milliseconds);
