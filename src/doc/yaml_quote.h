/* One text as a YAML scalar, for the little YAML that is written. */
#pragma once

#include "base/buf.h"

/*
 * Appends text so that every YAML parser reads back exactly these characters, as a string, also as
 * a key: plain where nothing in it could be misread, else in double quotes. Invalid UTF-8 becomes
 * U+FFFD. The caller writes "? " in front of a key over YAML_QUOTE_KEY_MAX bytes.
 */
void yaml_quote(struct str text, struct buf *out);

/* A key without "? " may have 1024 characters; quoting makes of one byte up to six. */
enum { YAML_QUOTE_KEY_MAX = 1024 / 6 };
