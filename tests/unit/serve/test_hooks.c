/* What is asked of a server, who may ask, what is answered, and what is queued then. */
#include "test_hooks_fixture.h"

#include <poll.h>

#define JSON HOOKS_LOGIN "Content-Type: application/json\r\n"
#define FORM HOOKS_LOGIN "Content-Type: application/x-www-form-urlencoded\r\n"
#define ERROR(text) "{\"error\":\"" text "\"}\n"

/* A request, and what it leads to. */
struct row {
	const char *what, *headers, *body;
	unsigned status;
	const char *answer;  /* its body; NULL: any */
	const char *header;  /* that is among its headers; NULL: any */
	const char *queue;   /* all that is queued then; NULL: nothing */
	const char *counted; /* NULL: nothing */
};

static void check(const struct row *row, const struct hooks_scene *scene)
{
	scoped(buf_finish) struct buf answer = {0};
	scoped(buf_finish) struct buf queued = {0};
	scoped(buf_finish) struct buf counted = {0};
	hooks_scene_ask(scene, row->what, row->headers, str_of(row->body), &answer);
	describe(scene->queue, 1000, &queued);
	hooks_scene_counted(scene, &counted);
	if (hooks_scene_status(&answer) != row->status ||
	    (row->answer && strcmp(hooks_scene_body(&answer), row->answer) != 0) ||
	    (row->header && !strstr(buf_string(&answer), row->header)) ||
	    strcmp(buf_string(&queued), row->queue ? row->queue : "") != 0 ||
	    strcmp(buf_string(&counted), row->counted ? row->counted : "") != 0)
		fail_msg("%s\n%s%s:\n%s\nqueue: %s\ncounted: %s", row->what, row->headers,
			 row->body ? row->body : "", buf_string(&answer), buf_string(&queued),
			 buf_string(&counted));
	if (row->queue)
		client_refute(&answer, "HTTP/1.1 5");
	else
		expect_content(record, "{\n}\n");
}

/* Each row has a server of its own. */
static void check_all(const struct row *rows, size_t count, const struct server_config *config)
{
	for (size_t i = 0; i < count; i++) {
		struct hooks_scene scene;
		put(record, "{\n}\n");
		hooks_scene_open(&scene, 3);
		if (config) {
			scene.config.allow_get = config->allow_get;
			scene.config.allow_snapshots = config->allow_snapshots;
			scene.config.open_metrics = config->open_metrics;
		}
		check(&rows[i], &scene);
		hooks_scene_close(&scene);
		assert_int_equal(unlink(record), 0);
	}
}

/* --- hooks ------------------------------------------------------------------------------------ */

#define IMG "quay.io/ns/img:1&dst.test/x pending 0\n"
#define TO_HOOK "POST /images/sync/hook"

