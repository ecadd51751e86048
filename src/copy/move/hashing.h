/*
 * The digest of a large blob, computed while its bytes are moved.
 *
 * A second thread computes it if a processor is left for that: hashing takes longer than receiving
 * and writing together. A struct hashing belongs to the thread that adds to it.
 */
#pragma once

#include "oci/digest.h"

#include <stdatomic.h>
#include <stdint.h>

struct hashing_helper;

/* How many second threads there may be; shared by all blobs of a run. Any thread. */
struct hashers {
	atomic_int free;
};

struct hashing {
	struct hashers *hashers;       /* NULL: no second thread */
	int64_t left;                  /* bytes that are still to be added */
	struct digest_hash hash;       /* without a helper */
	struct hashing_helper *helper; /* NULL: none */
};

/* As many as the machine has processors, less one. */
void hashing_hashers_init(struct hashers *hashers);
/*
 * Continues a digest, whose state is from, by as many bytes as are left. hashers, which
 * may be NULL, and what is written to out stay in place until hashing_finish().
 */
void hashing_begin(struct hashing *out, struct hashers *hashers, const struct digest_hash *from,
		   int64_t left);
/* The bytes may be changed once it returns. */
void hashing_add(struct hashing *hashing, const void *bytes, size_t len);
/* The state after all bytes that were added, for which it waits; valid until more are added. */
const struct digest_hash *hashing_state(struct hashing *hashing);
/* Ends the second thread; zeroed there is none. */
void hashing_finish(struct hashing *hashing);
