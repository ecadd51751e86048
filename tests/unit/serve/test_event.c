/* Which images events of registries queue, who may send them, and what is answered. */
#include "test_hooks_table.h"

#define HARBOR(tag)                                                                                \
	"{\"type\":\"PUSH_ARTIFACT\",\"event_data\":{\"resources\":[{\"tag\":\"" tag "\","         \
	"\"resource_url\":\"harbor.test/library/a:" tag "\"}],"                                    \
	"\"repository\":{\"repo_full_name\":\"library/a\"}}}"
#define HUB(tag)                                                                                   \
	"{\"push_data\":{\"tag\":\"" tag "\"},\"repository\":{\"repo_name\":\"library/nginx\"}}"

static void test_events(void **state)
{
	static const struct hooks_row rows[] = {
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
	hooks_rows_check(rows, array_count(rows), NULL);
}

/* The registry that a payload does not name is that of the file, or nobody's. */
static void test_registries_of_events(void **state)
{
#define NEXUS                                                                                      \
	"{\"action\":\"CREATED\",\"repositoryName\":\"docker\",\"component\":{\"format\":"         \
	"\"docker\",\"name\":\"library/a\",\"version\":\"1\"}}"
	static const struct hooks_row rows[] = {
		{"POST /events/nexus", HOOKS_LOGIN, NEXUS, 202, NULL, NULL,
		 "harbor.test/library/a:1& pending 0\n", "queued 1 "},
	};
	struct hooks_scene scene;
	scoped(buf_finish) struct buf answer = {0};
	(void)state;
	hooks_rows_check(rows, array_count(rows), NULL);
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
	static const struct hooks_row rows[] = {
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
		{"POST /eventsharbor/harbor-secret", "", "{}", 401, words, NULL, NULL, NULL},
	};
	(void)state;
	hooks_rows_check(rows, array_count(rows), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_registries_of_events),
		cmocka_unit_test(test_secrets_of_events),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
