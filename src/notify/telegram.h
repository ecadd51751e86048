/* The text of Telegram's messages. Pure. */
#pragma once

#include "base/buf.h"

enum { TELEGRAM_PARTS_MAX = 4 };

/*
 * Cuts text into at most TELEGRAM_PARTS_MAX parts, each ready to be sent: in a fence of MarkdownV2,
 * at most 4,096 units of UTF-16 once that is parsed, marked "part 2 of 3" if there are several. The
 * last one says what is left out, and names the file of the report, if there is one. Appends to
 * parts, which are empty; returns their number.
 */
size_t telegram_parts(struct str text, const char *report, struct buf parts[TELEGRAM_PARTS_MAX]);
