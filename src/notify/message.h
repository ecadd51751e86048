/*
 * The text about a run that goes to people, and how it is made as short as a service wants it.
 *
 * Lines, the most important first, harmless for a terminal and with secrets masked. Pure.
 */
#pragma once

#include "base/buf.h"
#include "report/tally.h"

enum { MESSAGE_LINE_MAX = 600 }; /* bytes of a line */

/*
 * Appends the message: the result and the figures, failed images with their reasons, then those
 * that were copied. title is what it begins with. failed: the exit status is not 0, although the
 * tally may be clean.
 */
void message_write(const struct tally *tally, const char *title, bool failed, struct buf *out);

/* What a service counts in a text: the sum of what it counts in its characters. */
typedef size_t message_measure(struct str text);
size_t message_bytes(struct str text);
/* Bytes of a text of harmless lines in JSON, where quotes, backslashes and line ends have two. */
size_t message_json(struct str text);
size_t message_characters(struct str text);
/* Units of UTF-16, of which characters beyond U+FFFF have two. */
size_t message_units(struct str text);

/*
 * Appends the lines of text that fit into max; if some are left out, the last line says how many,
 * and names the file of the report if there is one (else NULL). A line that is too long alone is
 * cut at a character.
 */
void message_cut(struct str text, size_t max, message_measure *measure, const char *report,
		 struct buf *out);
/*
 * Cuts the lines that fit into max off *text; they go to *part, without the last line end. At least
 * one character is taken. False when *text was empty.
 */
bool message_part(struct str *text, size_t max, message_measure *measure, struct str *part);
