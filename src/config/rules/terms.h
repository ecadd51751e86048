/*
 * How an image is copied, as opposed to which image and where to, as a rule and the options say.
 *
 * terms.c has the only list of the members: whatever compares, completes or writes terms goes
 * through the functions below, so that no member can be forgotten. Plain records; what they point
 * to outlives them.
 */
#pragma once

#include "config/rules/change.h"
#include "config/rules/cooldown.h"
#include "config/rules/foreign.h"
#include "doc/writer.h"
#include "oci/companion.h"
#include "oci/platform.h"
#include "oci/signer.h"
#include "registry/creation.h"

#include <stdint.h>

struct terms {
	const struct platform_filter *platforms;   /* NULL: every platform */
	const struct platform_filter *required;    /* platforms an image must have; NULL: none */
	const struct companion_filter *companions; /* NULL: not given; empty: the image alone */
	/* Of these types some must exist, in companions as well; NULL: none. */
	const struct companion_filter *demanded;
	const char *referrers_from;  /* where companions are as well (referrers_from.h); or NULL */
	const struct signer *signer; /* who must have signed; NULL: nobody */
	const char *pinned_tag; /* the tag beside the source's digest, to be checked; NULL: none */
	enum change_policy on_change; /* CHANGE_UNSAID: not given */
	enum foreign_policy foreign;  /* FOREIGN_UNSAID: not given */
	int64_t min_age;              /* seconds that an image must be old; 0: none */
	struct picks *hold;           /* images that are not copied; NULL: none */
	struct picks *release;        /* images that are copied however new; NULL: none */
	struct creation creation;     /* what may be created at the destination */
	int64_t max_bytes;            /* an image may have this many; 0: not given */
	bool min_age_said;            /* the rule sets min_age itself, perhaps to none */
	bool required_said;           /* the rule sets required itself, perhaps to nothing */
	bool signer_said;             /* the rule sets signer itself, perhaps to nobody */
	bool demanded_said;           /* the rule sets demanded itself, perhaps to nothing */
	bool from_said;               /* the rule sets referrers_from itself, perhaps to nowhere */
};

/* Sets the members that own leaves open to those of general. */
void terms_complete(struct terms *own, const struct terms *general);
/*
 * The name of the first member in which two complete sets of terms differ, as users write it
 * ("require-signed"); NULL when images are copied the same way under both. Without memory, members
 * count as different.
 */
const char *terms_difference(const struct terms *a, const struct terms *b);
/* The same for whoever has to tell the two apart: false without memory. */
bool terms_compare(const struct terms *a, const struct terms *b, const char **difference);

/*
 * For lists of images that a later run reads together with the same options: the terms of own that
 * are not in general, those of the options. Policies and requirements stay even where they come
 * from the options, since a run without these options must not be less strict.
 */
struct terms terms_beside(const struct terms *own, const struct terms *general);
/* Writes what terms say as fields of a rule's mapping; nothing for zeroed terms. */
void terms_write(const struct terms *terms, struct writer *out);
/* True when terms_write() writes the same text for both. */
bool terms_written_alike(const struct terms *a, const struct terms *b);
