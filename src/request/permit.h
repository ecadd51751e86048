/*
 * Patterns of images, as a policy allows and denies them: HOST/PATH[:TAG][@DIGEST].
 *
 * Each part is a name or a glob (plan/glob.h). Names of Docker Hub may leave out the registry, if
 * there is no star where it would be. Without a tag every tag and digest fits; with one an image
 * that is asked for by digest alone does not. Pure.
 */
#pragma once

#include "config/request/policy_file.h"
#include "plan/pattern.h"

struct permit {
	const struct placed *given;
	struct str name;             /* host and repository */
	const struct pattern *names; /* of a glob; NULL: name counts */
	struct str tag, digest;      /* empty: any */
	const struct pattern *tags, *digests;
};

struct permits {
	const struct permit *items;
	size_t count;
	bool denies; /* what is not known for sure counts as a fit, else it does not */
};

/* Parses all of words. Mistakes go to problems. False without memory. */
bool permit_parse(struct arena *arena, const struct policy_words *words, bool denies,
		  struct permits *out, struct problems *problems);
/*
 * *out becomes the first permit that fits the image, which has a tag or a digest; NULL: none does.
 * False without memory.
 */
bool permit_find(const struct permits *permits, const struct reference *image,
		 const struct permit **out);
/* True when the permit leaves the registry open. */
bool permit_any_host(const struct permit *permit);
