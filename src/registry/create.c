/*
 * A repository that exists by the time it is created is as good as a new one: another job may have
 * been faster. What failed for all time, for lack of a permission say, is not tried again for the
 * next image of the same repository.
 */
#include "registry/create.h"

#include "base/flight.h"
#include "base/log.h"
#include "base/map.h"
#include "base/retry.h"
#include "doc/json_writer.h"
#include "registry/answer.h"
#include "registry/creation.h"
#include "registry/harbor.h"
#include "registry/host.h"
#include "registry/registry_private.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024 };

struct creations {
	struct arena *arena;
	pthread_mutex_t lock; /* guards arena and the members below */
	pthread_cond_t changed;
	struct map flights; /* what is created -> struct flight */
};

struct creations *create_cache_new(void)
{
	struct arena *arena = arena_new();
	struct creations *creations = arena ? arena_new_of(arena, struct creations) : NULL;
	if (!creations) {
		arena_free(&arena);
		return NULL;
	}
	creations->arena = arena;
	pthread_mutex_init(&creations->lock, NULL);
	pthread_cond_init(&creations->changed, NULL);
	return creations;
}

void create_cache_free(struct creations **creations)
{
	if (!*creations)
		return;
	struct arena *arena = (*creations)->arena;
	map_finish(&(*creations)->flights);
	pthread_cond_destroy(&(*creations)->changed);
	pthread_mutex_destroy(&(*creations)->lock);
	*creations = NULL;
	arena_free(&arena);
}

/* --- what is missing ------------------------------------------------------------------------- */

static bool lacks_repository(const struct repository *repository, const struct http_answer *answer)
{
	const struct creation_settings *settings = repository->creation->repository;
	struct ecr_name ignored;
	return answer->status == 404 && (!settings || settings->wanted) &&
	       ecr_has_keys(&repository->access, &ignored) &&
	       answer_has_code(answer, "NAME_UNKNOWN");
}

static bool lacks_project(const struct repository *repository, const struct http_answer *answer)
{
	return repository->creation->project == CREATION_YES && strchr(repository->name, '/') &&
	       harbor_lacks_project(answer);
}

bool create_lacks(const struct repository *repository, const struct http_answer *answer)
{
	return repository->access.target && repository->creation && answer->status >= 400 &&
	       (lacks_repository(repository, answer) || lacks_project(repository, answer));
}

/* --- a repository of Amazon ECR -------------------------------------------------------------- */

static void write_tags(const struct creation_settings *settings, struct json_writer *writer)
{
	json_writer_name(writer, "tags");
	json_writer_open_list(writer);
	for (size_t i = 0; i < settings->tag_count; i++) {
		json_writer_open_object(writer);
		json_writer_name(writer, "Key");
		json_writer_string(writer, settings->tags[i].key);
		json_writer_name(writer, "Value");
		json_writer_string(writer, settings->tags[i].value);
		json_writer_close_object(writer);
	}
	json_writer_close_list(writer);
}

/* Writes the JSON of the call. What is not given is left to AWS. */
static void write_settings(const struct creation_settings *settings, struct json_writer *writer)
{
	if (settings->scan) {
		json_writer_name(writer, "imageScanningConfiguration");
		json_writer_open_object(writer);
		json_writer_name(writer, "scanOnPush");
		json_writer_bool(writer, true);
		json_writer_close_object(writer);
	}
	if (settings->immutable) {
		json_writer_name(writer, "imageTagMutability");
		json_writer_string(writer, "IMMUTABLE");
	}
	if (settings->tag_count)
		write_tags(settings, writer);
}

