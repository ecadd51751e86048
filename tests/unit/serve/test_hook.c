/* What a hook is answered, and what is queued then. */
#include "test_hooks_table.h"

static void test_hooks(void **state)
{
	static const struct hooks_row rows[] = {
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
	hooks_rows_check(rows, array_count(rows), NULL);
}

static void test_refused_hooks(void **state)
{
	static const struct hooks_row rows[] = {
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
	hooks_rows_check(rows, array_count(rows), NULL);
}

/* The answers of the fork, whose clients know nothing else. */
static void test_old_hooks(void **state)
{
	static const struct hooks_row rows[] = {
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
	static const struct hooks_row without_get[] = {
		{OLD "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, NULL, 405, "send a POST\n",
		 "Allow: POST\r\n", NULL, NULL},
		{TO_HOOK "?name=quay.io/ns/img&tag=1", HOOKS_LOGIN, NULL, 202, NULL, NULL, IMG,
		 "queued 1 "},
	};
	static const struct hooks_row with_snapshots[] = {
		{OLD "?name=quay.io/ns/img&tag=snapshot", HOOKS_LOGIN, NULL, 200, "queued: 1\n",
		 NULL, "quay.io/ns/img:snapshot&dst.test/x pending 0\n", "queued 1 "},
		{TO_HOOK, JSON, "{\"name\":\"quay.io/ns/img\",\"tag\":\"1-SNAPSHOT\"}", 202, NULL,
		 NULL, "quay.io/ns/img:1-SNAPSHOT&dst.test/x pending 0\n", "queued 1 "},
	};
	(void)state;
	hooks_rows_check(rows, array_count(rows), NULL);
	hooks_rows_check(without_get, array_count(without_get),
			 &(struct server_config){.allow_get = false});
	hooks_rows_check(with_snapshots, array_count(with_snapshots),
			 &(struct server_config){.allow_get = true, .allow_snapshots = true});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_refused_hooks),
		cmocka_unit_test(test_old_hooks),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
