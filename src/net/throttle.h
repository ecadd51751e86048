/*
 * One bandwidth for all transfers of a run together: --limit-rate.
 *
 * A reader pays for its bytes afterwards, by sleeping. The transfers that share a throttle queue up
 * with small pieces, so none of them waits so long that it seems dead. Any thread.
 */
#pragma once

#include "base/reader.h"

#include <stdint.h>

struct throttle;

/* per_second: bytes, > 0. NULL without memory. */
struct throttle *throttle_new(int64_t per_second);
void throttle_free(struct throttle **throttle);

/* Takes a turn for size bytes at now_us; returns how long to wait before going on, in us. */
int64_t throttle_take(struct throttle *throttle, int64_t now_us, size_t size);

/* A reader that passes on source, no faster than its share. */
struct throttle_reader {
	struct reader reader;
	struct reader *source;
	struct throttle *throttle;
};

/* throttle NULL: no limit. *out must not be moved. */
void throttle_attach(struct throttle *throttle, struct reader *source, struct throttle_reader *out);
