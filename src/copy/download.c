/*
 * Bytes that were handed out are on their way to the target and cannot be called back. A source
 * without ranges, or with ranges that cannot be used, sends the blob from the start, and the bytes
 * that were handed out before are skipped. The digest covers all bytes that were handed out, so it
 * shows when two parts do not belong together.
 *
 * Each request goes to the registry itself, never to the URL that it redirected to before, which
 * may have expired.
 */
#include "copy/download.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

enum {
	PROGRESS_BYTES = 1024 * 1024, /* this many bytes count as progress */
	PROGRESS_MS = 60000,          /* after this time a single byte does */
};

static const struct retry_policy few_tries = {.attempts = 3, .base_ms = 500, .cap_ms = 5000};

/* Opens a foreign layer, which the source does not have, at an address from its manifest. */
static bool open_elsewhere(struct download *download, struct error *err)
{
	const struct descriptor *blob = download->blob;
	bool absent = err->kind == ERROR_MISSING || err->kind == ERROR_DENIED;
	if (!blob->nondistributable || download->from->target || !absent)
		return false;
	for (size_t i = 0; i < blob->url_count; i++)
		if (store_open_url(download->from, blob->urls[i], &download->part,
				   &download->stream, err))
			return true;
	return error_wrap(err, "foreign layer %s%s", blob->digest,
			  blob->url_count ? "" : ", which has no urls");
}

/* True when what came for a piece is that piece; else it is closed. */
static bool is_piece(struct download *download, const char *etag, struct error *err)
{
	const struct blob_part *part = &download->part;
	bool other = etag[0] && part->etag[0] && strcmp(etag, part->etag) != 0;
	if (download->stream && part->from == download->offset && !other)
		return true;
	reader_close(&download->stream);
	return error_set(err, ERROR_UNSUPPORTED, "the source does not send parts of the blob");
}

/* One try to open the piece. */
static bool open_piece(struct download *download, struct error *err)
{
	struct blob_part *part = &download->part;
	const struct blob_part wanted = *part;
	if (store_open(download->from, download->blob->digest, part, &download->stream, err))
		return is_piece(download, wanted.etag, err);
	if (part->whole)
		return is_piece(download, wanted.etag, err);
	*part = wanted;
	return false;
}

/* One try to open the rest of the blob. */
static bool open_part(struct download *download, struct error *err)
{
	reader_close(&download->stream);
	download->part.from = download->offset;
	if (download->piece)
		return open_piece(download, err);
	if (!store_open(download->from, download->blob->digest, &download->part, &download->stream,
			err) &&
	    !open_elsewhere(download, err))
		return false;
	download->discard = download->offset - download->part.from;
	return true;
}

/* Reads from the stream, skipping bytes that were handed out before. */
static bool read_stream(struct download *download, void *at, size_t size, size_t *got,
			struct error *err)
{
	struct reader *reader = download->stream;
	for (;;) {
		size_t most = size;
		if (download->discard && (int64_t)most > download->discard)
			most = (size_t)download->discard;
		if (!reader->read(reader, at, most, got, err))
			return false;
		if (!*got)
			return error_set(err, ERROR_CORRUPT, "the source ended %lld bytes early",
					 (long long)(download->end - download->offset));
		if (!download->discard)
			return true;
		download->discard -= (int64_t)*got;
	}
}

/* Waits until it is time for the next try. False: there is no further try, err says why. */
static bool may_resume(struct download *download, struct error *err)
{
	int64_t now = clock_ms();
	if (err->kind == ERROR_CANCELED)
		return false;
	bool progress =
		download->offset - download->mark >= PROGRESS_BYTES ||
		(download->offset > download->mark && now - download->marked_ms >= PROGRESS_MS);
	if (progress) {
		download->attempt = 0;
		download->mark = download->offset;
		download->marked_ms = now;
	}
	log_debug("blob %s broke off at byte %lld", download->blob->digest,
		  (long long)download->offset);
	store_spoiled(download->from, download->blob->digest, err);
	return retry_wait(download->policy, download->attempt++, err);
}

static bool download_read(struct reader *reader, void *at, size_t size, size_t *got,
			  struct error *err)
{
	struct download *download = (struct download *)reader;
	int64_t left = download->end - download->offset;
	*got = 0;
	if (!left)
		return true;
	if ((int64_t)size > left)
		size = (size_t)left;
	for (;;) {
		if ((download->stream || open_part(download, err)) &&
		    read_stream(download, at, size, got, err))
			break;
		reader_close(&download->stream);
		if (!may_resume(download, err))
			return false;
	}
	download->offset += (int64_t)*got;
	return true;
}

void download_prepare(struct download *download, const struct store *from,
		      const struct descriptor *blob, int64_t offset, bool fresh)
{
	*download = (struct download){.reader = {.read = download_read},
				      .from = from,
				      .blob = blob,
				      .part = {.size = blob->size, .fresh = fresh},
				      .policy = &retry_default,
				      .end = blob->size,
				      .offset = offset,
				      .mark = offset,
				      .marked_ms = clock_ms()};
}

void download_piece(struct download *download, const struct store *from,
		    const struct descriptor *blob, int64_t offset, int64_t end, const char *etag)
{
	download_prepare(download, from, blob, offset, false);
	download->piece = true;
	download->policy = &few_tries;
	download->end = end;
	download->part.end = end;
	snprintf(download->part.etag, sizeof(download->part.etag), "%s", etag);
}

void download_move(struct download *download, int64_t offset)
{
	reader_close(&download->stream);
	download->offset = offset;
}

bool download_begin(struct download *download, struct error *err)
{
	while (!open_part(download, err))
		if (!may_resume(download, err))
			return false;
	return true;
}

bool download_open(struct download *download, const struct store *from,
		   const struct descriptor *blob, int64_t offset, bool fresh, struct error *err)
{
	download_prepare(download, from, blob, offset, fresh);
	return download_begin(download, err);
}

bool download_end(struct download *download, struct error *err)
{
	struct error ignored;
	char extra;
	size_t got = 0;
	if (!download->stream)
		return true;
	struct reader *reader = download->stream;
	bool more = reader->read(reader, &extra, 1, &got, &ignored) && got;
	/* Others can use the connection now, however long the upload takes to be committed. */
	reader_close(&download->stream);
	if (!more)
		return true;
	return error_set(err, ERROR_CORRUPT, "the source sent more than the %lld bytes announced",
			 (long long)(download->piece ? download->end - download->part.from
						     : download->blob->size));
}

void download_close(struct download *download)
{
	reader_close(&download->stream);
}
