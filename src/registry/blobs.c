/*
 * The POST that opens an upload also asks whether the blob can be mounted from another repository,
 * or is already in this one. upload.c sends the bytes.
 */
#include "registry/blobs.h"

#include "base/log.h"
#include "base/percent.h"
#include "registry/answer.h"
#include "registry/create.h"
#include "registry/facts.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/request.h"

#include <string.h>

/* No registry has a reason to require larger chunks than this. */
enum { CHUNK_MIN_MAX = 1024 * 1024 * 1024 };

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

static int64_t end_of(const struct blob_part *part)
{
	return part->end ? part->end : part->size;
}

/* True when "bytes FIRST-LAST/TOTAL" is the requested part of the blob (RFC 9110, 14.4). */
static bool fits_range(const struct http_answer *answer, const struct blob_part *part)
{
	struct str value;
	struct str more;
	size_t at = 0;
	char wanted[96];
	if (!http_header_next(answer, "Content-Range", &at, &value) ||
	    http_header_next(answer, "Content-Range", &at, &more))
		return false;
	snprintf(wanted, sizeof(wanted), "bytes %lld-%lld/%lld", (long long)part->from,
		 (long long)end_of(part) - 1, (long long)part->size);
	return str_is(value, wanted);
}

/* Keeps the entity tag of the answer if it is a strong one. */
static void keep_etag(const struct http_answer *answer, struct blob_part *part)
{
	struct str etag = http_header(answer, "ETag");
	bool usable = etag.len >= 2 && etag.len < sizeof(part->etag) && etag.at[0] == '"';
	snprintf(part->etag, sizeof(part->etag), "%.*s", usable ? (int)etag.len : 0,
		 usable ? etag.at : "");
}

/* The range cannot be used: an error, and the next attempt requests the whole blob. */
static bool range_refused(struct blob_part *part, struct error *err)
{
	part->whole = true;
	error_set(err, ERROR_NETWORK, "the registry did not send the requested range");
	return false;
}

/* A blob of another size cannot be the one in the manifest, so it is not read at all. */
static bool check_size(const struct http_answer *answer, const struct blob_part *part,
		       struct error *err)
{
	int64_t length = 0;
	if (answer->status != 200 || !part->size ||
	    !str_to_int64(http_header(answer, "Content-Length"), &length) || length == part->size)
		return true;
	return error_set(err, ERROR_CORRUPT,
			 "the manifest says it has %lld bytes, but %s sends %lld: one of the two "
			 "is wrong",
			 (long long)part->size, answer->host, (long long)length);
}

bool blobs_judge(const struct http_answer *answer, struct blob_part *part, struct error *err)
{
	struct str coding = http_header(answer, "Content-Encoding");
	if (answer->status == 416)
		return range_refused(part, err);
	if (coding.len && !str_equal_nocase(coding, str_of("identity")))
		return error_set(err, ERROR_CORRUPT,
				 "the blob was sent encoded (%.*s), which was not requested",
				 STR_ARGS(coding));
	if (!check_size(answer, part, err))
		return false;
	if (answer->status == 206 && (!part->from || !fits_range(answer, part)))
		return range_refused(part, err);
	if (answer->status == 200)
		part->from = 0;
	keep_etag(answer, part);
	return true;
}

bool blobs_open(const struct repository *repository, const char *digest, struct blob_part *part,
		struct stream **out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	if (part->whole)
		part->from = 0;
	struct request request = {.method = "GET",
				  .expect_size = end_of(part) - part->from,
				  .range_from = part->from,
				  .range_end = part->end,
				  .if_range = part->etag[0] ? part->etag : NULL,
				  .fresh = part->fresh};
	*out = NULL;
	request.path = arena ? blob_path(repository, arena, digest) : NULL;
	if (!request.path)
		return error_memory(err);
	if (!request_open(repository, &request, &answer, out, err))
		return describe(repository, digest, err);
	bool known = answer.status == 200 || answer.status == 206 || answer.status == 416;
	if (known && blobs_judge(&answer, part, err))
		return true;
	stream_close(out);
	if (!known)
		request_refused(repository, &request, &answer, err);
	return describe(repository, digest, err);
}

