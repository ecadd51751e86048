/*
 * One good signature is enough. Bad signatures prove nothing, because anybody may add them: they
 * are skipped, and if none is good the error gives the reason for the last one. Trouble with a
 * registry is an error of its own, not a bad signature.
 *
 * The manifest is read first. A digest that comes only from a header may be that of another image,
 * which is signed, while the tag holds something else, and a dry run would call that signed. The
 * copy takes the manifest from image->known, so this costs no extra request.
 */
#include "copy/companions/signed.h"

#include "copy/companions/lookup.h"
#include "copy/companions/outside.h"
#include "copy/document.h"
#include "copy/fetch.h"
#include "net/ecdsa.h"
#include "oci/signature.h"

#include <string.h>

enum { BUNDLES_MAX = 64 };

struct signature_search {
	struct image *image;
	struct arena *arena;
	struct lookup lookup; /* at its source */
	const char *digest;
	const struct signer *signer;
	const struct reference *source; /* the image, as the rule names it */
	bool good;                      /* a good signature was found */
	unsigned seen;                  /* number of signatures looked at */
	const char *why;                /* why the last one was bad */
};

/* Says why a signature by the right key does not meet the demand. */
static const char *misnamed(const struct signature_search *search, const char *claimed)
{
	if (!*claimed)
		return "it names no repository, as cosign's bundles never do: sign with "
		       "--new-bundle-format=false, or do not demand a reference";
	const char *wanted = signer_repository(search->arena, search->signer, search->source);
	const char *why = arena_printf(search->arena, "it is for %.200s and not for %s", claimed,
				       wanted ? wanted : "this one");
	return why ? why : "it is for another repository";
}

static void try_signature(struct signature_search *search, const struct signature *signature,
			  bool readable, const char *why)
{
	const struct signer *signer = search->signer;
	search->seen++;
	search->why = why;
	if (!readable)
		return;
	if (!ecdsa_verify(signer->key.point, signature->hash, signature->bytes, signature->len))
		search->why = "it was made with another key";
	else if (!signer_accepts(signer, search->source, str_of(signature->repository)))
		search->why = misnamed(search, signature->repository);
	else
		search->good = true;
}

/* True when err is about the signature itself, which then counts as bad. */
static bool is_bad(struct signature_search *search, const struct error *err)
{
	search->why = "it is damaged or incomplete";
	search->seen++;
	return error_is_corrupt(err) || err->kind == ERROR_MISSING ||
	       err->kind == ERROR_UNSUPPORTED;
}

static bool try_bundle(struct signature_search *search, const char *digest, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct store *from = search->image->from;
	struct manifest manifest;
	if (!arena)
		return error_memory(err);
	if (!fetch_source(search->image, arena, digest, &manifest, err))
		return is_bad(search, err);
	if (!manifest.subject || strcmp(manifest.subject, search->digest) != 0)
		return true;
	for (size_t i = 0; i < manifest.blob_count && !search->good; i++) {
		const struct descriptor *blob = &manifest.blobs[i];
		struct signature signature;
		struct str document;
		const char *why = NULL;
		if (!companion_is_bundle(str_of(blob->media_type)))
			continue;
		if (!fetch_blob(from, arena, blob, SIGNATURE_DOCUMENT_MAX, &document, err))
			return is_bad(search, err);
		bool readable = signature_bundle(document, search->digest, &signature, &why);
		try_signature(search, &signature, readable, why);
	}
	return true;
}

/* Tries the bundles among the referrers, and all referrers without a type, from old tools. */
static bool try_referrers(struct signature_search *search, struct error *err)
{
	scoped(map_finish) struct map list = {0};
	unsigned tried = 0;
	if (!lookup_referrers(&search->lookup, search->digest, &list, err))
		return false;
	for (size_t i = 0; i < list.count && !search->good && tried < BUNDLES_MAX; i++) {
		const struct referrer *referrer = list.entries[i].value;
		struct str type = str_of(referrer->artifact_type);
		if (type.len && !companion_is_bundle(type))
			continue;
		tried++;
		if (!try_bundle(search, referrer->digest, err))
			return false;
	}
	return true;
}

static bool try_layer(struct signature_search *search, const struct signature_layer *layer,
		      struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct signature signature;
	struct str payload;
	const char *why = NULL;
	if (!arena)
		return error_memory(err);
	if (!fetch_blob(search->image->from, arena, &layer->blob, SIGNATURE_DOCUMENT_MAX, &payload,
			err))
		return is_bad(search, err);
	bool readable = signature_simple(payload, layer->encoded, search->digest, &signature, &why);
	try_signature(search, &signature, readable, why);
	return true;
}

static bool try_layers(struct signature_search *search, const struct manifest *manifest,
		       struct error *err)
{
	struct signature_layer *layers = NULL;
	size_t count = 0;
	if (!signature_layers(search->arena, manifest, &layers, &count))
		return error_memory(err);
	for (size_t i = 0; i < count && !search->good; i++)
		if (!try_layer(search, &layers[i], err))
			return false;
	return true;
}

static bool try_tag(struct signature_search *search, struct error *err)
{
	char tag[COMPANION_TAG_SIZE];
	const char *found = NULL;
	struct manifest manifest;
	if (!companion_tag(search->digest, COMPANION_SIG, tag))
		return true;
	if (!lookup_tag(&search->lookup, tag, &found, err))
		return false;
	if (!found)
		return true;
	if (!fetch_source(search->image, search->arena, found, &manifest, err))
		return is_bad(search, err);
	return try_layers(search, &manifest, err);
}

/* Looks at the image's source, or where its referrers are as well. */
static bool search_at(struct signature_search *search, struct image *image, struct error *err)
{
	search->image = image;
	search->lookup.store = image->from;
	return try_referrers(search, err) && (search->good || try_tag(search, err));
}

bool signed_check(struct image *image, struct error *err)
{
	const struct signer *signer = rule_terms(image->task->rule)->signer;
	const char *digest = image->pinned;
	if (!signer)
		return true;
	scoped(arena_free) struct arena *arena = arena_new();
	struct signature_search search = {.image = image,
					  .arena = arena,
					  .lookup = {image->copier->sites, image->from, arena},
					  .digest = digest,
					  .signer = signer,
					  .source = &image->task->source};
	struct manifest signed_one;
	if (!arena)
		return error_memory(err);
	if (!document_get(image, DOCUMENT_SOURCE, digest, 1, &signed_one, err))
		return false;
	outside_update(image);
	if (!search_at(&search, image, err) ||
	    (!search.good && image->outside && !search_at(&search, image->outside, err)))
		return error_wrap(err, "looking for its signature");
	if (search.good)
		return true;
	if (!search.seen)
		return error_set(err, ERROR_UNSIGNED,
				 "%s is not signed, but a signature by %s is required", digest,
				 signer->key.place);
	return error_set(err, ERROR_UNSIGNED,
			 "none of the %u signatures of %s is valid for %s (the last one: %s)",
			 search.seen, digest, signer->key.place, search.why);
}
