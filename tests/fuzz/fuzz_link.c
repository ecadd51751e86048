/*
 * The Link header: what is found is a part of what was sent, and what is written as the
 * specification has it is found, whatever stands in front of it.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "registry/link.h"

#include <string.h>

/* True when text is balanced: no quote or bracket of it is left open for what follows. */
static bool is_closed(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("\"'<>\\", text.at[i]))
			return false;
	return true;
}

/* Another link behind the value, as registries write it. */
static void try_behind(struct str value)
{
	scoped(buf_finish) struct buf text = {0};
	struct str target = {0};
	enum link_found found = link_next(value, &target);
	if (found != LINK_NONE || !is_closed(value) || value.len > LINK_BYTES_MAX / 2)
		return;
	buf_add_str(&text, value);
	buf_add_string(&text, ", </v2/a/tags/list?last=b,c&n=2>; rel=\"next\"");
	require(buf_ok(&text));
	require(link_next(buf_str(&text), &target) == LINK_NEXT);
	require(str_is(target, "/v2/a/tags/list?last=b,c&n=2"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value = input_text(data, size);
	struct str target = {0};
	enum link_found found = link_next(value, &target);
	require((found == LINK_NEXT) == (target.len > 0));
	require(value.len <= LINK_BYTES_MAX || found == LINK_UNREADABLE);
	try_behind(value);
	if (found != LINK_NEXT)
		return 0;
	require(target.at >= value.at && target.at + target.len <= value.at + value.len);
	require(target.at[0] != ' ' && target.at[target.len - 1] != ' ');
	/* What is found alone is found again. */
	scoped(buf_finish) struct buf again = {0};
	struct str second = {0};
	buf_printf(&again, "<%.*s>; rel=next", STR_ARGS(target));
	if (str_find(target, '>') == target.len && !memchr(target.at, 0, target.len) &&
	    again.len <= LINK_BYTES_MAX)
		require(link_next(buf_str(&again), &second) == LINK_NEXT &&
			str_equal(second, target));
	return 0;
}
