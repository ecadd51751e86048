/*
 * Normally an upload takes two requests, POST and PUT of the whole blob; the body is streamed, and
 * its length is known. A registry that refuses the PUT because of its size gets PATCHes with parts
 * of the blob; one that refuses it for another reason gets one PATCH and then a PUT without bytes.
 * Both are learnt once per registry.
 */
#include "registry/upload.h"

#include "base/log.h"
#include "base/percent.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/request.h"

#include <string.h>

/* One upload on its way. */
struct sending {
	const struct repository *repository;
	struct upload *upload;
	struct reader *body;
	bool unusual; /* a PATCH was answered by 201, as by ECR, which may already have the blob */
};

static bool has_upload_code(const struct http_answer *answer)
{
	return answer_has_code(answer, "BLOB_UPLOAD_UNKNOWN") ||
	       answer_has_code(answer, "BLOB_UPLOAD_INVALID");
}

/* True when the refusal is about the bytes, not about how they were sent. */
static bool is_about_content(const struct http_answer *answer)
{
	return answer_has_code(answer, "DIGEST_INVALID") || answer_has_code(answer, "SIZE_INVALID");
}

/* True when the form of a PUT with all bytes was refused: the next attempt uses PATCH. */
static bool wants_patch(const struct sending *sending, const struct http_answer *answer)
{
	int status = answer->status;
	bool fits = status == 400 || status == 404 || status == 405 || status == 411 ||
		    status == 415 || status == 501;
	fits = fits && !has_upload_code(answer) && !is_about_content(answer);
	if (fits)
		host_wants_patch(sending->repository->access.host);
	return fits;
}

/* Fills err, and tells failures that another attempt may cure from refusals. Always false. */
static bool refused(const struct sending *sending, const struct request *request,
		    const struct http_answer *answer, struct error *err)
{
	struct host *host = sending->repository->access.host;
	int64_t most = 0;
	request_refused(sending->repository, request, answer, err);
	bool other = answer->status == 413
			     ? host_too_large(host, request->stream_size, &most)
			     : request->stream_size && strcmp(request->method, "PUT") == 0 &&
				       wants_patch(sending, answer);
	if (most)
		log_info(
			"%s does not accept a body of %lld bytes: sending at most %lld from now on",
			host->name, (long long)request->stream_size, (long long)most);
	if (other || answer->status == 404 || answer->status == 416 || has_upload_code(answer))
		err->kind = ERROR_UNAVAILABLE;
	else if (is_about_content(answer))
		err->kind = ERROR_CORRUPT;
	return false;
}

/* Checks that a registry that closed an upload without naming its digest holds the blob. */
static bool confirm(const struct sending *sending, struct error *err)
{
	bool found = false;
	if (!blobs_exists(sending->repository, sending->upload->digest, sending->upload->size,
			  &found, err))
		return false;
	return found ||
	       error_set(err, ERROR_CORRUPT, "accepted, but the registry does not hold it");
}

static bool closing_url(const struct sending *sending, struct url *out, struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	const char *location = sending->upload->location.text;
	buf_printf(&text, "%s%cdigest=", location, strchr(location, '?') ? '&' : '?');
	percent_encode(str_of(sending->upload->digest), &text);
	if (!buf_ok(&text))
		return error_memory(err);
	return url_parse(sending->upload->arena, text.at, out, err);
}

/* Closes the upload by a PUT with the last size bytes. */
static bool put(struct sending *sending, int64_t size, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct error ignored;
	struct url url;
	struct request request = {.method = "PUT",
				  .url = &url,
				  .purpose = URL_UPLOAD,
				  .content_type = "application/octet-stream",
				  .stream = size ? sending->body : NULL,
				  .stream_size = size,
				  .upload_from = size ? sending->upload->offset : 0};
	if (!closing_url(sending, &url, err) ||
	    !request_send_once(sending->repository, &request, &answer, err))
		return false;
	struct str stored = http_header(&answer, "Docker-Content-Digest");
	if (answer.status < 200 || answer.status >= 300)
		return (sending->unusual && confirm(sending, &ignored)) ||
		       refused(sending, &request, &answer, err);
	if (stored.len && !str_is(stored, sending->upload->digest))
		return error_set(err, ERROR_CORRUPT, "the registry stored it as %.*s",
				 STR_ARGS(stored));
	return stored.len || confirm(sending, err);
}

/* Sends the next size bytes by a PATCH. */
static bool patch(struct sending *sending, int64_t size, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct upload *upload = sending->upload;
	struct url next;
	int64_t kept = 0;
	struct request request = {.method = "PATCH",
				  .url = &upload->location,
				  .purpose = URL_UPLOAD,
				  .content_type = "application/octet-stream",
				  .stream = sending->body,
				  .stream_size = size,
				  .ranged = true,
				  .upload_from = upload->offset};
	if (!request_send_once(sending->repository, &request, &answer, err))
		return false;
	if (answer.status < 200 || answer.status >= 300)
		return refused(sending, &request, &answer, err);
	const int64_t sent = upload->offset + size;
	if (blobs_parse_kept(http_header(&answer, "Range"), &kept) && kept && kept != sent)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the registry kept %lld of the %lld bytes sent", (long long)kept,
				 (long long)sent);
	sending->unusual |= answer.status == 201;
	if (!http_header(&answer, "Location").len)
		next = upload->location;
	else if (!location_given(&sending->repository->access, sending->upload->arena, &request,
				 &answer, &next, err))
		return false;
	upload->location = next;
	upload->offset += size;
	return true;
}

static bool send_all(struct sending *sending, struct error *err)
{
	struct upload *upload = sending->upload;
	int64_t most = 0;
	enum profile_upload way =
		host_upload(sending->repository->access.host, upload->size, &most);
	if (way == PROFILE_WHOLE || upload->offset == upload->size)
		return put(sending, upload->size - upload->offset, err);
	if (most < upload->chunk_min)
		most = upload->chunk_min;
	while (upload->offset < upload->size) {
		int64_t left = upload->size - upload->offset;
		int64_t size = way == PROFILE_CHUNKS && left > most ? most : left;
		if (!patch(sending, size, err))
			return false;
	}
	return put(sending, 0, err);
}

bool upload_send(const struct repository *repository, struct upload *upload, struct reader *body,
		 struct error *err)
{
	struct sending sending = {.repository = repository, .upload = upload, .body = body};
	return send_all(&sending, err) ||
	       error_wrap(err, "blob %s/%s@%s", registry_host_name(repository), repository->name,
			  upload->digest);
}
