/* Memory that runs out while an origin is parsed: the next request gets all of it, or none. */
#include "test_scarce_fixture.h"

#include "registry/host.h"

static void show(struct buf *out, const struct url *origin)
{
	bool counted = counting;
	counting = false;
	buf_printf(out, "%s %s %s %s", origin->text, origin->scheme, origin->host, origin->port);
	counting = counted;
}

/* Asks twice, as two requests do, the first of which failed. */
static bool origin(struct arena *arena, struct buf *out)
{
	struct host host;
	struct url found;
	struct error err = {0};
	if (!host_init(&host, arena, "registry.example", false))
		return false;
	bool ok = host_origin(&host, &found, &err) || host_origin(&host, &found, &err);
	if (ok)
		show(out, &found);
	host_finish(&host);
	return ok || out_of_memory(&err);
}

static void test_origin(void **state)
{
	(void)state;
	starve(origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
