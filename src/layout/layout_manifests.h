/*
 * Manifests and tags of a layout, as store/store.h has them: what is behind the functions of a
 * store that bear the same names.
 *
 * What index.json names is tagged; a manifest that another one names is a blob like any other. A
 * manifest with a subject is in index.json as well, where oras looks for referrers, and in the list
 * under the subject's fallback tag, where regctl does.
 */
#pragma once

#include "base/map.h"
#include "layout/layout.h"
#include "store/store.h"

/*
 * target: what is not there with all its parts, by their names and sizes, does not count as there.
 */
bool layout_manifests_head(struct layout *layout, bool target, struct arena *arena,
			   const char *reference, struct manifest_status *out, struct error *err);
/* Not found is an answer. */
bool layout_manifests_look(struct layout *layout, struct arena *arena, const char *reference,
			   bool *found, struct manifest_bytes *out, struct error *err);
bool layout_manifests_probe(struct layout *layout, const char *digest, bool *found,
			    struct error *err);
bool layout_manifests_tags(struct layout *layout, struct arena *arena, struct tag_list *out,
			   struct error *err);
bool layout_manifests_referrers(struct layout *layout, struct arena *arena, const char *digest,
				struct map *into, struct error *err);
/*
 * Whether all that a manifest names is there: missing becomes the digest of the first part that is
 * not, or "".
 */
bool layout_manifests_complete(const struct layout *layout, struct str bytes,
			       const char *media_type, char missing[DIGEST_TEXT_SIZE],
			       struct error *err);
/* The tag of the list of referrers, "sha256-..."; NULL without memory. */
const char *layout_manifests_fallback(struct arena *arena, const char *subject);
/*
 * Reads the list under that tag in a version of the index, which may not change meanwhile; empty:
 * there is none.
 */
bool layout_manifests_list(const struct layout *layout, unsigned version, struct arena *arena,
			   const char *subject, struct str *out, struct error *err);
