/*
 * Harbor answers requests below a project that it does not have by 401, as if the login were wrong;
 * only the words say what is the matter. The login itself goes to the API, so the server must first
 * say that it is Harbor.
 */
#include "registry/harbor.h"

#include "doc/json_writer.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/registry_private.h"
#include "registry/wording.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024 };

bool harbor_answers(const struct repository *repository, bool *found, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct request request = {
		.method = "GET", .path = "/api/v2.0/ping", .answer_max = 4096, .otherwise = true};
	if (!request_send_once(repository, &request, &answer, err))
		return err->kind == ERROR_DENIED || err->http_status >= 400;
	*found = answer.status == 200 && str_is(str_trim(buf_str(&answer.body)), "Pong");
	return true;
}

bool harbor_lacks_project(const struct http_answer *answer)
{
	scoped(buf_finish) struct buf words = {0};
	int status = answer->status;
	if ((status != 401 && status != 403 && status != 404) ||
	    !wording_of_json(buf_str(&answer->body), &words))
		return false;
	/* "UNAUTHORIZED: project team not found: project team not found" */
	const char *project = strstr(buf_string(&words), "project ");
	return project && strstr(project, " not found");
}

/* The project as the body of the request. */
static bool write_project(struct str project, struct buf *out)
{
	char name[256];
	struct json_writer writer = {.out = out, .compact = true};
	snprintf(name, sizeof(name), "%.*s", STR_ARGS(project));
	json_writer_open_object(&writer);
	json_writer_name(&writer, "project_name");
	json_writer_string(&writer, name);
	json_writer_name(&writer, "public");
	json_writer_bool(&writer, false);
	json_writer_close_object(&writer);
	return buf_ok(out);
}

static bool post_project(const struct repository *repository, struct str project, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(buf_finish) struct buf body = {0};
	if (!write_project(project, &body))
		return error_memory(err);
	const struct request request = {.method = "POST",
					.path = "/api/v2.0/projects",
					.content_type = "application/json",
					.body = buf_str(&body),
					.answer_max = ANSWER_MAX,
					.basic = true,
					.stay = true};
	if (!request_send(repository, &request, &answer, err))
		return false;
	if (answer.status == 201 || answer.status == 409)
		return true;
	answer_error(&answer, err);
	if (err->kind == ERROR_DENIED)
		error_wrap(err, "this login may not create projects");
	return false;
}

bool harbor_create(const struct repository *repository, struct str project, struct error *err)
{
	bool found = false;
	if (!harbor_answers(repository, &found, err))
		return error_wrap(err, "/api/v2.0/ping");
	if (!found)
		return error_set(err, ERROR_UNSUPPORTED,
				 "the project %.*s does not exist, and %s is not Harbor: create it "
				 "there",
				 STR_ARGS(project), repository->access.host->name);
	if (!post_project(repository, project, err))
		return error_wrap(err, "the project %.*s does not exist and could not be created",
				  STR_ARGS(project));
	token_forget(repository->access.registry->tokens);
	return true;
}
