/*
 * Headers of tar archives (POSIX ustar; sizes beyond 8 GiB as GNU writes them). What is written is
 * the same for the same files: no times, no owners. Pure.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

enum { TAR_BLOCK = 512, TAR_NAME_MAX = 255 };

enum tar_kind {
	TAR_FILE,
	TAR_NAME,     /* its content is the name of the next member (GNU) */
	TAR_EXTENDED, /* its content are records about the next member (pax) */
	TAR_OTHER,    /* folders, links and the like */
	TAR_END,      /* a block of zeros */
};

struct tar_member {
	enum tar_kind kind;
	char name[TAR_NAME_MAX + 1]; /* "" when it is too long */
	int64_t size;                /* of its content, which follows in whole blocks */
};

/* The bytes that fill the last block of a content of size. */
int64_t tar_padding(int64_t size);
/* Writes the header of a file. name has no part of more than 100 bytes behind its last '/'. */
void tar_header(const char *name, int64_t size, char out[TAR_BLOCK]);
/* Reads a header. ERROR_CORRUPT: it is none. */
bool tar_parse(const char block[TAR_BLOCK], struct tar_member *out, struct error *err);
/* Takes path and size out of pax records. */
void tar_extend(struct str records, struct tar_member *next);
