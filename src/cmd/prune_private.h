/*
 * What the files about pruning share about one repository: everything that is known about what
 * goes and what stays. Read by prune_repository.c and prune_needs.c, then used by prune_removal.c.
 */
#pragma once

#include "cmd/prune_closure.h"
#include "cmd/prune_repository.h"

/* A tag that goes, and what is in its image. */
struct departure {
	const char *tag;
	const char *digest;
	const char *written; /* the digest that a run has written; NULL: none has */
	struct closure inside;
	bool absent; /* only what belongs to it is left */
	bool done;   /* it had its turn */
	bool gone;   /* it was removed, or would be */
};

/* A tag of a signature and the like. */
struct attached {
	const char *tag;
	/* the digest of an image that goes, or of a referrer, that it belongs to; or NULL */
	const char *base;
	bool stays;
	bool read;
};

/* A referrer without a tag. Those of a referrer stand behind it. */
struct attachment {
	const char *digest, *base;
	bool goes;
	enum store_removal result;
};

struct pruning {
	struct run *run;
	const struct prune_repository *of;
	const struct store *store;
	struct arena *arena;
	struct prune_tag *tags; /* of the destination */
	size_t tag_count;
	struct departure *departures;
	size_t count;
	struct attached *attached;
	size_t attached_count;
	struct attachment *attachments;
	size_t attachment_count, attachment_room;
	struct closure needed;
	struct map
		bases;  /* fallback tag of each digest that goes, or refers to one -> the digest */
	bool by_digest; /* the registry does not remove tags by their names */
};

/* Reports what became of a tag that goes. */
void prune_repository_tell(const struct pruning *pruning, const struct departure *tag,
			   enum pruned_status status, const char *reason, const char *text);
/* The tag of the destination with that name; NULL: there is none. */
struct prune_tag *prune_repository_find(const struct pruning *pruning, const char *name);
/*
 * Reads what all tags that stay need, and finds what belongs to the images that go: signatures
 * under tags, and referrers. If anything cannot be read, it fails.
 */
bool prune_needs(struct pruning *pruning, struct error *err);
/* Removes the tags that go, and then what belongs to their images. */
bool prune_removal_run(struct pruning *pruning, struct error *err);
