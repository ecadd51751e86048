/*
 * A whole copy against registries that answer anything: the first byte says what is done, the rest
 * is the script of conversation.h. Whatever they say, the password stays with its host, and nobody
 * calls an image copied whose manifest no registry took.
 */
#include "fuzz.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/secret.h"
#include "config/proxy_variables.h"
#include "conversation.h"
#include "copy/copier.h"
#include "discover/discover.h"
#include "net/http.h"
#include "registry/ecr.h"
#include "registry/registry_store.h"
#include "registry/tags.h"

enum { DO_FORCE = 1, DO_DRY_RUN = 2, DO_FILTER = 4, DO_LIST = 8, DO_DISCOVER = 16 };

/* The second one is "user:Canary-Pa55word". */
static const char *const password[] = {"Canary-Pa55word", "dXNlcjpDYW5hcnktUGE1NXdvcmQ="};

static struct credential entries[] = {
	{.key = {"to.test", 7},
	 .username = "user",
	 .password = "Canary-Pa55word",
	 .insecure = true,
	 .place = "auth.yaml:1:1"},
	{.key = {"from.test", 9}, .insecure = true, .place = "auth.yaml:2:1"},
};
static const struct credentials credentials = {entries, 2};

static const char amazon[] = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
static const struct ecr_keys keys = {
	.access = "access", .secret = "Canary-Key", .endpoint = "http://api.test/"};

static const struct platform linux_amd64 = {.os = {"linux", 5}, .architecture = {"amd64", 5}};
static const struct platform_filter filter = {.platforms = &linux_amd64, .platform_count = 1};

/*
 * Whoever waits to try again has waited. Who waits for a server's pause to end does so on a
 * condition, which another thread may change instead: a moment for that, and the clock is put on.
 */
enum { MOMENT_MS = 1 };
static _Atomic int64_t put_on_ms;

bool __wrap_cancel_sleep(unsigned milliseconds);
bool __wrap_cancel_sleep(unsigned milliseconds)
{
	return milliseconds < UINT32_MAX;
}

int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
	return __real_clock_ms() + put_on_ms;
}

void __real_cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t milliseconds);
void __wrap_cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t milliseconds);
void __wrap_cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t milliseconds)
{
	int64_t moment = milliseconds < MOMENT_MS ? milliseconds : MOMENT_MS;
	__real_cond_wait_ms(cond, lock, moment);
	put_on_ms += milliseconds - moment;
}

struct client {
	struct arena *arena;
	struct http *http;
	struct registry *registry;
	struct registry_options options;
};

static void list(struct client *client)
{
	const struct reference name = {.host = "from.test", .repository = "team/app"};
	struct repository repository;
	struct error err = {0};
	struct tag_list tags = {0};
	require(registry_open(client->registry, &name, false, &repository, &err));
	if (!tags_list(&repository, client->arena, &tags, &err)) {
		require(err.kind != ERROR_NONE && err.text[0]);
		return;
	}
	for (size_t i = 0; i < tags.count; i++)
		require(reference_tag_valid(str_of(tags.items[i])));
}

/* Lists a repository that was discovered, perhaps with digests; what these say is well-formed. */
static void list_digests(struct client *client, const char *host, const char *path)
{
	const struct reference name = {.host = host, .repository = path};
	struct repository repository;
	struct error err = {0};
	struct tag_list tags = {0};
	require(registry_open(client->registry, &name, false, &repository, &err));
	discover_tags(&repository, 4);
	if (!tags_list(&repository, client->arena, &tags, &err))
		return;
	for (size_t i = 0; i < tags.count; i++) {
		const char *digest = NULL;
		bool dated;
		if (known_take(&repository, client->arena, tags.items[i], &digest, &dated) ==
		    KNOWN_DIGEST)
			require(digest_valid(str_of(digest)));
	}
}

/*
 * The bits above say by which kind of list; 0: by what works. GitLab's is asked with the login.
 * DO_FORCE: at Amazon.
 */
static void discover(struct client *client, unsigned what)
{
	static const char *const kinds[] = {NULL,  "catalog", "google", "harbor",
					    "hub", "quay",    "ghcr",   "gitlab"};
	unsigned kind = what / (2 * DO_DISCOVER);
	const char *host = kind % 8 == 7 ? "to.test" : "from.test";
	const struct discovery discovery = {.registry = client->registry,
					    .host = what & DO_FORCE ? amazon : host,
					    .path = "team",
					    .deep = true,
					    .via = kinds[kind % 8]};
	scoped(map_finish) struct map found = {0};
	struct error err = {0};
	if (!discover_run(&discovery, &found, &err)) {
		require(err.kind != ERROR_NONE && err.text[0]);
		return;
	}
	if (found.count)
		list_digests(client, discovery.host, found.entries[0].key);
}

static enum outcome_status copy(struct client *client, unsigned what)
{
	struct pool *pool = pool_new(1);
	struct progress *progress = progress_new();
	struct copier_options options = {.pool = pool,
					 .stores = registry_store_opener(client->registry),
					 .progress = progress,
					 .blobs_in_flight = 1,
					 .force = what & DO_FORCE,
					 .dry_run = what & DO_DRY_RUN};
	struct copier *copier = copier_new(&options);
	const struct rule rule = {
		.source_place = "images.yaml:1:1",
		.terms = &(const struct terms){.platforms = what & DO_FILTER ? &filter : NULL,
					       .on_change = CHANGE_OVERWRITE,
					       .creation.project = CREATION_YES}};
	const struct task task = {.source = {"from.test", "team/app", "v1", NULL},
				  .destination = {"to.test", "team/app", "v1", NULL},
				  .rule = &rule};
	struct outcome outcome = {0};
	require(pool && progress && copier);
	copier_run(copier, client->arena, &task, &outcome);
	if (outcome.status == OUTCOME_FAILED)
		require(outcome.error_text && outcome.error_kind != ERROR_NONE);
	else
		require(outcome.reason || outcome.status == OUTCOME_COPIED);
	copier_free(&copier);
	progress_free(&progress);
	pool_free(&pool);
	return outcome.status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct str rest = input_text(data, size);
	unsigned what = input_byte(&rest);
	enum outcome_status status = OUTCOME_SKIPPED;
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	require(nowhere);
	log_open(nowhere, LOG_DEBUG);
	struct conversation *conversation = conversation_start(rest, password, "to.test");
	struct client client = {.arena = arena_new()};
	scoped(problem_finish) struct problems problems = {0};
	struct proxies proxies;
	proxy_variables_read(client.arena, &proxies, &problems);
	const struct http_options http = {
		.user_agent = "fuzz", .stall_seconds = 30, .proxies = &proxies};
	client.http = http_new(&http);
	client.options = (struct registry_options){
		.http = client.http, .credentials = &credentials, .aws = &keys};
	client.registry = registry_new(&client.options);
	require(client.arena && client.http && client.registry);
	if (what & DO_DISCOVER)
		discover(&client, what);
	else if (what & DO_LIST)
		list(&client);
	else
		status = copy(&client, what);
	registry_free(&client.registry);
	http_free(&client.http);
	arena_free(&client.arena);
	struct conversation_seen seen = conversation_end(conversation);
	require(!seen.leaked);
	require(status != OUTCOME_COPIED || seen.manifest_put);
	secret_forget();
	return 0;
}
