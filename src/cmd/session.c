/* The process's part of a run, made once. */
#include "cmd/session.h"

#include "base/secret_environment.h"
#include "cmd/about.h"
#include "cmd/state_keeper.h"
#include "config/auth/registry_options.h"
#include "config/outputs.h"
#include "config/proxy_variables.h"

#include <string.h>
#include <sys/resource.h>

extern char **environ;

enum {
	WIDTH_MIN = 36,
	WIDTH_MAX = 128,
	FILES_KEPT = 64, /* idle connections, and files of the process itself */
	FILES_EACH = 8,
	FILES_OWN = 8,    /* of these, where connections are not kept idle */
	FILES_WORKER = 4, /* two connections, each with a descriptor to wake its loop */
};

void session_log(struct session *session, FILE *stream, enum log_level level)
{
	session->log = stream;
	session->level = level;
	session->log_in_file = stream != NULL;
	session->logging = true;
	log_open(stream ? stream : stderr, level);
}

void session_log_again(struct session *session, const struct options *options)
{
	scoped(problem_finish) struct problems problems = {0};
	FILE *before = session->log;
	if (!before)
		return;
	FILE *fresh = outputs_log(options, true, &problems);
	if (!fresh) {
		log_error("%s", buf_string(&problems.errors));
		return;
	}
	session->log = fresh;
	log_open(fresh, session->level);
	fclose(before);
}

/* How many may share the open files, of which each needs some beside those kept: from 1 to most. */
static unsigned share_of_files(unsigned kept, unsigned each, unsigned most)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return WIDTH_MIN < most ? WIDTH_MIN : most;
	if (limit.rlim_cur >= kept + most * each)
		return most;
	unsigned files = (unsigned)limit.rlim_cur;
	return files >= kept + each ? (files - kept) / each : 1;
}

/*
 * --proc 0: as many as open files allow. A blob needs two connections, and the threads beside it
 * that check and list need some as well.
 */
unsigned session_blobs(const struct options *options)
{
	return options->proc ? (unsigned)options->proc
			     : share_of_files(FILES_KEPT, FILES_EACH, WIDTH_MAX);
}

/*
 * Checks, manifests and small blobs run wider than blobs; --proc 1 makes all of it serial. Workers
 * that could not open a connection would only wait.
 */
static unsigned pool_width(const struct options *options)
{
	unsigned blobs = session_blobs(options), width = WIDTH_MAX;
	if (blobs == 1)
		return 1;
	if (blobs <= WIDTH_MAX / 3)
		width = blobs * 3 > WIDTH_MIN ? blobs * 3 : WIDTH_MIN;
	return share_of_files(FILES_OWN, FILES_WORKER, width);
}

bool session_last(struct session *session)
{
	size_t count = 0;
	while (environ[count])
		count++;
	char **copy = arena_array(session->arena, count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++)
		if (!(copy[i] = arena_string(session->arena, environ[i])))
			return false;
	if (!copy)
		return false;
	for (size_t i = 0; i < count; i++)
		explicit_bzero(environ[i], strlen(environ[i]));
	session->environment = environ;
	environ = copy;
	session->lasting = true;
	return true;
}

bool session_open(struct session *session, const struct options *options,
		  const struct limits *limits)
{
	scoped(problem_finish) struct problems problems = {0};
	struct http_options http = {.user_agent = about_user_agent,
				    .ca_file = registry_options_ca_file(options),
				    .proxies = &session->proxies,
				    .stall_seconds = options->stall_timeout,
				    .ports = session->ports,
				    .observer = session->observer,
				    .per_second = (unsigned)options->requests_per_second};
	/* What is wrong with them was reported when the configurations were read. */
	proxy_variables_read(session->arena, &session->proxies, &problems);
	bool keys = ecr_keys_read(session->arena, &session->aws);
	session->pool = pool_new(pool_width(options));
	session->http = http_new(&http);
	if (limits->bytes_per_second)
		session->throttle = throttle_new(limits->bytes_per_second);
	if (!session->lasting)
		secret_environment_leave();
	return keys && !problems.error_count && session->pool && session->http &&
	       (session->throttle || !limits->bytes_per_second);
}

struct ranges_budget *session_ranges(struct session *session, const struct options *options)
{
	return session->throttle || options->requests_per_second ? NULL : &session->ranges;
}

void session_close(struct session *session)
{
	pool_free(&session->pool);
	http_free(&session->http);
	throttle_free(&session->throttle);
	helpers_stop(&session->helpers);
	state_keeper_close(&session->keeper);
	if (session->environment)
		environ = session->environment;
	if (session->log) {
		log_open(stderr, LOG_INFO);
		fclose(session->log);
		session->log = NULL;
	}
	arena_free(&session->arena);
}