static void test_hooks(void **state)
{
	static const struct row rows[] = {
		{TO_HOOK, JSON, "{\"name\":\"quay.io/ns/img\",\"tag\":\"1\"}", 202,
		 "{\"queued\": 1, \"ignored\": 0}\n", "Content-Type: application/json\r\n", IMG,
		 "queued 1 "},
		{TO_HOOK, FORM, "name=quay.io%2Fns%2Fimg&tag=1", 202,
		 "{\"queued\": 1, \"ignored\": 0}\n", NULL, IMG, "queued 1 "},
		{TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, NULL, 202,
		 "{\"queued\": 1, \"ignored\": 0}\n", NULL, IMG, "queued 1 "},
		/* Without a type it is JSON; what is in the query does not count then. */
		{TO_HOOK "?name=quay.io/ns/other&tag=1", HOOKS_LOGIN,
		 "[{\"Name\":\"quay.io/ns/img\",\"Tag\":\"1\"}]", 202,
		 "{\"queued\": 1, \"ignored\": 0}\n", NULL, IMG, "queued 1 "},
		{TO_HOOK, HOOKS_LOGIN "Content-Type: Application/JSON; charset=utf-8\r\n",
		 "[{\"name\":\"quay.io/ns/img\",\"tag\":\"1\"},"
		 "{\"name\":\"quay.io/none/img\",\"tag\":\"1\"},"
		 "{\"name\":\"quay.io/both/a/b\",\"tag\":\"2\"}]",
		 202, "{\"queued\": 3, \"ignored\": 1}\n", NULL,
		 IMG "quay.io/both/a/b:2&dst.test pending 0\n"
		     "quay.io/both/a/b:2&other.test pending 0\n",
		 "queued 3 ignored 1 "},
		/* Twice the same is one entry, and counts as it was asked. */
		{TO_HOOK, JSON,
		 "[{\"name\":\"quay.io/ns/img\",\"tag\":\"1\"},"
		 "{\"name\":\"quay.io/ns/img\",\"tag\":\"1\"}]",
		 202, "{\"queued\": 2, \"ignored\": 0}\n", NULL, IMG, "queued 2 "},
		/* An ordinary rule, of an image whose name has two parts. */
		{TO_HOOK, JSON, "{\"name\":\"docker.io/library/nginx\",\"tag\":\"1\"}", 202, NULL,
		 NULL, "docker.io/library/nginx:1& pending 0\n", "queued 1 "},
		{TO_HOOK, JSON, "[]", 202, "{\"queued\": 0, \"ignored\": 0}\n", NULL, NULL, NULL},
		{TO_HOOK, JSON, "{\"name\":\"quay.io/team/web\",\"tag\":\"v2\"}", 404,
		 ERROR("no route and no rule means this image"), NULL, NULL, "ignored 1 "},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
}

static void test_refused_hooks(void **state)
{
	static const struct row rows[] = {
		{TO_HOOK, JSON, "{\"tag\":\"1\"}", 400,
		 ERROR("there is no name, as in quay.io/coreos/etcd"), NULL, NULL, "refused 1 "},
		{TO_HOOK "?name=quay.io/ns/img", HOOKS_LOGIN, NULL, 400, ERROR("there is no tag"),
		 NULL, NULL, "refused 1 "},
		{TO_HOOK "?name=&tag=", HOOKS_LOGIN, NULL, 400, NULL, NULL, NULL, "refused 1 "},
		{TO_HOOK, JSON, "{\"name\":\"img\",\"tag\":\"1\"}", 400, NULL, NULL, NULL,
		 "refused 1 "},
		{TO_HOOK, JSON, "{\"name\":\"quay.io/ns/../img\",\"tag\":\"1\"}", 400, NULL, NULL,
		 NULL, "refused 1 "},
		{TO_HOOK, JSON, "{\"name\":\"quay.io/ns/\\u001b[2Jimg\",\"tag\":\"1\"}", 400, NULL,
		 NULL, NULL, "refused 1 "},
		{TO_HOOK, JSON, "{\"name\":\"quay.io/ns/img\",\"tag\":\"1-Snapshot\"}", 406,
		 ERROR("tag 1-Snapshot: snapshots are not synchronized"), NULL, NULL,
		 "snapshots 1 "},
		/* All or none. */
		{TO_HOOK, JSON,
		 "[{\"name\":\"quay.io/ns/img\",\"tag\":\"1\"},{\"name\":\"quay.io/ns/img\"}]", 400,
		 ERROR("there is no tag"), NULL, NULL, "refused 1 "},
		{TO_HOOK, JSON, "{", 400, NULL, NULL, NULL, "refused 1 "},
		{TO_HOOK, JSON, "{\"name\":7}", 400, ERROR("name is a number, not a string"), NULL,
		 NULL, "refused 1 "},
		{TO_HOOK, FORM, "name=%0a", 400, NULL, NULL, NULL, "refused 1 "},
		{TO_HOOK, HOOKS_LOGIN "Content-Type: text/plain\r\n", "x", 415,
		 ERROR("expected application/json or application/x-www-form-urlencoded"), NULL,
		 NULL, "refused 1 "},
		{TO_HOOK, HOOKS_LOGIN "Content-Type: application/jsonx\r\n", "{}", 415, NULL, NULL,
		 NULL, "refused 1 "},
		{TO_HOOK, JSON,
		 "[{\"name\":\"quay.io/ns/a\",\"tag\":\"1\"},{\"name\":\"quay.io/ns/b\",\"tag\":"
		 "\"1\"},"
		 "{\"name\":\"quay.io/both/c\",\"tag\":\"1\"}]",
		 503, "the queue is full\n", "Retry-After: 10\r\n", NULL, "full 4 "},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
}

/* The answers of the fork, whose clients know nothing else. */
static void test_old_hooks(void **state)
{
#define OLD "GET /images/sync/hook"
	static const struct row rows[] = {
		{OLD "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, NULL, 200, "queued: 1\n",
		 "Content-Type: text/plain", IMG, "queued 1 "},
		{OLD "?name=quay.io/none/img&tag=1", HOOKS_LOGIN, NULL, 200,
		 "no route means this image\n", NULL, NULL, "ignored 1 "},
		{OLD "?tag=1", HOOKS_LOGIN, NULL, 200, NULL, NULL, NULL, "refused 1 "},
		{OLD "?name=&tag=1", HOOKS_LOGIN, NULL, 200, NULL, NULL, NULL, "refused 1 "},
		{OLD "?name=quay.io/ns/img", HOOKS_LOGIN, NULL, 400, NULL, NULL, NULL,
		 "refused 1 "},
		{OLD "?name=img&tag=", HOOKS_LOGIN, NULL, 400, NULL, NULL, NULL, "refused 1 "},
		{OLD "?name=quay.io/img&tag=1", HOOKS_LOGIN, NULL, 406, NULL, NULL, NULL,
		 "refused 1 "},
		{OLD "?name=quay.io/ns/img&tag=snapshot-1", HOOKS_LOGIN, NULL, 406, NULL, NULL,
		 NULL, "snapshots 1 "},
		{OLD "?name=quay.io/ns/%2e%2e&tag=1", HOOKS_LOGIN, NULL, 400, NULL, NULL, NULL,
		 "refused 1 "},
	};
	static const struct row without_get[] = {
		{OLD "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, NULL, 405, "send a POST\n",
		 "Allow: POST\r\n", NULL, NULL},
		{TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, NULL, 202, NULL, NULL, IMG,
		 "queued 1 "},
	};
	static const struct row with_snapshots[] = {
		{OLD "?name=quay.io/ns/img&tag=snapshot", HOOKS_LOGIN, NULL, 200, "queued: 1\n",
		 NULL, "quay.io/ns/img:snapshot&dst.test/x pending 0\n", "queued 1 "},
		{TO_HOOK, JSON, "{\"name\":\"quay.io/ns/img\",\"tag\":\"1-SNAPSHOT\"}", 202, NULL,
		 NULL, "quay.io/ns/img:1-SNAPSHOT&dst.test/x pending 0\n", "queued 1 "},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
	check_all(without_get, array_count(without_get),
		  &(struct server_config){.allow_get = false});
	check_all(with_snapshots, array_count(with_snapshots),
		  &(struct server_config){.allow_get = true, .allow_snapshots = true});
}

/* --- events ----------------------------------------------------------------------------------- */

#define HARBOR(tag)                                                                                \
	"{\"type\":\"PUSH_ARTIFACT\",\"event_data\":{\"resources\":[{\"tag\":\"" tag "\","         \
	"\"resource_url\":\"harbor.test/library/a:" tag "\"}],"                                    \
	"\"repository\":{\"repo_full_name\":\"library/a\"}}}"
#define HUB(tag)                                                                                   \
	"{\"push_data\":{\"tag\":\"" tag "\"},\"repository\":{\"repo_name\":\"library/nginx\"}}"

static void test_events(void **state)
{
	static const struct row rows[] = {
		{"POST /events/harbor", HOOKS_LOGIN, HARBOR("1"), 202,
		 "{\"queued\": 1, \"ignored\": 0}\n", NULL, "harbor.test/library/a:1& pending 0\n",
		 "queued 1 "},
		{"POST /events/harbor/harbor-secret", "", HARBOR("1"), 202, NULL, NULL,
		 "harbor.test/library/a:1& pending 0\n", "queued 1 "},
		{"POST /events/harbor", "Authorization: harbor-secret\r\n", HARBOR("1"), 202, NULL,
		 NULL, "harbor.test/library/a:1& pending 0\n", "queued 1 "},
		{"POST /events/dockerhub/hub-secret", "", HUB("1"), 202, NULL, NULL,
		 "docker.io/library/nginx:1& pending 0\n", "queued 1 "},
		/* A registry is not to give up a hook. */
		{"POST /events/harbor", HOOKS_LOGIN,
		 "{\"type\":\"PUSH_ARTIFACT\",\"event_data\":{\"resources\":[{\"tag\":\"1\","
		 "\"resource_url\":\"harbor.test/other/a:1\"}],"
		 "\"repository\":{\"repo_full_name\":\"other/a\"}}}",
		 200, "{\"queued\": 0, \"ignored\": 1}\n", NULL, NULL, "ignored 1 "},
		{"POST /events/harbor", HOOKS_LOGIN, "{\"type\":\"DELETE_ARTIFACT\"}", 200,
		 "{\"queued\": 0, \"ignored\": 1}\n", NULL, NULL, "others 1 "},
		{"POST /events/harbor", HOOKS_LOGIN, "{}", 400, ERROR("type: missing"), NULL, NULL,
		 "refused 1 "},
		{"POST /events/harbor", HOOKS_LOGIN, NULL, 400, NULL, NULL, NULL, "refused 1 "},
		{"POST /events/acr", HOOKS_LOGIN,
		 "[{\"eventType\":\"Microsoft.EventGrid.SubscriptionValidationEvent\","
		 "\"data\":{\"validationCode\":\"0123-4567\"}}]",
		 200, NULL, NULL, NULL, NULL},
		{"POST /events/nobody", HOOKS_LOGIN, "{}", 404, ERROR("no such kind of events"),
		 NULL, NULL, NULL},
		{"POST /events/", HOOKS_LOGIN, "{}", 404, NULL, NULL, NULL, NULL},
		{"POST /events/harbor/", HOOKS_LOGIN, HARBOR("1"), 202, NULL, NULL,
		 "harbor.test/library/a:1& pending 0\n", "queued 1 "},
		{"GET /events/harbor", HOOKS_LOGIN, NULL, 405, NULL, "Allow: POST\r\n", NULL, NULL},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
}

/* The registry that a payload does not name is that of the file, or nobody's. */
static void test_registries_of_events(void **state)
{
#define NEXUS                                                                                      \
	"{\"action\":\"CREATED\",\"repositoryName\":\"docker\",\"component\":{\"format\":"         \
	"\"docker\",\"name\":\"library/a\",\"version\":\"1\"}}"
	static const struct row rows[] = {
		{"POST /events/nexus", HOOKS_LOGIN, NEXUS, 202, NULL, NULL,
		 "harbor.test/library/a:1& pending 0\n", "queued 1 "},
	};
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0};
	(void)state;
	check_all(rows, array_count(rows), NULL);
	hooks_scene_open(&scene, 3);
	scene.config.event_count = 0;
	hooks_scene_ask(&scene, "POST /events/nexus", HOOKS_LOGIN, STR(NEXUS), &answer);
	client_expect(&answer, "HTTP/1.1 400 ");
	client_expect(&answer, "the event does not say of which registry it is");
	expect_queue(scene.queue, "");
	hooks_scene_close(&scene);
}

/* A secret opens its own kind alone, and nothing else. */
static void test_secrets_of_events(void **state)
{
	static const char words[] = "no auth or wrong pasword or wrong username";
	static const struct row rows[] = {
		{"POST /events/harbor", "", HARBOR("1"), 401, words, NULL, NULL, "denied 1 "},
		{"POST /events/harbor/", "", HARBOR("1"), 401, words, NULL, NULL, "denied 1 "},
		{"POST /events/harbor/hub-secret", "", HARBOR("1"), 401, words, NULL, NULL,
		 "denied 1 "},
		{"POST /events/harbor/harbor-secret/", "", HARBOR("1"), 401, words, NULL, NULL,
		 "denied 1 "},
		{"POST /events/harbor/harbor-secre", "", HARBOR("1"), 401, words, NULL, NULL,
		 "denied 1 "},
		{"POST /events/nobody/harbor-secret", "", "{}", 401, words, NULL, NULL,
		 "denied 1 "},
		/* Nexus has no secret here, so that an empty one is none. */
		{"POST /events/nexus/", "", NEXUS, 401, words, NULL, NULL, "denied 1 "},
		{"POST /events/quay/harbor-secret", "", "{}", 401, words, NULL, NULL, "denied 1 "},
		{"POST /images/sync/do", "Authorization: harbor-secret\r\n", NULL, 401, words, NULL,
		 NULL, "denied 1 "},
		{"POST /eventsharbor/harbor-secret", "", "{}", 401, words, NULL, NULL, "denied 1 "},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
}

/* --- who may ask ------------------------------------------------------------------------------ */

static void test_logins(void **state)
{
	static const char words[] = "no auth or wrong pasword or wrong username";
	static const char basic[] = "WWW-Authenticate: Basic realm=\"image-syncer\"";
	static const struct row rows[] = {
		{TO_HOOK "?name=quay.io/ns/img&tag=1", "", NULL, 401, words, basic, NULL,
		 "denied 1 "},
		{TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_WRONG, NULL, 401, words, basic, NULL,
		 "denied 1 "},
		{OLD "?name=quay.io/ns/img&tag=1", "", NULL, 401, words, basic, NULL, "denied 1 "},
		{"POST /images/sync/do", HOOKS_WRONG, NULL, 401, words, basic, NULL, "denied 1 "},
		{"GET /status", "", NULL, 401, words, basic, NULL, "denied 1 "},
		{"GET /metrics", "", NULL, 401, words, basic, NULL, "denied 1 "},
		{"GET /", "", NULL, 401, words, basic, NULL, "denied 1 "},
		/* A stranger learns neither of paths nor of methods. */
		{"GET /nothing", "", NULL, 401, words, basic, NULL, "denied 1 "},
		{"DELETE /status", "", NULL, 401, words, basic, NULL, "denied 1 "},
		{"POST /healthz/", "", NULL, 401, words, basic, NULL, "denied 1 "},
		{"GET /healthz", "", NULL, 200, "ok\n", NULL, NULL, NULL},
		{"HEAD /healthz", "", NULL, 200, "", NULL, NULL, NULL},
		{"GET /healthz", HOOKS_WRONG, NULL, 200, "ok\n", NULL, NULL, NULL},
	};
	static const struct row open[] = {
		{"GET /metrics", "", NULL, 200, NULL, "Content-Type: text/plain; version=0.0.4",
		 NULL, NULL},
		{"GET /status", "", NULL, 401, words, basic, NULL, "denied 1 "},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
	check_all(open, array_count(open), &(struct server_config){.open_metrics = true});
}

/* Pages of others may have the browser's login, and change nothing. */
static void test_foreign_pages(void **state)
{
#define HOOK_OF(headers, status, answer, queue, counted)                                           \
	{TO_HOOK "?name=quay.io/ns/img&tag=1",                                                     \
	 HOOKS_LOGIN headers,                                                                      \
	 NULL,                                                                                     \
	 status,                                                                                   \
	 answer,                                                                                   \
	 NULL,                                                                                     \
	 queue,                                                                                    \
	 counted}
#define FOREIGN(headers) HOOK_OF(headers, 403, "another site may not ask for this\n", NULL, NULL)
#define OWN(headers) HOOK_OF(headers, 202, NULL, IMG, "queued 1 ")
	static const struct row rows[] = {
		FOREIGN("Sec-Fetch-Site: cross-site\r\n"),
		FOREIGN("Sec-Fetch-Site: same-site\r\n"),
		FOREIGN("Sec-Fetch-Site: cross-site\r\nOrigin: http://h\r\n"),
		FOREIGN("Origin: http://elsewhere\r\n"),
		FOREIGN("Origin: null\r\n"),
		FOREIGN("Origin: http://h.elsewhere\r\n"),
		OWN("Sec-Fetch-Site: same-origin\r\n"),
		OWN("Sec-Fetch-Site: none\r\n"),
		OWN("Origin: http://h\r\n"),
		OWN("Origin: https://h\r\n"),
		/* What only tells something may be asked for. */
		{"GET /healthz", "Sec-Fetch-Site: cross-site\r\n", NULL, 200, "ok\n", NULL, NULL,
		 NULL},
		{"GET /status", HOOKS_LOGIN "Sec-Fetch-Site: cross-site\r\n", NULL, 200, NULL, NULL,
		 NULL, NULL},
		{"GET /images/sync/do", HOOKS_LOGIN "Origin: http://elsewhere\r\n", NULL, 403, NULL,
		 NULL, NULL, NULL},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
}

static void test_everybody(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0};
	(void)state;
	hooks_scene_prepare(&scene, true);
	scene.queue = started_for(3);
	hooks_scene_listen(&scene);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_WRONG, STR(""),
			&answer);
	assert_int_equal(hooks_scene_status(&answer), 202);
	hooks_scene_close(&scene);
}

/* --- what it tells ---------------------------------------------------------------------------- */

static void test_telling(void **state)
{
	static const struct row rows[] = {
		{"GET /status", HOOKS_LOGIN, NULL, 200, NULL, "Content-Type: application/json\r\n",
		 NULL, NULL},
		{"HEAD /status", HOOKS_LOGIN, NULL, 200, "", "Content-Type: application/json\r\n",
		 NULL, NULL},
		{"GET /", HOOKS_LOGIN, NULL, 200, NULL, "Content-Security-Policy: default-src",
		 NULL, NULL},
		{"GET /metrics", HOOKS_LOGIN, NULL, 200, NULL, "text/plain; version=0.0.4", NULL,
		 NULL},
		{"POST /status", HOOKS_LOGIN, NULL, 405, "method not allowed\n",
		 "Allow: GET, HEAD\r\n", NULL, NULL},
		{"PUT /images/sync/hook", HOOKS_LOGIN, NULL, 405, NULL,
		 "Allow: GET, HEAD, POST\r\n", NULL, NULL},
		{"GET /statu", HOOKS_LOGIN, NULL, 404, "not found\n", NULL, NULL, NULL},
		{"GET /status/", HOOKS_LOGIN, NULL, 404, "not found\n", NULL, NULL, NULL},
		{"GET /images/sync/do", HOOKS_LOGIN, NULL, 200, "send a POST to start a run\n",
		 NULL, NULL, NULL},
	};
	(void)state;
	check_all(rows, array_count(rows), NULL);
}

static void test_status_has_the_queue(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0}, status = {0}, short_of = {0};
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, STR(""),
			&answer);
	hooks_scene_ask(&scene, "GET /status", HOOKS_LOGIN, STR(""), &status);
	client_expect(&status, "quay.io/ns/img");
	client_expect(&status, "dst.test/x");
	scene.speechless = true;
	hooks_scene_ask(&scene, "GET /status", HOOKS_LOGIN, STR(""), &short_of);
	assert_int_equal(hooks_scene_status(&short_of), 503);
	client_expect(&short_of, "Retry-After: ");
	hooks_scene_close(&scene);
	assert_int_equal(unlink(record), 0);
}

static void test_run_now(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0};
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_ask(&scene, "GET /images/sync/do", HOOKS_LOGIN, STR(""), &answer);
	assert_int_equal(atomic_load(&scene.runs), 0);
	buf_reset(&answer);
	hooks_scene_ask(&scene, "POST /images/sync/do", HOOKS_LOGIN, STR(""), &answer);
	assert_int_equal(hooks_scene_status(&answer), 202);
	assert_string_equal(hooks_scene_body(&answer), "{\"started\": true}\n");
	assert_int_equal(atomic_load(&scene.runs), 1);
	hooks_scene_close(&scene);
}

static unsigned ready(const struct hooks_scene *scene)
{
	scoped(buf_finish) struct buf answer = {0};
	hooks_scene_ask(scene, "GET /readyz", "", STR(""), &answer);
	assert_string_equal(hooks_scene_body(&answer),
			    hooks_scene_status(&answer) == 200 ? "ready\n" : "not ready\n");
	return hooks_scene_status(&answer);
}

/* Not while the record cannot be written, and not once the server stops. */
static void test_readiness(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0}, counted = {0}, again = {0};
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, STR(""),
			&answer);
	assert_int_equal(ready(&scene), 200);
	assert_int_equal(unlink(record), 0);
	assert_int_equal(mkdir(record, 0700), 0);
	buf_reset(&answer);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=2", HOOKS_LOGIN, STR(""),
			&answer);
	assert_int_equal(hooks_scene_status(&answer), 503);
	client_expect(&answer, "the record of what is pending cannot be written\n");
	client_expect(&answer, "Retry-After: 10\r\n");
	hooks_scene_counted(&scene, &counted);
	assert_string_equal(buf_string(&counted), "queued 1 unsaved 1 ");
	expect_queue(scene.queue, IMG);
	assert_int_equal(ready(&scene), 503);
	assert_int_equal(rmdir(record), 0);
	hooks_scene_ask(&scene, TO_HOOK "?name=quay.io/ns/img&tag=2", HOOKS_LOGIN, STR(""), &again);
	assert_int_equal(hooks_scene_status(&again), 202);
	assert_int_equal(ready(&scene), 200);
	hooks_stop(scene.hooks);
	assert_int_equal(ready(&scene), 503);
	hooks_scene_close(&scene);
	assert_int_equal(unlink(record), 0);
}

