/*
 * How an image is copied, as opposed to which image and where to: what a rule and the options say
 * about it.
 *
 * terms.c has the only list of the members: whatever compares, completes or writes terms goes
 * through the functions below, so that no member can be forgotten. Plain records; what they point
 * to outlives them.
 */
#pragma once

#include "config/rules/change.h"
#include "config/rules/foreign.h"
#include "doc/writer.h"
#include "oci/companion.h"
#include "oci/platform.h"
#include "oci/signer.h"

struct terms {
	const struct platform_filter *platforms;   /* NULL: every platform */
	const struct platform_filter *required;    /* an image for each of its platforms; NULL */
	const struct companion_filter *companions; /* NULL: not said; empty: the image alone */
	const struct signer *signer;               /* who must have signed; NULL: nobody */
	const char *pinned_tag; /* beside the source's digest and should name it; NULL: none */
	enum change_policy on_change; /* CHANGE_UNSAID: not said */
	enum foreign_policy foreign;  /* FOREIGN_UNSAID: not said */
	bool required_said;           /* the rule says itself what is required, perhaps nothing */
	bool signer_said; /* the rule says itself who must have signed, perhaps nobody */
};

/* Takes from general what own does not say. */
void terms_complete(struct terms *own, const struct terms *general);
/*
 * The name of the first member in which two complete sets of terms differ, as users write it
 * ("require-signed"); NULL when images are copied the same way under both. Without memory, members
 * count as different.
 */
const char *terms_difference(const struct terms *a, const struct terms *b);

/*
 * For lists of images that a later run reads together with the same options: what own has to say
 * beside them. Policies and requirements stay even where they come from the options, since a run
 * without these options must not be less strict.
 */
struct terms terms_beside(const struct terms *own, const struct terms *general);
/* Writes what terms say as fields of a rule's mapping; nothing for zeroed terms. */
void terms_write(const struct terms *terms, struct writer *out);
/* True when that is the same text for both. */
bool terms_written_alike(const struct terms *a, const struct terms *b);