/* True for a target's refusal, which does not show whether the blob exists: the upload will. */
static bool is_silent(const struct repository *repository, const struct http_answer *answer)
{
	return repository->access.target && answer->status >= 400;
}

bool blobs_exists(const struct repository *repository, const char *digest, int64_t size,
		  bool *found, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct request request = {.method = "HEAD", .otherwise = repository->access.target};
	int64_t held = size;
	*found = false;
	if (repository->access.target &&
	    facts_hold(&repository->access, FACT_WRITE_ONLY, repository->name))
		return true;
	request.path = arena ? blob_path(repository, arena, digest) : NULL;
	if (!request.path)
		return error_memory(err);
	bool sent = request_send(repository, &request, &answer, err);
	if (!sent && (!request.otherwise || err->kind != ERROR_UNAVAILABLE ||
		      err->http_status < 500 || err->http_status == 503))
		return describe(repository, digest, err);
	if (answer.status == 401 && is_silent(repository, &answer))
		facts_learn(&repository->access, FACT_WRITE_ONLY, repository->name);
	struct str length = http_header(&answer, "Content-Length");
	*found = answer.status == 200 && (!length.len || str_to_int64(length, &held)) &&
		 held == size;
	if (answer.status == 200 || answer.status == 404 || is_silent(repository, &answer))
		return true;
	request_refused(repository, &request, &answer, err);
	return describe(repository, digest, err);
}

/* A POST that opens an upload, perhaps with a mount. */
struct opening {
	const struct repository *repository;
	struct upload *upload;
	struct request request;
	struct http_answer answer;
};

static void opening_finish(struct opening *opening)
{
	http_answer_finish(&opening->answer);
}

/* Sends it; from NULL: without a mount. The caller handles a refused mount. */
static bool begin(struct opening *opening, const char *from, struct error *err)
{
	scoped(buf_finish) struct buf path = {0};
	struct request *request = &opening->request;
	buf_printf(&path, "/v2/%s/blobs/uploads/", opening->repository->name);
	if (from) {
		buf_add_string(&path, "?mount=");
		percent_encode(str_of(opening->upload->digest), &path);
		buf_add_string(&path, "&from=");
		percent_encode(str_of(from), &path);
	}
	*request =
		(struct request){.method = "POST", .mount_from = from, .otherwise = from != NULL};
	request->path = buf_ok(&path) ? arena_string(opening->upload->arena, path.at) : NULL;
	if (!request->path)
		return error_memory(err);
	return create_send(opening->repository, request, request_send, &opening->answer, err);
}

static const char *mount_pair(struct arena *arena, const char *from, const char *to)
{
	const char *pair = arena_printf(arena, "%s %s", from, to);
	return pair ? pair : "";
}

/*
 * True when the refusal may be about the mount and not the upload: instead of opening an upload,
 * some registries refuse a mount that they cannot do, or that the login has no access for.
 */
static bool refuses_mount(bool sent, const struct http_answer *answer, const struct error *err)
{
	if (sent)
		return answer->status >= 400;
	return err->kind == ERROR_DENIED ||
	       (err->kind == ERROR_UNAVAILABLE && err->http_status >= 500);
}

/* Opens an upload with a mount, or without one if that is refused. */
static bool begin_with_mount(struct opening *opening, const char *from, struct error *err)
{
	const struct repository *repository = opening->repository;
	bool sent = begin(opening, from, err);
	bool refused = refuses_mount(sent, &opening->answer, err);
	int status = sent ? opening->answer.status : err->http_status;
	if (!refused)
		return sent;
	sent = begin(opening, NULL, err);
	if (!sent || opening->answer.status >= 400)
		return sent;
	log_debug("%s answers a mount from %s to %s with %d: no such mount is tried again",
		  repository->access.host->name, from, repository->name, status);
	facts_learn(&repository->access, FACT_NO_MOUNT,
		    mount_pair(opening->upload->arena, from, repository->name));
	return true;
}

