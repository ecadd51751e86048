/* Reads the values of --limit-rate, --split and --shard, and sizes. */
#pragma once

#include "config/options/options.h"

struct limits {
	int64_t bytes_per_second; /* 0: no limit */
	int64_t volume_bytes;     /* of the volumes of an archive; 0: it is one file */
	unsigned shard, shard_of; /* part shard of shard_of, from 0; 0 of 1: everything */
};

enum { LIMITS_SHARDS_MAX = 1000 };

/* Reads a number of bytes from 1 as in 8192, 8k or 8KiB, all suffixes in powers of 1024. */
bool limits_size(struct str text, int64_t *out);
/* Mistakes go to problems. */
void limits_read(const struct options *options, struct limits *out, struct problems *problems);
