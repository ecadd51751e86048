/* It encodes more than some parts of a URL need, so that it is right in every part. */
#include "base/percent.h"

#include <string.h>

static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

void percent_encode(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (unreserved(text.at[i]))
			buf_add_char(out, text.at[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)text.at[i]);
	}
}
