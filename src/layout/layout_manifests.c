/*
 * A folder has no server that refuses a manifest whose parts are missing, so they are looked for
 * before it gets its name in index.json, and again when an image is asked for: somebody may have
 * removed a file, or the disk may have been pulled out. That takes no reading of blobs.
 */
#include "layout/layout_manifests.h"

#include "base/log.h"
#include "layout/archive.h"
#include "oci/manifest.h"
#include "oci/referrers.h"

#include <string.h>

/* True for what manifests are called; everything else is a tag. */
static bool is_digest(const char *reference)
{
	return strchr(reference, ':') != NULL;
}

/* --- reading -------------------------------------------------------------------------------- */

/* An entry's texts, which outlive the index. */
struct found_entry {
	const char *digest, *media_type; /* digest NULL: there is none */
};

static bool keep_entry(struct arena *arena, const struct layout_entry *entry,
		       struct found_entry *out, struct error *err)
{
	*out = (struct found_entry){NULL, ""};
	if (!entry)
		return true;
	out->digest = arena_string(arena, entry->digest);
	out->media_type = arena_string(arena, entry->media_type);
	return (out->digest && out->media_type) || error_memory(err);
}

/* The caller has the lock. */
static bool search(const struct layout *layout, struct arena *arena, const char *reference,
		   struct found_entry *out, struct error *err)
{
	const struct layout_index *index = &layout->index;
	const struct layout_entry *entry;
	if (is_digest(reference)) {
		entry = layout_index_digest(index, index->version, reference);
		*out = (struct found_entry){reference, ""};
		return !entry || keep_entry(arena, entry, out, err);
	}
	entry = layout_index_find(index, index->version, reference, err);
	if (!entry && err->kind != ERROR_NONE)
		return error_wrap(err, "%s", layout->path);
	if (!entry && strcmp(reference, "latest") == 0)
		entry = layout_index_only(index);
	return keep_entry(arena, entry, out, err);
}

/* True where a run may find nothing and then writes. */
static bool may_be_new(const struct layout *layout)
{
	return !layout->root || layout->root->written;
}

/*
 * What reference stands for; a digest stands for itself. Nothing is an answer of a layout that may
 * be new, while a source that is not there has more to say than that it lacks the tag.
 */
static bool resolve(struct layout *layout, struct arena *arena, const char *reference,
		    struct found_entry *out, struct error *err)
{
	*out = (struct found_entry){NULL, ""};
	pthread_mutex_lock(&layout->lock);
	bool ok = layout_refresh(layout, err);
	bool absent = !ok && err->kind == ERROR_MISSING && may_be_new(layout);
	ok = ok && search(layout, arena, reference, out, err);
	pthread_mutex_unlock(&layout->lock);
	return ok || absent;
}

/* Reads a manifest and checks its digest. ERROR_MISSING: it is not there. */
static bool read_manifest(const struct layout *layout, struct arena *arena, const char *digest,
			  struct str *out, struct error *err)
{
	if (!layout_read_blob(layout, digest, MANIFEST_BYTES_MAX, arena, out, err))
		return false;
	if (digest_verify(*out, str_of(digest), err))
		return true;
	return layout_blame(layout, digest, may_be_new(layout), err);
}

bool layout_manifests_look(struct layout *layout, struct arena *arena, const char *reference,
			   bool *found, struct manifest_bytes *out, struct error *err)
{
	struct found_entry entry;
	*found = false;
	*out = (struct manifest_bytes){0};
	if (!resolve(layout, arena, reference, &entry, err))
		return false;
	if (!entry.digest)
		return true;
	out->digest = arena_string(arena, entry.digest);
	out->content_type = entry.media_type;
	*found = read_manifest(layout, arena, entry.digest, &out->bytes, err);
	/* What index.json names has to be there. */
	bool absent = !*found && err->kind == ERROR_MISSING && is_digest(reference);
	return absent || (*found && (out->digest || error_memory(err)));
}

/* --- whether all of it is there ------------------------------------------------------------- */

/* A look at an image and everything it names. */
struct layout_look {
	const struct layout *layout;
	char missing[DIGEST_TEXT_SIZE]; /* the first part that is not there, or "" */
};

static bool miss(struct layout_look *looking, const char *digest)
{
	snprintf(looking->missing, sizeof(looking->missing), "%s", digest);
	return true;
}

/* One part; a file that is not there ends the look. False: an error. */
static bool look_for(struct layout_look *looking, const struct descriptor *part, struct error *err)
{
	bool found;
	if (part->nondistributable || *looking->missing)
		return true;
	return layout_has(looking->layout, part->digest, part->size, &found, err) &&
	       (found || miss(looking, part->digest));
}

static bool look_into(struct layout_look *looking, struct str bytes, const char *media_type,
		      int depth, struct error *err);

