/* A run refers to what was loaded for it, so an edition is released by its last user. */
#include "cmd/edition.h"

#include "base/log.h"
#include "cmd/confine.h"
#include "cmd/load.h"
#include "config/environment.h"
#include "config/serve/server_file.h"

#include <string.h>

struct edition *edition_new(struct session *session, const struct options *options)
{
	struct arena *arena = arena_new();
	struct edition *edition = arena ? arena_new_of(arena, struct edition) : NULL;
	if (!edition) {
		arena_free(&arena);
		return NULL;
	}
	edition->arena = arena;
	edition->options = *options;
	if (options->server) {
		edition->server = *options->server;
		edition->options.server = &edition->server;
	}
	if (!run_open(&edition->loaded, session, &edition->options))
		edition_free(&edition);
	return edition;
}

/* What the process has begun with cannot be changed while it lives. */
static void warn_of_restart(const struct server_config *before, const struct server_config *now)
{
	const struct server_limits *old = &before->limits, *new = &now->limits;
	const struct {
		const char *name;
		bool same;
	} keys[] = {
		{"app.port", str_equal(str_of(before->listen), str_of(now->listen))},
		{"app.grace", before->grace == now->grace},
		{"app.limits", memcmp(old, new, sizeof(*old)) == 0},
		{"sync.interval", before->interval == now->interval},
		{"sync.filePosition.images",
		 str_equal(str_of(before->record), str_of(now->record))},
	};
	for (size_t i = 0; i < array_count(keys); i++)
		if (!keys[i].same)
			log_warn("%s: %s has changed, which takes effect after a restart",
				 now->path, keys[i].name);
}

/* What the file says of a sync was taken when the process began, and stays. */
static void read_server(struct edition *edition, struct problems *problems)
{
	const struct expand_lookup lookup = environment_lookup(&edition->options);
	const struct server_config before = edition->server;
	const char *path = before.path;
	struct document document;
	if (!document_read(edition->arena, path, &document, problems))
		return;
	server_file_read(edition->arena, &document, &lookup, &edition->server, NULL, problems);
	edition->server.path = path;
	warn_of_restart(&before, &edition->server);
}

bool edition_read(struct edition *edition, struct problems *problems)
{
	scoped(problem_finish) struct problems refused = {0};
	if (edition->options.server)
		read_server(edition, problems);
	/* It logs the mistakes of both. */
	bool good = load_run(&edition->loaded, problems);
	if (good && confine_check(&edition->loaded, &refused))
		return true;
	problem_log_errors(&refused);
	return false;
}

bool edition_settle(struct edition *edition)
{
	const struct run *loaded = &edition->loaded;
	const struct server_config *server = &edition->server;
	const struct narrow_rules rules = {loaded->rules, loaded->rule_count, loaded->namespaces,
					   loaded->namespace_count};
	const struct login_options login = {server->user, server->password, server->token,
					    server->anonymous};
	edition->narrow = narrow_new(edition->arena, &rules);
	edition->login = login_new(&login);
	edition->rules = (struct hooks_rules){server, edition->narrow, edition->login, edition};
	return edition->narrow && edition->login;
}

void edition_free(struct edition **edition)
{
	if (!*edition)
		return;
	struct arena *arena = (*edition)->arena;
	run_close(&(*edition)->loaded);
	narrow_free(&(*edition)->narrow);
	login_free(&(*edition)->login);
	arena_free(&arena);
	*edition = NULL;
}

void edition_enforce(struct editions *editions, struct edition *edition)
{
	pthread_mutex_lock(&editions->lock);
	struct edition *before = editions->current;
	editions->current = edition;
	if (edition)
		edition->holders++;
	pthread_mutex_unlock(&editions->lock);
	if (before)
		edition_release(editions, before);
}

struct edition *edition_hold(struct editions *editions)
{
	pthread_mutex_lock(&editions->lock);
	struct edition *edition = editions->current;
	edition->holders++;
	pthread_mutex_unlock(&editions->lock);
	return edition;
}

void edition_release(struct editions *editions, struct edition *edition)
{
	pthread_mutex_lock(&editions->lock);
	bool last = --edition->holders == 0;
	pthread_mutex_unlock(&editions->lock);
	if (last)
		edition_free(&edition);
}
