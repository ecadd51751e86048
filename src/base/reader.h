/*
 * A pulled stream of bytes: a download, or a wrapper that digests, counts or limits another reader.
 *
 * An implementation embeds it and sets read. The call stack is the back-pressure: nothing is read
 * before the consumer asks for it. One thread at a time.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

struct reader {
	/*
	 * Fills at with up to size (> 0) bytes; *got is their number, 0 only at the end. False: err
	 * says why, and the reader must not be read again.
	 */
	bool (*read)(struct reader *reader, void *at, size_t size, size_t *got, struct error *err);
	/* Releases the reader and what it reads from. NULL: whoever embeds it does that. */
	void (*close)(struct reader *reader);
};

/* Closes a reader that was handed out to be closed; *reader becomes NULL, and may be NULL. */
void reader_close(struct reader **reader);