static bool look_for_child(struct layout_look *looking, const struct descriptor *child, int depth,
			   struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str bytes;
	enum media_kind kind = media_kind(str_of(child->media_type));
	if (!look_for(looking, child, err))
		return false;
	if (*looking->missing)
		return true;
	/* Whatever else an index may list, it is a file that is there. */
	if ((kind != MEDIA_MANIFEST && kind != MEDIA_INDEX) || depth >= MANIFEST_DEPTH_MAX)
		return true;
	if (!arena)
		return error_memory(err);
	if (read_manifest(looking->layout, arena, child->digest, &bytes, err))
		return look_into(looking, bytes, child->media_type, depth + 1, err);
	bool damaged = err->kind == ERROR_MISSING || error_is_corrupt(err);
	return damaged && miss(looking, child->digest);
}

static bool look_into(struct layout_look *looking, struct str bytes, const char *media_type,
		      int depth, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	if (!arena)
		return error_memory(err);
	if (!manifest_closure(arena, bytes, str_of(media_type), &manifest, err))
		return err->kind != ERROR_MEMORY; /* no manifest: it names nothing */
	for (size_t i = 0; i < manifest.blob_count; i++)
		if (!look_for(looking, &manifest.blobs[i], err))
			return false;
	for (size_t i = 0; i < manifest.child_count && !*looking->missing; i++)
		if (!look_for_child(looking, &manifest.children[i], depth, err))
			return false;
	return true;
}

bool layout_manifests_complete(const struct layout *layout, struct str bytes,
			       const char *media_type, char missing[DIGEST_TEXT_SIZE],
			       struct error *err)
{
	struct layout_look looking = {.layout = layout};
	bool ok = look_into(&looking, bytes, media_type, 1, err);
	snprintf(missing, DIGEST_TEXT_SIZE, "%s", looking.missing);
	return ok;
}

/* --- questions ------------------------------------------------------------------------------ */

bool layout_manifests_head(struct layout *layout, bool target, struct arena *arena,
			   const char *reference, struct manifest_status *out, struct error *err)
{
	struct found_entry entry;
	struct layout_look looking = {.layout = layout};
	struct str bytes;
	*out = (struct manifest_status){.found = false};
	if (!resolve(layout, arena, reference, &entry, err))
		return false;
	if (!entry.digest)
		return true;
	out->digest = arena_string(arena, entry.digest);
	if (!out->digest)
		return error_memory(err);
	if (!target && !is_digest(reference)) {
		out->found = true;
		return true;
	}
	if (!read_manifest(layout, arena, entry.digest, &bytes, err))
		/* A file that is damaged is written once more. */
		return err->kind == ERROR_MISSING || (target && error_is_corrupt(err));
	if (target && !look_into(&looking, bytes, entry.media_type, 1, err))
		return false;
	if (*looking.missing)
		log_warn("%s: %s lacks %s, and is written once more", layout->path, reference,
			 looking.missing);
	out->found = !*looking.missing;
	return true;
}

bool layout_manifests_probe(struct layout *layout, const char *digest, bool *found,
			    struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct str bytes;
	*found = false;
	if (!arena)
		return error_memory(err);
	*found = read_manifest(layout, arena, digest, &bytes, err) &&
		 manifest_parse(arena, bytes, (struct str){0}, &manifest, err);
	return *found || err->kind != ERROR_MEMORY;
}

/* An archive that is named as a whole must not mix its repositories into one. */
static bool check_single(const struct layout *layout, struct arena *arena, struct error *err)
{
	const struct layout_index *index = &layout->index;
	const struct layout_entry *entry;
	const char *first = NULL;
	size_t next = 0;
	if (!layout->archive || *layout->inside)
		return true;
	while ((entry = layout_index_each(index, &next))) {
		const char *path = layout_index_path(arena, entry);
		if (path && first && strcmp(path, first) != 0)
			return error_set(err, ERROR_CONFIG,
					 "it has several repositories: write oci-archive:%s/** for "
					 "all of them, or name one, as in oci-archive:%s/%s",
					 layout->path, layout->path, first);
		first = path ? path : first;
	}
	return true;
}

