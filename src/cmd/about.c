/* The two generated headers are included here and nowhere else, so a commit recompiles one file. */
#include "cmd/about.h"

#include "version.h"
#include "versions.h"

#include <stdio.h>
#include <stdlib.h>

const char about_user_agent[] = "image-syncer/" VERSION;
const char about_number[] = VERSION;

void about_version(struct buf *out)
{
	buf_add_string(out, "image-syncer " VERSION "\n" DEPS_VERSIONS "\n");
}

int about_write(const struct buf *text)
{
	bool written = buf_ok(text) && fputs(buf_string(text), stdout) >= 0 && fflush(stdout) == 0;
	if (!buf_ok(text))
		fputs("out of memory\n", stderr);
	return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

int about_print(void (*text)(struct buf *out))
{
	scoped(buf_finish) struct buf out = {0};
	text(&out);
	return about_write(&out);
}
