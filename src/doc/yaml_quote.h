/* Writes one text as a YAML scalar. */
#pragma once

#include "base/buf.h"

/*
 * Appends text so that every YAML parser reads back exactly these characters, as a string, also for
 * a key: plain where it cannot be misread, else in double quotes. Invalid UTF-8 becomes U+FFFD. The
 * caller writes "? " before a key over YAML_QUOTE_KEY_MAX bytes.
 */
void yaml_quote(struct str text, struct buf *out);

/* A key without "? " may have 1024 characters; quoting turns one byte into up to six. */
enum { YAML_QUOTE_KEY_MAX = 1024 / 6 };
