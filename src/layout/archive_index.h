/*
 * The index.json of an archive that is read.
 *
 * It is read once for all repositories of the archive, which may be thousands. Any thread.
 */
#pragma once

#include "base/map.h"
#include "layout/layout_index.h"

#include <pthread.h>

struct archive;

/* Some of the entries, ascending; they are linked by archive_index.next. */
struct archive_part {
	size_t first, last; /* numbers + 1; 0: there is none */
	size_t count;
};

struct archive_index {
	pthread_mutex_t lock;
	struct arena *arena; /* NULL: it was not read */
	struct layout_index all;
	size_t *next;                /* of an entry: number + 1 of the next one in its part, or 0 */
	struct map paths;            /* path of a repository -> struct archive_part */
	struct archive_part unnamed; /* may be referrers of any image */
};

void archive_index_init(struct archive_index *index);
void archive_index_finish(struct archive_index *index);
/*
 * Makes out the index of one repository, "team/app", whose entries are called by their tags then;
 * with path "" the whole one. The list is in arena, its texts live as long as the archive.
 * ERROR_MISSING: the archive has no index.json.
 */
bool archive_index_choose(struct archive *archive, const char *path, struct arena *arena,
			  struct layout_index *out, struct error *err);
