/*
 * When a tag is pushed again between two requests, the digest from the first may no longer exist,
 * and a cache in front of a registry may serve such digests for hours. A GET past all caches shows
 * the present digest. If it is the same, something else is missing: the registry's storage may have
 * it a moment later, so the image is tried once more. What an archive lacks does not come.
 */
#include "copy/judge/restart.h"

#include "base/cancel.h"
#include "base/log.h"
#include "copy/document.h"
#include "oci/layout_name.h"

#include <string.h>

enum { RESTARTS_MAX = 2, PAUSE_MS = 1000 };

static void forget(struct image *image)
{
	map_finish(&image->known);
	image->known = (struct map){0};
	atomic_store(&image->lost, false);
	sources_forgive(image->shared);
}

/* Keeps the manifest that came with the tag, so that it is not read again. */
static void keep(struct image *image, const struct manifest_bytes *served)
{
	struct error ignored;
	struct manifest manifest;
	if (manifest_parse(image->arena, served->bytes, str_of(served->content_type), &manifest,
			   &ignored))
		document_keep(image, served->digest, &manifest);
}

/* Looks up the tag again. False: it no longer exists, or cannot be read. */
static bool look_again(struct image *image, const char *tag, bool *moved)
{
	struct manifest_bytes served;
	struct error ignored;
	bool found = false;
	if (!store_look(image->from, image->arena, tag, &found, &served, &ignored) || !found)
		return false;
	*moved = !image->pinned || strcmp(image->pinned, served.digest) != 0;
	image->renewed = served.digest;
	keep(image, &served);
	return true;
}

bool restart_helps(struct image *image, int times, const struct error *err)
{
	const struct task *task = image->task;
	bool moved = false;
	if (err->kind != ERROR_MISSING || !atomic_load(&image->lost) || times == RESTARTS_MAX ||
	    layout_name_archived(task->source.host) || cancel_requested())
		return false;
	forget(image);
	if (!task->source.digest && !look_again(image, reference_target(&task->source), &moved))
		return false;
	log_info("%s/%s: %s; %s", task->source.host, task->source.repository, err->text,
		 moved ? "its tag has moved, starting over" : "trying once more");
	return moved || (!times && cancel_sleep(PAUSE_MS));
}