/* Takes what the registry answered: a mount, an upload, or a refusal. */
static bool take_opening(struct opening *opening, struct error *err)
{
	struct upload *upload = opening->upload;
	const struct http_answer *answer = &opening->answer;
	const struct access *access = &opening->repository->access;
	upload->present = answer->status == 201 && opening->request.mount_from;
	if (upload->present)
		return true;
	if (answer->status < 200 || answer->status >= 300)
		return request_refused(opening->repository, &opening->request, answer, err);
	upload->open = true;
	upload->unmounted = opening->request.mount_from != NULL;
	if (!str_to_int64(http_header(answer, "OCI-Chunk-Min-Length"), &upload->chunk_min) ||
	    upload->chunk_min > CHUNK_MIN_MAX)
		upload->chunk_min = 0;
	return location_given(access, upload->arena, &opening->request, answer, &upload->location,
			      err);
}

/* Opens an upload, or mounts the blob from the repository named from; NULL: no mount. */
static bool begin_upload(const struct repository *repository, struct upload *upload,
			 const char *from, struct error *err)
{
	scoped(opening_finish) struct opening opening = {.repository = repository,
							 .upload = upload};
	bool sent = from ? begin_with_mount(&opening, from, err) : begin(&opening, NULL, err);
	return (sent && take_opening(&opening, err)) || describe(repository, upload->digest, err);
}

/*
 * The repository to mount from: the known location, or the repository itself if such a mount shows
 * whether the blob exists. NULL: mounting is not worth a try.
 */
static const char *mount_from(const struct repository *repository, const struct blob_offer *offer)
{
	const char *from = offer->location;
	scoped(arena_free) struct arena *arena = arena_new();
	if (!from && repository->access.host->profile->mount_shows)
		from = repository->name;
	if (offer->thorough || !from || !arena || !host_mounts(repository->access.host))
		return NULL;
	const char *pair = mount_pair(arena, from, repository->name);
	return facts_hold(&repository->access, FACT_NO_MOUNT, pair) ? NULL : from;
}

bool blobs_offer(const struct repository *repository, struct arena *arena,
		 const struct blob_offer *offer, struct upload *out, struct error *err)
{
	const char *from = mount_from(repository, offer);
	*out = (struct upload){.arena = arena, .digest = offer->digest, .size = offer->size};
	if (!from && !offer->thorough &&
	    !blobs_exists(repository, offer->digest, offer->size, &out->present, err))
		return false;
	if (out->present || (offer->reuse_only && !from))
		return true;
	if (!begin_upload(repository, out, from, err))
		return false;
	if (out->unmounted && offer->location)
		host_mount_undone(repository->access.host);
	return true;
}

bool blobs_parse_kept(struct str value, int64_t *kept)
{
	if (str_starts(value, "bytes="))
		value = str_from(value, 6);
	if (!str_starts(value, "0-") || !str_to_int64(str_from(value, 2), kept) || *kept < 0)
		return false;
	*kept += *kept > 0;
	return true;
}

bool blobs_resume(const struct repository *repository, struct upload *upload, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct request request = {.method = "GET", .url = &upload->location, .purpose = URL_UPLOAD};
	struct url next;
	int64_t kept = 0;
	if (!request_send_once(repository, &request, &answer, err))
		return false;
	if (answer.status != 204 || !blobs_parse_kept(http_header(&answer, "Range"), &kept))
		return error_set(err, ERROR_UNSUPPORTED, "the upload cannot be continued");
	if (!http_header(&answer, "Location").len)
		next = upload->location;
	else if (!location_given(&repository->access, upload->arena, &request, &answer, &next, err))
		return false;
	upload->location = next;
	upload->offset = kept;
	return true;
}

void blobs_cancel(const struct repository *repository, const struct upload *upload)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct error ignored;
	struct request request = {.method = "DELETE",
				  .url = &upload->location,
				  .purpose = URL_UPLOAD,
				  .cleanup = true};
	if (upload->location.text)
		request_send_once(repository, &request, &answer, &ignored);
}
