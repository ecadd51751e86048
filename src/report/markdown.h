/*
 * Foreign text in Markdown as GitHub shows it: text stays text.
 *
 * Pure. What is written is safe within a paragraph, a table cell, a link's text and an HTML
 * element.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* Appends text on one line, secrets masked, cut to limit bytes; 0: no limit. */
void markdown_text(struct str text, size_t limit, struct buf *out);
/* Appends a link, or the text alone where url is empty; both are Markdown already. */
void markdown_link(struct str text, struct str url, struct buf *out);