static bool create_repository(const struct repository *repository, struct error *err)
{
	static const struct creation_settings usual = {.wanted = true};
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(buf_finish) struct buf body = {0};
	const struct creation_settings *settings = repository->creation->repository;
	struct json_writer writer = {.out = &body, .compact = true};
	struct ecr_name name;
	char account[ECR_HOST_SIZE];
	if (!settings)
		settings = &usual;
	ecr_has_keys(&repository->access, &name);
	snprintf(account, sizeof(account), "%.*s", STR_ARGS(name.account));
	json_writer_open_object(&writer);
	json_writer_name(&writer, "registryId");
	json_writer_string(&writer, account);
	json_writer_name(&writer, "repositoryName");
	json_writer_string(&writer, repository->name);
	write_settings(settings, &writer);
	json_writer_close_object(&writer);
	if (!buf_ok(&body))
		return error_memory(err);
	const struct ecr_call call = {
		.action = "CreateRepository",
		.permission = settings->tag_count ? "ecr:CreateRepository (and ecr:TagResource)"
						  : "ecr:CreateRepository",
		.settled = "RepositoryAlreadyExistsException",
		.body = buf_str(&body),
		.answer_max = ANSWER_MAX};
	return ecr_call(&repository->access, &name, &call, &answer, err) ||
	       error_wrap(err, "the repository does not exist and could not be created");
}

/* --- once for all threads -------------------------------------------------------------------- */

/* Which other threads a failure concerns. */
static enum flight_share share_of(const struct error *err)
{
	if (error_is_stop(err) || err->kind == ERROR_MEMORY)
		return FLIGHT_OWN;
	return retry_helps(err->kind) ? FLIGHT_WAITING : FLIGHT_ALL;
}

/* Finds the flight that creates what is called name. NULL without memory. Caller holds the lock. */
static struct flight *find_flight(struct creations *creations, const struct repository *repository,
				  struct str name)
{
	scoped(buf_finish) struct buf key = {0};
	const struct access *access = &repository->access;
	buf_printf(&key, "%p %p %.*s", (const void *)access->host, (const void *)access->credential,
		   STR_ARGS(name));
	struct flight *flight = buf_ok(&key) ? map_get(&creations->flights, buf_str(&key)) : NULL;
	if (flight || !buf_ok(&key))
		return flight;
	flight = arena_new_of(creations->arena, struct flight);
	return flight && map_put(&creations->flights, buf_str(&key), flight) ? flight : NULL;
}

/* Ends the lead of the thread that has created it, or has failed to. */
static bool settle(struct creations *creations, struct flight *flight, bool ok,
		   const struct error *err)
{
	pthread_mutex_lock(&creations->lock);
	if (ok)
		flight_land(flight, &creations->changed);
	else
		flight_fail(flight, &creations->changed, creations->arena, share_of(err), NULL,
			    err);
	pthread_mutex_unlock(&creations->lock);
	return ok;
}

/* Creates what the answer says is missing, unless another thread has done so. */
static bool create(const struct repository *repository, bool project, struct error *err)
{
	struct creations *creations = repository->access.registry->creations;
	const struct str name =
		str_head(str_of(repository->name),
			 project ? strcspn(repository->name, "/") : strlen(repository->name));
	enum flight_turn turn = FLIGHT_FAILED;
	pthread_mutex_lock(&creations->lock);
	struct flight *flight = find_flight(creations, repository, name);
	if (flight)
		turn = flight_board(flight, &creations->changed, &creations->lock, NULL, err);
	else
		error_memory(err);
	pthread_mutex_unlock(&creations->lock);
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED;
	bool ok =
		project ? harbor_create(repository, name, err) : create_repository(repository, err);
	if (ok)
		log_info("created the %s %s/%.*s", project ? "project" : "repository",
			 repository->access.host->name, STR_ARGS(name));
	return settle(creations, flight, ok, err);
}

bool create_send(const struct repository *repository, const struct request *request,
		 bool (*send)(const struct repository *repository, const struct request *request,
			      struct http_answer *answer, struct error *err),
		 struct http_answer *answer, struct error *err)
{
	bool sent = send(repository, request, answer, err);
	if (!create_lacks(repository, answer))
		return sent;
	if (!create(repository, lacks_project(repository, answer), err))
		return false;
	sent = send(repository, request, answer, err);
	if (!create_lacks(repository, answer))
		return sent;
	error_set(err, ERROR_UNAVAILABLE, "it was created, but %s does not know it yet",
		  repository->access.host->name);
	err->http_status = answer->status;
	return false;
}
