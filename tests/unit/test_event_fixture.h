/* Messages of registries, written with ' for ", and what their readers take from them, as text. */
#pragma once

#include "base/buf.h"
#include "serve/events/events.h"

#include <string.h>
#include <strings.h>

/* "Name: value" lines. */
static inline const char *fixture_header(const void *ctx, const char *name)
{
	static char values[8][256];
	static unsigned next;
	struct str rest = str_of(ctx);
	struct str line, head;
	while (str_cut(&rest, '\n', &line)) {
		str_cut(&line, ':', &head);
		if (str_equal_nocase(head, str_of(name))) {
			char *value = values[next++ % array_count(values)];
			snprintf(value, sizeof(values[0]), "%.*s", STR_ARGS(line));
			return value;
		}
	}
	return NULL;
}

/* Appends text with " for each '. */
static inline void fixture_quote(const char *text, struct buf *out)
{
	for (; *text; text++)
		buf_add_char(out, *text == '\'' ? '"' : *text);
}

/* "host/repository:tag ...", " +N" other events, " = answer"; an error as "!text". */
static inline bool fixture_read(struct arena *arena, const char *kind, const char *headers,
				struct str body, struct buf *out, struct error *err)
{
	struct event_images images;
	const struct event_message message = {
		.body = body, .header = fixture_header, .ctx = headers};
	if (!events_find(str_of(kind))->read(arena, &message, &images, err)) {
		buf_printf(out, "!%s", err->text);
		return false;
	}
	for (size_t i = 0; i < images.count; i++)
		buf_printf(out, "%s%s/%s:%s", i ? " " : "",
			   images.items[i].host ? images.items[i].host : "?",
			   images.items[i].repository, images.items[i].tag);
	if (images.others)
		buf_printf(out, "+%zu", images.others);
	if (images.answer)
		buf_printf(out, " = %s", images.answer);
	return true;
}
