/*
 * HTML, as far as messages need it: whether a body is a page, its title, its words.
 *
 * Load balancers, login forms and wrong ports answer with a page instead of JSON. Nothing here
 * fails on broken markup; running out of memory shows in the buffer. Pure, any thread.
 */
#pragma once

#include "base/buf.h"

/* True when the media type or the beginning of the body shows that it is a page. */
bool html_is_page(struct str media_type, struct str body);
/* Appends the text of the page's title; nothing when it has none. */
void html_title(struct str body, struct buf *out);
/* Appends the text outside of tags, comments, scripts and style sheets, blanks folded into one. */
void html_text(struct str body, struct buf *out);
