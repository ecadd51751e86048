/*
 * One download of a blob that feeds several destinations.
 *
 * Images under way from one source to several registries form a group. Members that need the bytes
 * of the same blob at about the same time read them from one download. Before it begins they wait
 * for each other for a short while, but not for a registry that was late recently. No member
 * depends on the others: one that comes too late, is too slow or has to send a blob again downloads
 * it alone. Any thread.
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

/* The images from one source: those under way and those still to come. */
struct fanout_group {
	struct fanout_member *members; /* the images under way */
	const struct task **tasks;     /* all tasks; fanout_arrive() replaces its task by NULL */
	size_t count;                  /* number of tasks */
	bool crowded;                  /* the images to come got no thread: do not wait for them */
};

/* An image under way; a member of struct image. Images with other filters may need other blobs. */
struct fanout_member {
	struct fanout_group *group; /* NULL: there is no other image to share with */
	struct fanout_member *next;
	struct fanout_host *host; /* the registry of the destination */
	const void *filter;       /* the task's platform filter; only compared */
	const void *companions;   /* the task's companion filter; only compared */
	struct map settled;       /* digests of blobs that the target has, or cannot get */
};

/* One blob on its way to one destination. */
struct fanout_branch {
	struct image *image;
	struct shared_blob *shared; /* the shared download; NULL: the branch is alone */
	struct fanout_branch *next;
	bool has_slot; /* it holds a slot, for itself or for all branches */
	bool in_lane;  /* it counts as a shared blob of its lane, see slots_lane_enter() */
	bool asks;     /* it needs the bytes now */
	struct flow_cursor cursor;
};

struct fanout *fanout_new(void);
/* *fanout may be NULL. */
void fanout_free(struct fanout **fanout);

/* The image of the task joins the group. Without memory it stays alone. */
void fanout_arrive(struct fanout *fanout, struct fanout_group *group, struct image *image,
		   const struct task *task);
/* The image leaves its group, if it is in one. */
void fanout_depart(struct fanout *fanout, struct image *image);
/* The image no longer needs the blob, whether it was copied or not. */
void fanout_settle(struct fanout *fanout, struct image *image, const char *digest);

/*
 * Begins a branch for the blob, which must outlive it. With alone, or without a group, it waits for
 * its slot now; otherwise other images can join it, and it waits when it needs the bytes.
 */
void fanout_enter(struct fanout *fanout, struct fanout_branch *branch, struct image *image,
		  const struct descriptor *blob, bool alone);
/*
 * The branch needs all bytes of the blob: waits for the other images, for a slot and for the first
 * byte. *joined false: the caller downloads the blob itself. False: the source failed.
 */
bool fanout_open(struct fanout *fanout, struct fanout_branch *branch, bool *joined,
		 struct error *err);
/*
 * Reads from the shared download. False with branch->cursor.dropped: the other branches no longer
 * wait for this one, and the caller downloads the rest itself. False otherwise: the source failed.
 */
bool fanout_read(struct fanout_branch *branch, void *at, size_t size, size_t *got,
		 struct error *err);
/* Like download_end(), after the last byte of the shared download. */
bool fanout_end(struct fanout_branch *branch, struct error *err);
/* The branch leaves the shared download. It keeps its slot, or takes one if it may have one now. */
void fanout_detach(struct fanout *fanout, struct fanout_branch *branch);
/* Ends the branch, and gives its slot back. */
void fanout_leave(struct fanout *fanout, struct fanout_branch *branch);
