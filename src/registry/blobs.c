/*
 * An upload is POST then PUT of the whole blob, two requests, which every registry of the table in
 * registry-protocol.md takes up to its size limits. The body streams; its length is known.
 */
#include "registry/blobs.h"

#include "base/percent.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/mirror.h"
#include "registry/request.h"

#include <string.h>

static const char *blob_path(const struct repository *repository, struct arena *arena,
			     const char *digest)
{
	return arena_printf(arena, "/v2/%s/blobs/%s", repository->name, digest);
}

static bool describe(const struct repository *repository, const char *digest, struct error *err)
{
	return error_wrap(err, "blob %s/%s@%s", registry_host_name(repository), repository->name,
			  digest);
}

static bool open_at(const struct repository *repository, const char *digest, int64_t size,
		    struct stream **out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct request request = {.method = "GET", .expect_size = size};
	*out = NULL;
	request.path = arena ? blob_path(repository, arena, digest) : NULL;
	if (!request.path)
		return error_memory(err);
	if (!request_open(repository, &request, &answer, out, err))
		return describe(repository, digest, err);
	if (*out && answer.status == 200)
		return true;
	stream_close(out);
	request_refused(repository, &request, &answer, err);
	return describe(repository, digest, err);
}

bool blobs_open(const struct repository *repository, const char *digest, int64_t size,
		struct stream **out, struct error *err)
{
	struct repository mirror;
	bool trusted = !mirror_distrusted(repository, digest);
	for (size_t i = 0; trusted && mirror_at(repository, i, &mirror); i++) {
		struct error failure;
		if (open_at(&mirror, digest, size, out, &failure))
			return true;
		mirror_passed(&mirror, failure.kind == ERROR_MISSING ? NULL : &failure);
	}
	return open_at(repository, digest, size, out, err);
}

void blobs_spoiled(const struct repository *repository, const char *digest)
{
	mirror_distrust(repository, digest);
}

bool blobs_exists(const struct repository *repository, const char *digest, int64_t size,
		  bool *found, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct request request = {.method = "HEAD"};
	int64_t held = size;
	request.path = arena ? blob_path(repository, arena, digest) : NULL;
	if (!request.path)
		return error_memory(err);
	if (!request_send(repository, &request, &answer, err))
		return describe(repository, digest, err);
	struct str length = http_header(&answer, "Content-Length");
	*found = answer.status == 200 && (!length.len || str_to_int64(length, &held)) &&
		 held == size;
	bool hidden = answer.status == 403 && repository->target;
	if (answer.status == 200 || answer.status == 404 || hidden)
		return true;
	request_refused(repository, &request, &answer, err);
	return describe(repository, digest, err);
}

static bool begin(const struct repository *repository, struct arena *arena, const char *digest,
		  const char *from, struct http_answer *answer, struct request *request,
		  struct error *err)
{
	scoped(buf_finish) struct buf path = {0};
	buf_printf(&path, "/v2/%s/blobs/uploads/", repository->name);
	if (from) {
		buf_add_string(&path, "?mount=");
		percent_encode(str_of(digest), &path);
		buf_add_string(&path, "&from=");
		percent_encode(str_of(from), &path);
	}
	*request = (struct request){.method = "POST", .mount_from = from};
	request->path = buf_ok(&path) ? arena_string(arena, path.at) : NULL;
	if (!request->path)
		return error_memory(err);
	return request_send(repository, request, answer, err);
}

bool blobs_begin(const struct repository *repository, struct arena *arena, const char *digest,
		 const char *from, struct upload *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct request request;
	*out = (struct upload){0};
	bool ok = begin(repository, arena, digest, from, &answer, &request, err);
	/* Registries exist that refuse a mount they cannot do, instead of opening an upload. */
	bool elsewhere = from && strcmp(from, repository->name) != 0;
	bool refused = ok ? answer.status >= 400 && answer.status != 403
			  : err->kind == ERROR_DENIED && elsewhere;
	if (refused && from)
		ok = begin(repository, arena, digest, NULL, &answer, &request, err);
	if (!ok)
		return describe(repository, digest, err);
	if (answer.status == 201 && from) {
		out->present = true;
		return true;
	}
	if (answer.status < 200 || answer.status >= 300) {
		request_refused(repository, &request, &answer, err);
		return describe(repository, digest, err);
	}
	return location_given(repository, arena, &request, &answer, &out->location, err) ||
	       describe(repository, digest, err);
}

/* The end of an upload: what another try from the start may cure is told apart from refusals. */
static void upload_refused(const struct repository *repository, const struct request *request,
			   const struct http_answer *answer, struct error *err)
{
	request_refused(repository, request, answer, err);
	if (answer->status == 404 || answer->status == 416 ||
	    answer_has_code(answer, "BLOB_UPLOAD_UNKNOWN") ||
	    answer_has_code(answer, "BLOB_UPLOAD_INVALID"))
		err->kind = ERROR_UNAVAILABLE;
	else if (answer_has_code(answer, "DIGEST_INVALID") ||
		 answer_has_code(answer, "SIZE_INVALID"))
		err->kind = ERROR_CORRUPT;
}

/* For a registry that accepted an upload without naming its digest: does it hold the blob? */
static bool confirm(const struct repository *repository, const char *digest, int64_t size,
		    struct error *err)
{
	bool found = false;
	if (!blobs_exists(repository, digest, size, &found, err))
		return false;
	if (found)
		return true;
	error_set(err, ERROR_CORRUPT, "accepted, but the registry does not hold it");
	return describe(repository, digest, err);
}

bool blobs_send(const struct repository *repository, const struct upload *upload,
		const char *digest, struct reader *body, int64_t size, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct url url;
	if (!arena)
		return error_memory(err);
	buf_printf(&text, "%s%cdigest=", upload->location.text,
		   strchr(upload->location.text, '?') ? '&' : '?');
	percent_encode(str_of(digest), &text);
	if (!buf_ok(&text))
		return error_memory(err);
	struct request request = {.method = "PUT",
				  .url = &url,
				  .purpose = URL_UPLOAD,
				  .content_type = "application/octet-stream",
				  .stream = size ? body : NULL,
				  .stream_size = size};
	if (!url_parse(arena, text.at, &url, err) ||
	    !request_send_once(repository, &request, &answer, err))
		return describe(repository, digest, err);
	struct str stored = http_header(&answer, "Docker-Content-Digest");
	if (answer.status < 200 || answer.status >= 300)
		upload_refused(repository, &request, &answer, err);
	else if (stored.len && !str_is(stored, digest))
		error_set(err, ERROR_CORRUPT, "the registry stored it as %.*s", STR_ARGS(stored));
	else
		return stored.len || confirm(repository, digest, size, err);
	return describe(repository, digest, err);
}

void blobs_cancel(const struct repository *repository, const struct upload *upload)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct error ignored;
	struct request request = {
		.method = "DELETE", .url = &upload->location, .purpose = URL_UPLOAD};
	if (upload->location.text)
		request_send_once(repository, &request, &answer, &ignored);
}

bool blobs_mountable(const struct repository *repository)
{
	return !host_mount_useless(repository->host);
}

void blobs_mount_useless(const struct repository *repository)
{
	host_set_mount_useless(repository->host);
}
