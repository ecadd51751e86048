/*
 * A file that may be in several: FILE, or the volumes FILE.001, FILE.002 and so on, which
 * FILE.sha256 lists as sha256sum does. It is written from beginning to end under another name and
 * gets its own when it is complete; it is read anywhere. One thread writes; any threads read.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct volumes;

/* Where a file that is being written ends at the moment. */
struct volumes_mark {
	int64_t offset;
	size_t number;   /* of the volume */
	const void *sum; /* of the volume so far; NULL without split */
};

/*
 * Begins a file; split: the most bytes of a volume, 0: it is one file. ERROR_IO: another process
 * writes it, or it cannot be made. It lives in arena.
 */
bool volumes_create(struct arena *arena, const char *path, int64_t split, struct volumes **out,
		    struct error *err);
/* Opens one for reading. ERROR_MISSING: there is none; ERROR_DAMAGED names a volume. */
bool volumes_open(struct arena *arena, const char *path, struct volumes **out, struct error *err);
/* Closes all files; one that was not finished is removed. *volumes may be NULL. */
void volumes_close(struct volumes **volumes);

int64_t volumes_size(const struct volumes *volumes);
bool volumes_append(struct volumes *volumes, const void *bytes, size_t len, struct error *err);
/* Where it ends now; false without memory. */
bool volumes_mark(struct volumes *volumes, struct volumes_mark *out, struct error *err);
/* Forgets what was written since. */
bool volumes_return(struct volumes *volumes, const struct volumes_mark *mark, struct error *err);
/* Puts all of it on disk and gives it its name. */
bool volumes_finish(struct volumes *volumes, struct error *err);
/* Reads up to size bytes; *got is 0 at the end. */
bool volumes_read(const struct volumes *volumes, int64_t offset, void *at, size_t size, size_t *got,
		  struct error *err);
/*
 * After bytes were wrong: says in the log, once, which of the volumes they are in do not have the
 * bytes that their list says.
 */
void volumes_blame(struct volumes *volumes, int64_t offset, int64_t size);
