/*
 * One line of the images file: a source and one destination, as written and expanded.
 *
 * A source with several destinations gives several rules, in file order. Plain records in the
 * configuration's arena. What the texts mean is decided by plan/.
 */
#pragma once

#include "config/change.h"
#include "oci/companion.h"
#include "oci/platform.h"
#include "oci/public_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text of the file and where it stands. */
struct placed {
	const char *text;
	const char *place; /* "images.yaml:3:1" */
};

/*
 * Which tags of the source a rule takes: the mapping form of a rule. All zero: no restriction. Each
 * text of tags and exclude is a list as behind the ':' of a source: "v1", "/^v2/", "v1,/^v2/".
 */
struct selection {
	const struct placed *tags; /* any of them */
	size_t tag_count;
	const struct placed *exclude; /* none of them */
	size_t exclude_count;
	struct placed semver; /* a range: ">=1.2 <2", "^1.4", "~1.4.2"; text NULL: any */
	int64_t latest;       /* only the newest so many; 0: all */
	bool latest_by_date;  /* newest by the image's creation, else by semantic version */
	int64_t since;        /* created at this time or later, seconds since 1970; 0: any time */
};

struct rule {
	const char *source;                        /* never empty */
	const char *destination;                   /* environment expanded, never empty */
	const char *source_place;                  /* "images.yaml:3:1" */
	const char *destination_place;             /* "images.yaml:3:22" */
	const struct selection *selection;         /* NULL: what the source's text says */
	const struct platform_filter *platforms;   /* NULL: no filter of its own */
	const struct platform_filter *required;    /* an image for each of its platforms; or NULL */
	bool any_platform;                         /* --require-platforms does not apply */
	enum change_policy on_change;              /* CHANGE_UNSAID: no policy of its own */
	const struct companion_filter *companions; /* NULL: not said; empty: none */
	const struct public_key *signer;           /* who must have signed; NULL: nobody */
	bool signer_said;                          /* the rule itself says so */
	const char *pinned_tag; /* stands beside the source's digest and should name it; NULL */
};

struct rules {
	struct rule *items;
	size_t count;
};
