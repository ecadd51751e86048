/*
 * The images file of kyma's image-syncer, read as rules.
 *
 *   targetRepoPrefix: registry.example.com/external/   unless the options give a prefix
 *   images:
 *     - source: alpine:3.24.1                one image, by tag, digest or both
 *       tag: 3.24.1-v2                       tag at the target; required if the source has a
 *                                            digest and no tag
 *       target: {name: alpine, tag: v2}      from old releases: name and tag below the prefix
 *                                            (kyma_target.h)
 *       amd64Only: true                      lifts require-platforms, changes nothing else
 *       prefix: registry.example.com/other/  instead of targetRepoPrefix, for this image
 *       on-change: skip                      and all other terms of a rule, as in images_file.h
 *
 * The target is the prefix followed by the name as written, including the host. The ':' of a port
 * becomes '_'. With library names (--target-names, or a prefix from the options) a name without '/'
 * gets "library/" in front. An unknown field is a mistake; sign, from old releases, is a warning.
 */
#pragma once

#include "config/document.h"
#include "config/options/options.h"
#include "config/rules/rule.h"

/* True when the document has this shape; prefix: the options give a prefix. */
bool kyma_file_recognise(const struct document *document, bool prefix);
/*
 * Turns the document into rules in arena, in file order. All mistakes go to problems. *prefix is
 * the one in use, from the options or the file; NULL when there is none.
 */
void kyma_file_read(struct arena *arena, const struct document *document,
		    const struct options *options, struct rules *out, const char **prefix,
		    struct problems *problems);
