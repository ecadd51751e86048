/*
 * --referrers, --referrers-from, --require-referrers and --require-signed, and the fields of the
 * same names in a rule.
 */
#pragma once

#include "config/options/options.h"
#include "config/problem.h"
#include "config/rules/rule.h"

/*
 * Adds the words of text, split at commas, to filter. Unknown ones go to problems; what is the name
 * of the option or field, place its place or NULL.
 */
void companion_options_words(struct companion_filter *filter, struct str text, const char *what,
			     const char *place, struct problems *problems);
/*
 * A signer with the public key in the file path, whose signatures may give the image any name; NULL
 * if there is no such key, which goes to problems.
 */
struct signer *companion_options_signer(struct arena *arena, const char *path, const char *what,
					const char *place, struct problems *problems);
/*
 * What is demanded is copied as well: adds out->demanded to out->companions, as a new filter. place
 * as above.
 */
void companion_options_join(struct arena *arena, struct terms *out, const char *place,
			    struct problems *problems);
/*
 * Sets out->companions, empty without options, out->demanded, out->referrers_from and out->signer.
 * Mistakes go to problems.
 */
void companion_options_read(struct arena *arena, const struct options *options, struct terms *out,
			    struct problems *problems);
