/*
 * What a browser shows of a server: page.html, made a part of the program when it is built
 * (page.sh). It asks for "status" beside it.
 */
#pragma once

#include <stddef.h>

/* page_length bytes of HTML in UTF-8, and a NUL. */
extern const char page_html[];
extern const size_t page_length;
/*
 * The Content-Security-Policy under which it works. Its hashes are those of the one style and the
 * one script in the page, so nothing else is styled or run.
 */
extern const char page_policy[];