/* Collects the tags of the index, each once. */
static bool add_tags(const struct layout *layout, struct arena *arena, const char **list,
		     size_t *count, struct error *err)
{
	scoped(map_finish) struct map seen = {0};
	const struct layout_index *index = &layout->index;
	const struct layout_entry *entry;
	size_t next = 0;
	while ((entry = layout_index_each(index, &next))) {
		if (entry->name && entry->digest && !entry->tag)
			log_warn("%s: the name %.200s has no tag: it is left out, but can be named "
				 "by its digest, %s",
				 layout->path, entry->name, entry->digest);
		if (!entry->tag || map_get(&seen, str_of(entry->tag)))
			continue;
		list[*count] = arena_string(arena, entry->tag);
		if (!list[(*count)++] || !map_put(&seen, str_of(entry->tag), list))
			return error_memory(err);
	}
	if (!*count && layout_index_only(index))
		list[(*count)++] = "latest";
	if (!*count && index->count)
		return error_set(err, ERROR_UNSUPPORTED,
				 "none of the %zu images of %s has a tag: name one by its digest, "
				 "as in oci:%s@%s",
				 index->count, layout->path, layout->path,
				 index->entries[0].digest ? index->entries[0].digest
							  : "sha256:...");
	return true;
}

bool layout_manifests_tags(struct layout *layout, struct arena *arena, struct tag_list *out,
			   struct error *err)
{
	const char **list = NULL;
	size_t count = 0;
	pthread_mutex_lock(&layout->lock);
	bool ok = layout_refresh(layout, err) && check_single(layout, arena, err);
	if (ok)
		list = arena_array(arena, layout->index.count + 1, sizeof(*list));
	ok = ok && (list ? add_tags(layout, arena, list, &count, err) : error_memory(err));
	pthread_mutex_unlock(&layout->lock);
	*out = (struct tag_list){.items = list, .count = count, .complete = true};
	return ok;
}

/* --- referrers ------------------------------------------------------------------------------ */

const char *layout_manifests_fallback(struct arena *arena, const char *subject)
{
	char *tag = arena_string(arena, subject);
	if (tag)
		*strchr(tag, ':') = '-';
	return tag;
}

bool layout_manifests_list(const struct layout *layout, unsigned version, struct arena *arena,
			   const char *subject, struct str *out, struct error *err)
{
	const char *tag = layout_manifests_fallback(arena, subject);
	*out = (struct str){0};
	if (!tag)
		return error_memory(err);
	const struct layout_entry *entry = layout_index_find(&layout->index, version, tag, err);
	if (!entry)
		return err->kind == ERROR_NONE;
	return read_manifest(layout, arena, entry->digest, out, err);
}

/* Finds the subject of an entry without name, once for all images that are asked for. */
static bool know_subject(struct layout *layout, struct layout_entry *entry, struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	struct manifest manifest;
	struct str bytes;
	struct error ignored;
	if (!scratch)
		return error_memory(err);
	if (!read_manifest(layout, scratch, entry->digest, &bytes, &ignored))
		return true;
	bool has = manifest_parse(scratch, bytes, str_of(entry->media_type), &manifest, &ignored) &&
		   manifest.subject;
	entry->subject = has ? arena_string(layout->arena, manifest.subject) : NULL;
	entry->read = entry->subject || !has;
	return entry->read || error_memory(err);
}

/* Adds the manifest of an entry to the map. */
static bool add_referrer(const struct layout *layout, struct arena *arena,
			 const struct layout_entry *entry, struct map *into, struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	struct manifest manifest;
	struct str bytes, list;
	struct error ignored;
	if (!scratch)
		return error_memory(err);
	if (!read_manifest(layout, scratch, entry->digest, &bytes, &ignored) ||
	    !manifest_parse(scratch, bytes, str_of(entry->media_type), &manifest, &ignored))
		return true;
	struct str described = referrers_describe(scratch, &manifest, entry->digest);
	return referrers_append(scratch, (struct str){0}, &described, 1, &list, err) &&
	       referrers_read(arena, list, into, err);
}

static bool gather(struct layout *layout, struct arena *arena, const char *digest, struct map *into,
		   struct error *err)
{
	const struct layout_index *index = &layout->index;
	struct str list;
	size_t next = 0;
	if (!layout_manifests_list(layout, index->version, arena, digest, &list, err) ||
	    (list.len && !referrers_read(arena, list, into, err)))
		return false;
	while (layout_index_each(index, &next)) {
		struct layout_entry *entry = &index->entries[next - 1];
		if (!entry->digest || entry->name)
			continue;
		if (!entry->read && !know_subject(layout, entry, err))
			return false;
		if (entry->subject && strcmp(entry->subject, digest) == 0 &&
		    !add_referrer(layout, arena, entry, into, err))
			return false;
	}
	return true;
}

bool layout_manifests_referrers(struct layout *layout, struct arena *arena, const char *digest,
				struct map *into, struct error *err)
{
	pthread_mutex_lock(&layout->lock);
	bool ok = layout_refresh(layout, err);
	bool absent = !ok && err->kind == ERROR_MISSING;
	ok = ok && gather(layout, arena, digest, into, err);
	pthread_mutex_unlock(&layout->lock);
	return ok || absent || error_wrap(err, "referrers in %s", layout->path);
}
