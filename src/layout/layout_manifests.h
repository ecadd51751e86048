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
/* named: the digest by which the destination of the rule names its image; NULL: it has a tag. */
bool layout_manifests_put(struct layout *layout, const char *named, const struct push *push,
			  struct push_answer *answer, struct error *err);
/*
 * Takes the entries of a tag, or those of a digest without a name, out of index.json; blobs stay.
 * STORE_NOT_SO: it is an archive.
 */
bool layout_manifests_remove(struct layout *layout, const char *reference, enum store_removal *out,
			     struct error *err);
