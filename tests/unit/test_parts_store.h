/*
 * A store of one large blob, whose bytes are right at one place only, for several connections at a
 * time: each can break off, fail or be of no use, and time passes as they read.
 */
#pragma once

#include "base/error.h"
#include "oci/manifest.h"
#include "store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARTS_PERIOD = 1048573 /* a prime: no ring fits it */, PARTS_READ = 64 * 1024 };

/* The clock moves with the bytes, and when something sleeps. */
static _Atomic int64_t parts_now_us;

int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
	return 1000 + atomic_load(&parts_now_us) / 1000;
}

bool __wrap_cancel_sleep(unsigned milliseconds);
bool __wrap_cancel_sleep(unsigned milliseconds)
{
	atomic_fetch_add(&parts_now_us, (int64_t)milliseconds * 1000);
	return true;
}

enum parts_fault {
	PARTS_FINE,
	PARTS_WHOLE,  /* all of the blob comes */
	PARTS_OTHER,  /* of another entity */
	PARTS_NO_USE, /* an answer that is no part */
	PARTS_DENIED,
	PARTS_BROKEN, /* it breaks off in the middle, and so do all tries to go on */
	PARTS_ONCE,   /* it breaks off in the middle, once */
	PARTS_LONGER, /* there is one byte too many */
	PARTS_WAITS,  /* no byte comes until parts_release() */
};

struct parts_store {
	struct store store;
	struct descriptor blob;
	char *pattern;
	bool parallel;
	atomic_bool full;        /* the line is: more connections bring no more */
	enum parts_fault fault;  /* of parts with an end */
	unsigned after;          /* opened parts that are fine before */
	atomic_uint parts, rest; /* that were opened: with an end, without one */
	atomic_int busy, most;   /* connections that are open */
	pthread_mutex_t lock;    /* guards the members below */
	pthread_cond_t changed;
	bool released;
	bool held; /* no connection goes on, so that no time passes */
};

struct parts_reader {
	struct reader reader;
	struct parts_store *from;
	int64_t offset, end, breaks;
	bool waits;
};

static inline void parts_release(struct parts_store *parts)
{
	pthread_mutex_lock(&parts->lock);
	parts->released = true;
	pthread_cond_broadcast(&parts->changed);
	pthread_mutex_unlock(&parts->lock);
}

static inline void parts_hold(struct parts_store *parts, bool held)
{
	pthread_mutex_lock(&parts->lock);
	parts->held = held;
	pthread_cond_broadcast(&parts->changed);
	pthread_mutex_unlock(&parts->lock);
}

static inline void parts_pass(struct parts_store *parts, size_t bytes)
{
	int64_t us = (int64_t)bytes * 10000 / PARTS_READ; /* 6.5 MB a second */
	int busy = atomic_load(&parts->busy);
	atomic_fetch_add(&parts_now_us, atomic_load(&parts->full) || busy < 1 ? us : us / busy);
}

static inline bool parts_read(struct reader *reader, void *at, size_t size, size_t *got,
			      struct error *err)
{
	struct parts_reader *parts = (struct parts_reader *)reader;
	int64_t most = parts->end - parts->offset;
	pthread_mutex_lock(&parts->from->lock);
	while (parts->from->held || (parts->waits && !parts->from->released))
		pthread_cond_wait(&parts->from->changed, &parts->from->lock);
	pthread_mutex_unlock(&parts->from->lock);
	if (parts->offset >= parts->breaks)
		return error_set(err, ERROR_NETWORK, "broken");
	if (most > PARTS_READ)
		most = PARTS_READ;
	if (most > (int64_t)size)
		most = (int64_t)size;
	int64_t start = parts->offset % PARTS_PERIOD;
	if (most > PARTS_PERIOD - start)
		most = PARTS_PERIOD - start;
	memcpy(at, parts->from->pattern + start, (size_t)most);
	parts->offset += most;
	*got = (size_t)most;
	parts_pass(parts->from, *got);
	return true;
}

static inline void parts_close(struct reader *reader)
{
	struct parts_reader *parts = (struct parts_reader *)reader;
	atomic_fetch_sub(&parts->from->busy, 1);
	free(parts);
}

static inline bool parts_open(const struct store *store, const char *digest, struct blob_part *part,
			      struct reader **out, struct error *err)
{
	struct parts_store *parts = (struct parts_store *)(uintptr_t)store;
	unsigned number = part->end ? atomic_fetch_add(&parts->parts, 1) : 0;
	enum parts_fault fault = part->end && number >= parts->after ? parts->fault : PARTS_FINE;
	assert_string_equal(digest, parts->blob.digest);
	if (!part->end)
		atomic_fetch_add(&parts->rest, 1);
	if (fault == PARTS_ONCE && number > parts->after)
		fault = PARTS_FINE;
	if (fault == PARTS_DENIED)
		return error_set(err, ERROR_DENIED, "denied");
	part->whole = fault == PARTS_NO_USE;
	if (part->whole)
		return error_set(err, ERROR_NETWORK, "no use");
	struct parts_reader *made = calloc(1, sizeof(*made));
	*made = (struct parts_reader){.reader = {.read = parts_read, .close = parts_close},
				      .from = parts,
				      .offset = part->from,
				      .end = part->end ? part->end : part->size,
				      .breaks = INT64_MAX,
				      .waits = fault == PARTS_WAITS};
	if (fault == PARTS_WHOLE)
		part->from = made->offset = 0;
	if (fault == PARTS_BROKEN || fault == PARTS_ONCE)
		made->breaks = made->offset + (made->end - made->offset) / 2;
	made->end += fault == PARTS_LONGER;
	snprintf(part->etag, sizeof(part->etag), "\"%s\"", fault == PARTS_OTHER ? "b" : "a");
	int busy = atomic_fetch_add(&parts->busy, 1) + 1, most = atomic_load(&parts->most);
	while (busy > most && !atomic_compare_exchange_weak(&parts->most, &most, busy))
		;
	*out = &made->reader;
	return true;
}

static inline bool parts_parallel(const struct store *store)
{
	return ((const struct parts_store *)store)->parallel;
}

static inline void parts_start(struct parts_store *parts, int64_t size)
{
	static const struct store_kind kind = {.open = parts_open, .parallel = parts_parallel};
	*parts = (struct parts_store){
		.store = {.kind = &kind, .party_name = "parts.test", .path = "app"},
		.blob = {.digest = "sha256:0", .size = size},
		.pattern = malloc(PARTS_PERIOD),
		.parallel = true,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER};
	assert_non_null(parts->pattern);
	for (size_t i = 0; i < PARTS_PERIOD; i++)
		parts->pattern[i] = (char)((i * 2654435761u) >> 13);
}

static inline void parts_finish(struct parts_store *parts)
{
	assert_int_equal(parts->busy, 0);
	free(parts->pattern);
}

/* The bytes are those from offset on. */
static inline void parts_assert(const struct parts_store *parts, int64_t offset, const char *bytes,
				size_t len)
{
	while (len) {
		size_t start = (size_t)(offset % PARTS_PERIOD), most = PARTS_PERIOD - start;
		if (most > len)
			most = len;
		assert_memory_equal(bytes, parts->pattern + start, most);
		bytes += most;
		offset += (int64_t)most;
		len -= most;
	}
}
