/* Too little memory for what a server tells of itself: it says so, or tells all of it. */
#include "serve/metrics.h"
#include "serve/status.h"

#include "test_scarce_fixture.h"
#include "test_state_fixture.h"

static bool status(struct arena *arena, struct buf *out)
{
	struct state state = state_busy();
	(void)arena;
	secret_register(STR("nightly"));
	status_write(&state, out);
	return buf_ok(out);
}

static bool metrics(struct arena *arena, struct buf *out)
{
	struct state state = state_busy();
	(void)arena;
	metrics_write(&state, out);
	return buf_ok(out);
}

static void test_status(void **state)
{
	(void)state;
	starve(status);
}

static void test_metrics(void **state)
{
	(void)state;
	starve(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_metrics),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
