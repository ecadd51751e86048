/*
 * What those who use a mirror need to find it: for each repository that is copied where its copy
 * is. As registries.conf of podman, CRI-O and others, as hosts.toml of containerd, or as an
 * ImageDigestMirrorSet and an ImageTagMirrorSet of OpenShift.
 *
 * All of them fall back to the source where the mirror has no such image. A copy with other tags
 * cannot be said in any of them, and one below another path not in hosts.toml: each such rule is a
 * comment.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "config/mirror_options.h"
#include "plan/namespace.h"
#include "plan/plan.h"
#include "registry/credential.h"

struct mirror_rules {
	const struct plan_rule *items;
	size_t count;
	const struct namespace_rule *namespaces;
	size_t namespace_count;
	const struct credentials *credentials; /* which mirrors are insecure; NULL: none */
};

/* Appends all of it in that form; files for several registries have their names above them. */
bool mirror_config_print(struct arena *arena, const struct mirror_rules *rules,
			 enum mirror_form form, struct buf *out);
/* Writes what the option asks for. ERROR_IO, ERROR_MEMORY. */
bool mirror_config_write(struct arena *arena, const struct mirror_rules *rules,
			 const struct mirror_options *options, struct error *err);
