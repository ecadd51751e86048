/* What one failed request to a registry means for the next one. */
#include "registry/host.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LONG_MS = 3600000 };

static const struct {
	enum error_kind kind;
	bool left_alone;
} rows[] = {
	{ERROR_UNREACHABLE, true}, {ERROR_TLS, true},       {ERROR_NOT_TLS, true},
	{ERROR_NETWORK, false},    {ERROR_CANCELED, false}, {ERROR_CONFIG, false},
};

static void test_left_alone(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct host host;
		struct error reason;
		struct error err = {0};
		bool probing = false;
		assert_true(host_init(&host, arena, "registry.example", false));
		assert_true(host_enter(&host, &probing, &err) && probing);
		error_set(&reason, rows[i].kind, "why");
		host_leave(&host, &reason, LONG_MS);
		if (host_enter(&host, &probing, &err) == rows[i].left_alone)
			fail_msg("%s", error_kind_name(rows[i].kind));
		assert_int_equal(probing, !rows[i].left_alone);
		assert_int_equal(err.kind, rows[i].left_alone ? rows[i].kind : ERROR_NONE);
		host_forgive(&host);
		assert_true(probing || (host_enter(&host, &probing, &err) && probing));
		host_leave(&host, NULL, LONG_MS);
		assert_true(host_enter(&host, &probing, &err));
		assert_false(probing);
		host_finish(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
