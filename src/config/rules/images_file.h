/*
 * The images file: what to copy where.
 *
 * A mapping from a source to a destination, or to a list of destinations. A destination is a name,
 * or a mapping that says more:
 *
 *   quay.io/coreos/etcd:
 *     to: registry.example.com/etcd       a name or a list of names; must be there
 *     tags: [v3.5.0, /^v3\.4\./]          as after the ':' of a source; if the source has a
 *                                         list of its own, only what is in both
 *     exclude: [/-rc/, v3.4.1]            not these
 *     semver: ">=3.4 <4"                  only versions in this range (plan/semver_range.h)
 *     since: 2026-01-01                   only what was created since then; or 12h, 30d, 2w
 *     latest: 5                           of these the newest five by version; by date with
 *                                         "5 by date" or {count: 5, by: date}
 *     platforms: [linux/amd64, linux/arm64/v8]
 *     os: linux                           like --os and --arch: all three must let a platform pass
 *     arch: [amd64, arm:v7]
 *     require-platforms: linux/amd64      refuse images without one of these
 *     on-change: fail                     when a destination tag holds another image: overwrite,
 *                                         fail, skip, retag
 *     foreign: copy                       layers that may not be distributed: skip, copy, fail
 *     referrers: true                     also copy all that belongs to the image; false:
 *                                         nothing; or [signatures, application/spdx+json]
 *     require-signed: cosign.pub          only if signed with this key; false: whether or not;
 *                                         {key: cosign.pub, reference: source} also demands the
 *                                         repository that the signature names
 *     prune: true                         with --prune, remove tags that the rule copies no more;
 *                                         or {keep: 3, older-than: 90d, max: 50, foreign: true}
 *     every: 6h                           under serve: times of its own; or cron: "17 3 * * *"
 *
 * tags, exclude, platforms, require-platforms, os, arch and referrers take one text or a list; each
 * text of the last five may hold several values with commas between. In YAML a number is taken as
 * written, so 1.10 stays 1.10; JSON wants strings. An empty list or text is a mistake, and so is an
 * unknown field. Several mappings in a list give a source several destinations with different
 * selections. plan/ decides what the texts of tags, exclude and semver mean, and in which order all
 * of these apply (plan/select.h).
 */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "config/rules/rule.h"

/*
 * True when the rules keep nothing of the document: none of them is a mapping, of which the texts
 * are not copied.
 */
bool images_file_copies(const struct document *document);
/*
 * Turns the document into rules in arena, in file order, with variables in destinations expanded.
 * All mistakes go to problems. A source that is given twice has the destinations of both entries,
 * with a warning. Equal destinations of one source are kept once.
 */
void images_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct rules *out,
		      struct problems *problems);
