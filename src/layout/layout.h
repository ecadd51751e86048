/*
 * Folders in the OCI image layout, on disk (image-spec "OCI Image Layout" 1.1).
 *
 * A struct layout is one such folder, which need not exist. No descriptor stays open between two
 * calls, so a run may have any number of them. Folders are named by rules; below these, and inside
 * of a layout, no link is followed. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "layout/layout_index.h"
#include "oci/reference.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* A folder, or an archive, that a rule names: a layout, or what layouts are below. */
struct layout_root {
	const char *path;
	bool written; /* by some rule */
	int error;    /* it could not be made: errno of that; 0: it was, or nobody wants to write */
};

struct archive;
struct archive_base;
struct layout_addition;
struct layouts;

/* What waits to be added to index.json (layout_put.c). */
struct layout_queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct layout_addition *first; /* in the order in which they came; or NULL */
	size_t count;
	bool busy; /* a thread changes index.json */
};

enum layout_presence { LAYOUT_UNKNOWN, LAYOUT_THERE, LAYOUT_NOWHERE };

struct layout {
	struct layouts *layouts;
	const char *path;               /* "/mnt/usb/app" */
	struct archive *archive;        /* that it is in; NULL: it is a folder */
	const char *inside;             /* its repository in the archive; "": any */
	const struct layout_root *root; /* what is named by a rule, */
	const char *below;              /* and the way from there; "": it is that itself */
	struct layout_queue queue;
	pthread_mutex_t lock;      /* guards what follows; whoever changes the index may read it */
	struct arena *arena;       /* of the index */
	struct layout_index index; /* as it was at stamp, and what it will be */
	struct stat stamp;
	bool known;                            /* the index was read */
	bool changing;                         /* it is not read again meanwhile */
	_Atomic enum layout_presence presence; /* before this run wrote to it */
	atomic_bool ready;                     /* to be written to, by this run */
};

/* roots outlive it. NULL without memory. */
struct layouts *layouts_new(const struct layout_root *roots, size_t count);
/*
 * How archives are written: split is that of volumes.h; what base has is left out, NULL: nothing.
 * Before the first of them is opened.
 */
void layouts_set_archives(struct layouts *layouts, int64_t split, struct archive_base *base);
/* The base that was set. */
struct archive_base *layouts_base(const struct layouts *layouts);
void layouts_free(struct layouts **layouts);
/* The folder that name stands for; the same one each time. NULL without memory. */
struct layout *layouts_at(struct layouts *layouts, const struct reference *name);
/* The layouts by number, in no order; NULL: there are no more. No other thread may add one. */
struct layout *layouts_item(const struct layouts *layouts, size_t number);
/* The archives by number. */
struct archive *layouts_archive(const struct layouts *layouts, size_t number);
/* What stands for all names with that host (layout_name.h). NULL without memory. */
const void *layouts_party(struct layouts *layouts, const char *host);
/*
 * The next folder of the table that some rule writes to, from number *next on, which is moved
 * behind it; NULL: there are no more.
 */
struct layout *layouts_written(struct layouts *layouts, size_t *next);

/*
 * Opens the folder. -1: ERROR_MISSING, there is none, or another error. make: it is made, with
 * those above it.
 */
int layout_open(const struct layout *layout, bool make, struct error *err);
/* Opens the folder of blobs of the digest's algorithm, as layout_open(). */
int layout_open_blobs(const struct layout *layout, const char *digest, bool make,
		      struct error *err);
/* The name of the blob in there. */
const char *layout_blob_name(const char *digest);
/*
 * Opens a file in folder, which is of the layout, for reading. -1: ERROR_MISSING, or another error.
 */
int layout_open_file(const struct layout *layout, int folder, const char *name, struct stat *info,
		     struct error *err);
/* Reads a whole file of at most so many bytes into arena. */
bool layout_read_file(const struct layout *layout, int folder, const char *name, size_t most,
		      struct arena *arena, struct str *out, struct error *err);
/* Reads a whole blob of at most so many bytes into arena. ERROR_MISSING: it is not there. */
bool layout_read_blob(const struct layout *layout, const char *digest, size_t most,
		      struct arena *arena, struct str *out, struct error *err);
/* Whether the blob is there, and with that size; < 0: with any. *size becomes its size. */
bool layout_has(const struct layout *layout, const char *digest, int64_t size, bool *found,
		struct error *err);
/*
 * Brings layout->index up to date; the caller has the lock. ERROR_MISSING: there is no layout.
 */
bool layout_refresh(struct layout *layout, struct error *err);
/*
 * Adds to err, which says what is wrong with the blob: which file it is, and what to do about it.
 * written: this program writes it again. Returns false.
 */
bool layout_blame(const struct layout *layout, const char *digest, bool written, struct error *err);
/* Sets err by errno, about a file of the layout; name "": about the folder. Returns false. */
bool layout_fail(const struct layout *layout, const char *doing, const char *name,
		 struct error *err);
/* For variables of scoped(): closes *fd unless it is -1. */
void layout_close(const int *fd);
