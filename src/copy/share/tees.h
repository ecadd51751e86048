/*
 * One download of a blob that feeds several destinations.
 *
 * Images under way from one source to several registries form a company. Those of them that need
 * the bytes of the same blob at about the same time read them from one download. They wait for each
 * other a short while before it begins, and nobody waits for a registry that was late lately.
 * Nobody depends on the others: whoever comes too late, is too slow or has to send a blob once more
 * downloads it alone. Any thread.
 */
#pragma once

#include "base/map.h"
#include "copy/share/flow.h"
#include "copy/share/places.h"
#include "oci/manifest.h"
#include "plan/task.h"

struct image;
struct tee;
struct tees;
struct tees_host;

/* The images from one source: those under way, and those that are still to come. */
struct tees_company {
	struct tees_member *members;
	const struct task **tasks; /* all of them; NULL: begun. Written by tees_arrive(). */
	size_t count;
	bool crowded; /* there was no thread for those to come: they are not waited for */
};

/* One of them; a part of struct image. */
struct tees_member {
	struct tees_company *company; /* NULL: there is nobody to share with */
	struct tees_member *next;
	struct tees_host *host; /* of the destination */
	const void *filter;     /* of the task; those with others may need other blobs, */
	const void *companions; /* the same */
	struct map settled;     /* digests of blobs that it has, or cannot get */
};

/* One blob on its way to one destination, with its place among the blobs in flight. */
struct tees_seat {
	struct image *image;
	struct tee *tee; /* NULL: alone */
	struct tees_seat *next;
	bool placed;  /* it has a place, and nobody else's */
	bool counted; /* among those of its pair of registries */
	bool asks;    /* it needs the bytes, now */
	struct flow_cursor cursor;
};

struct tees *tees_new(void);
/* *tees may be NULL. */
void tees_free(struct tees **tees);

/* The image that task asks for joins the others. Without memory it goes alone. */
void tees_arrive(struct tees *tees, struct tees_company *company, struct image *image,
		 const struct task *task);
void tees_depart(struct tees *tees, struct image *image);
/* The image needs the blob no more, whether it was copied or not. */
void tees_settle(struct tees *tees, struct image *image, const char *digest);

/*
 * Takes a seat for the blob, alone or where others that may need it will look for it. A seat alone
 * waits for its place now, the others when they need the bytes. blob must outlive the seat.
 */
void tees_enter(struct tees *tees, struct tees_seat *seat, struct image *image,
		const struct descriptor *blob, bool alone);
/*
 * The seat needs all bytes of the blob: waits for the others, for a place, and for the first byte.
 * *shared false: it is alone with it. False: the source failed.
 */
bool tees_open(struct tees *tees, struct tees_seat *seat, bool *shared, struct error *err);
/*
 * Reads what is shared. False with seat->cursor.dropped: the others do not wait for it any more,
 * the rest is to be downloaded alone. False otherwise: the source failed.
 */
bool tees_read(struct tees_seat *seat, void *at, size_t size, size_t *got, struct error *err);
/* After the last byte, as download_end(). */
bool tees_end(struct tees_seat *seat, struct error *err);
/* The seat shares nothing any more; it keeps its place, or takes one that is free. */
void tees_part(struct tees *tees, struct tees_seat *seat);
/* The blob is done with. */
void tees_leave(struct tees *tees, struct tees_seat *seat);
