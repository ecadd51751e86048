/*
 * Pieces of a blob that several threads read at the same time, and that one reader gets in order.
 *
 * Each piece is a request of its own, for a part that fits into the ring together with what the
 * reader has not taken yet: so no connection ever waits in the middle of one, and the ring bounds
 * the memory. A piece that breaks off is resumed by its thread. When that does not help, the reader
 * gets all bytes before the gap and then the reason. All functions are for the reader's thread, one
 * at a time.
 */
#pragma once

#include "oci/manifest.h"
#include "store/store.h"

enum { PIECES_RING = 8 * 1024 * 1024, PIECES_SHORTEST = 256 * 1024 };

struct pieces;

struct pieces_order {
	const struct store *from;
	const struct descriptor *blob;
	const char *etag; /* of what came before, or "" */
	int64_t begin;    /* the first byte, > 0 */
	int64_t end;      /* the byte after the last one */
};

/* How far the threads are, and when that was so. */
struct pieces_view {
	int64_t received; /* bytes in all, up to now_ms */
	int64_t now_ms;   /* clock_ms() */
	int64_t first_ms; /* clock_ms() when the first ones came; 0: none did */
	bool failed;      /* a piece did not come, and no more are asked for */
};

/* order->from and order->blob must outlive it. NULL without memory. */
struct pieces *pieces_new(const struct pieces_order *order);
/* Drops what is under way, within about a second. *pieces may be NULL. */
void pieces_free(struct pieces **pieces);
/*
 * From now on count connections, at most LADDER_MOST, read pieces of length bytes; what is under
 * way is finished. 0: no piece is begun any more.
 */
void pieces_set(struct pieces *pieces, unsigned count, int64_t length);
void pieces_look(struct pieces *pieces, struct pieces_view *out);
/*
 * Reads at most size bytes; *got is 0 only at the end. False: a piece did not come, or none is
 * begun any more; err says why.
 */
bool pieces_read(struct pieces *pieces, void *at, size_t size, size_t *got, struct error *err);
