/*
 * Writes one document of mappings, lists and scalars, as YAML or as JSON.
 *
 * A writer is made with designated initialisers, `struct writer w = {.out = &buf, .json = true}`.
 * The caller pairs opening and closing calls; inside a mapping a field or key comes before each
 * value, inside a list values follow each other. A failure of the buffer sticks there (buf_ok). One
 * thread at a time.
 */
#pragma once

#include "doc/json_writer.h"

/* Fields after json are private. */
struct writer {
	struct buf *out;
	bool json;
	struct json_writer json_writer; /* used when json is set */
	int depth;                      /* nesting depth, for YAML */
	bool named;                     /* a name was written; its value comes next */
};

/* Begins the outermost mapping; at the end, filled is true if anything was written in it. */
void writer_begin(struct writer *writer);
void writer_end(struct writer *writer, bool filled);

/* The name of the next value: a word that needs no quotes, or any text. */
void writer_field(struct writer *writer, const char *word);
void writer_key(struct writer *writer, struct str key);

void writer_text(struct writer *writer, struct str value);
/*
 * The same for text that was built in a buffer; a failure of that buffer becomes one of the
 * document.
 */
void writer_built(struct writer *writer, const struct buf *value);
void writer_int(struct writer *writer, int64_t value);
void writer_bool(struct writer *writer, bool value);
void writer_null(struct writer *writer);

/* A mapping or a list as a value. In YAML neither may stay empty. */
void writer_open_map(struct writer *writer);
void writer_close_map(struct writer *writer);
void writer_open_list(struct writer *writer);
void writer_close_list(struct writer *writer);
