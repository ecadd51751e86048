/*
 * What the commands of imgsync mean: rules, as a file of rules would have them, and a login.
 *
 *	sync IMAGE      IMAGE: PREFIX/NAME, in which NAME is the image's as written, flattened
 *	gcr             gcr.io/NAMESPACE, whatever is below: PREFIX, with names: flatten
 *	gcr --kubeadm   registry.k8s.io, the same: PREFIX, with names: k8s.gcr.io_{flat}
 *	flannel         quay.io/coreos/flannel: PREFIX/quay.io_coreos_flannel
 *
 * PREFIX is docker.io/USER, or what --to says. Flattened names have `_` for each `/` and `:`.
 */
#pragma once

#include "config/expand.h"
#include "config/imgsync/flags.h"
#include "config/rules/rule.h"
#include "registry/credential.h"

/* Where the report goes beside standard output. */
struct meaning_telegram {
	const char *api;   /* "https://api.telegram.org" */
	const char *token; /* registered as a secret; NULL: nobody wants it there */
	const char *group; /* a number, which may be negative, or @name */
	const char *title; /* of the report */
};

/* What a command becomes, in the configuration's arena. */
struct meaning {
	struct rules rules;
	const char *prefix; /* where the copies go */
	struct meaning_telegram telegram;
};

/* All mistakes go to problems, and so does what is worth knowing of old addresses, as warnings. */
void meaning_read(struct arena *arena, const struct flags *flags,
		  const struct expand_lookup *lookup, struct meaning *out,
		  struct problems *problems);
/*
 * Adds the login of --user to list, for all repositories below the prefix: its password is that of
 * --password, --password-file or the variable IMGSYNC_PASSWORD. Does nothing without a password.
 * Two of the first two are a mistake.
 */
void meaning_login(struct arena *arena, const struct flags *flags,
		   const struct expand_lookup *lookup, const char *prefix, struct credentials *list,
		   struct problems *problems);