/* --- guesses ---------------------------------------------------------------------------------- */

enum { GUESSES_MAX = 20 };

/*
 * The first wrong logins are answered at once; a later one waits, however long the test takes, and
 * is answered when the server stops.
 */
static void test_guesses_wait(void **state)
{
	struct hooks_scene scene;
	scoped(buf_finish) struct buf request = {0}, last = {0};
	int fds[GUESSES_MAX] = {0};
	size_t sent = 0;
	(void)state;
	hooks_scene_open(&scene, 3);
	hooks_scene_request("GET /status", HOOKS_WRONG, STR(""), &request);
	assert_true(hooks_answer_late(scene.hooks) == INT64_MAX);
	while (sent < GUESSES_MAX) {
		struct state_counters counters = {.hooks_denied = 0};
		int fd = fds[sent++] = client_connect(&scene.client);
		client_send(fd, request.at, request.len);
		while (counters.hooks_denied < sent) {
			counters.hooks_denied = 0;
			hooks_count(scene.hooks, &counters);
			poll(NULL, 0, 1);
		}
	}
	/* The last one was counted just before it was kept. */
	int64_t left;
	while ((left = hooks_answer_late(scene.hooks)) == INT64_MAX)
		poll(NULL, 0, 1);
	assert_true(left > 0);
	/* The right login does not wait meanwhile. */
	hooks_scene_ask(&scene, "GET /status", HOOKS_LOGIN, STR(""), &last);
	assert_int_equal(hooks_scene_status(&last), 200);
	hooks_stop(scene.hooks);
	for (size_t i = 0; i < sent; i++) {
		scoped(buf_finish) struct buf answer = {0};
		client_rest(fds[i], &answer);
		close(fds[i]);
		client_expect(&answer, "HTTP/1.1 401 ");
		client_expect(&answer, "no auth or wrong pasword or wrong username");
	}
	assert_true(hooks_answer_late(scene.hooks) == INT64_MAX);
	hooks_scene_close(&scene);
}

