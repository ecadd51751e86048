/* The two generated headers are included here and nowhere else, so a commit recompiles one file. */
#include "cmd/about.h"

#include "version.h"
#include "versions.h"

const char about_user_agent[] = "image-syncer/" VERSION;

void about_version(struct buf *out)
{
	buf_add_string(out, "image-syncer " VERSION "\n" DEPS_VERSIONS "\n");
}
