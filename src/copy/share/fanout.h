/*
 * One download of a blob that feeds several destinations.
 *
 * Images under way from one source to several registries form a group. Those of them that need
 * the bytes of the same blob at about the same time read them from one download. They wait for each
 * other a short while before it begins, and nobody waits for a registry that was late lately.
 * Nobody depends on the others: whoever comes too late, is too slow or has to send a blob once more
 * downloads it alone. Any thread.
 */
#pragma once

#include "base/map.h"
#include "copy/share/flow.h"
#include "copy/share/slots.h"
#include "oci/manifest.h"
#include "plan/task.h"

struct image;
struct shared_blob;
struct fanout;
struct fanout_host;

/* The images from one source: those under way, and those that are still to come. */
struct fanout_group {
	struct fanout_member *members;
	const struct task **tasks; /* all of them; NULL: begun. Written by fanout_arrive(). */
	size_t count;
	bool crowded; /* there was no thread for those to come: they are not waited for */
};

/* One of them; a part of struct image. */
struct fanout_member {
	struct fanout_group *group; /* NULL: there is nobody to share with */
	struct fanout_member *next;
	struct fanout_host *host; /* of the destination */
	const void *filter;       /* of the task; those with others may need other blobs, */
	const void *companions;   /* the same */
	struct map settled;       /* digests of blobs that it has, or cannot get */
};

/* One blob on its way to one destination, with its slot among the blobs in flight. */
struct fanout_branch {
	struct image *image;
	struct shared_blob *shared; /* NULL: alone */
	struct fanout_branch *next;
	bool has_slot; /* it has a slot, and nobody else's */
	bool counted;  /* among those of its pair of registries */
	bool asks;     /* it needs the bytes, now */
	struct flow_cursor cursor;
};

struct fanout *fanout_new(void);
/* *fanout may be NULL. */
void fanout_free(struct fanout **fanout);

/* The image that task asks for joins the others. Without memory it goes alone. */
void fanout_arrive(struct fanout *fanout, struct fanout_group *group, struct image *image,
		   const struct task *task);
void fanout_depart(struct fanout *fanout, struct image *image);
/* The image needs the blob no more, whether it was copied or not. */
void fanout_settle(struct fanout *fanout, struct image *image, const char *digest);

/*
 * Begins a branch for the blob, alone or where others that may need the blob will look for it. A
 * branch alone waits for its slot now, the others when they need the bytes. blob must outlive it.
 */
void fanout_enter(struct fanout *fanout, struct fanout_branch *branch, struct image *image,
		  const struct descriptor *blob, bool alone);
/*
 * The branch needs all bytes of the blob: waits for the others, for a slot, and for the first byte.
 * *joined false: it is alone with it. False: the source failed.
 */
bool fanout_open(struct fanout *fanout, struct fanout_branch *branch, bool *joined,
		 struct error *err);
/*
 * Reads what is shared. False with branch->cursor.dropped: the others do not wait for it any more,
 * the rest is to be downloaded alone. False otherwise: the source failed.
 */
bool fanout_read(struct fanout_branch *branch, void *at, size_t size, size_t *got,
		 struct error *err);
/* After the last byte, as download_end(). */
bool fanout_end(struct fanout_branch *branch, struct error *err);
/* The branch shares nothing any more; it keeps its slot, or takes one that is free. */
void fanout_part(struct fanout *fanout, struct fanout_branch *branch);
/* The blob is done with. */
void fanout_leave(struct fanout *fanout, struct fanout_branch *branch);