/* --- many at once ----------------------------------------------------------------------------- */

enum { CLIENTS = 8, EACH = 25 };

struct crowd {
	struct hooks_scene scene;
	atomic_uint next, wrong;
};

static void *hook_often(void *ctx)
{
	struct crowd *crowd = ctx;
	for (unsigned i = 0; i < EACH; i++) {
		scoped(buf_finish) struct buf answer = {0};
		char what[96], key[96];
		unsigned number = atomic_fetch_add(&crowd->next, 1);
		snprintf(what, sizeof(what), TO_HOOK "?name=quay.io/ns/img-%u&tag=1", number);
		snprintf(key, sizeof(key), "quay.io/ns/img-%u:1&dst.test/x", number);
		hooks_scene_ask(&crowd->scene, what, HOOKS_LOGIN, STR(""), &answer);
		if (hooks_scene_status(&answer) != 202 || !recorded(key))
			atomic_fetch_add(&crowd->wrong, 1);
	}
	return NULL;
}

/* What was answered is in the file at that moment; each request has one answer. */
static void test_many_at_once(void **state)
{
	static struct crowd crowd;
	pthread_t threads[CLIENTS];
	scoped(buf_finish) struct buf counted = {0};
	(void)state;
	hooks_scene_open(&crowd.scene, CLIENTS * EACH);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hook_often, &crowd), 0);
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.wrong), 0);
	hooks_scene_counted(&crowd.scene, &counted);
	assert_string_equal(buf_string(&counted), "queued 200 ");
	hooks_scene_close(&crowd.scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_refused_hooks),
		cmocka_unit_test(test_old_hooks),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_registries_of_events),
		cmocka_unit_test(test_secrets_of_events),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_foreign_pages),
		cmocka_unit_test(test_everybody),
		cmocka_unit_test(test_telling),
		cmocka_unit_test(test_status_has_the_queue),
		cmocka_unit_test(test_run_now),
		cmocka_unit_test(test_readiness),
		cmocka_unit_test(test_guesses_wait),
		cmocka_unit_test(test_many_at_once),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
