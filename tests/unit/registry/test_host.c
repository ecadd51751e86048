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
	bool known;   /* the host has answered, if this is why a request failed */
	bool shunned; /* nobody is there */
} rows[] = {
	{ERROR_UNREACHABLE, false, true}, {ERROR_TLS, false, true},
	{ERROR_NOT_TLS, false, true},     {ERROR_NETWORK, false, false},
	{ERROR_CANCELED, false, false},   {ERROR_CONFIG, false, false},
	{ERROR_DENIED, true, false},      {ERROR_UNAVAILABLE, true, false},
};

/* One finds out, and whether the next one has to follows from how that ended. */
static void test_finding_out(void **state)
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
		host_leave(&host, &reason);
		assert_true(host_enter(&host, &probing, &err));
		if (probing == rows[i].known)
			fail_msg("%s", error_kind_name(rows[i].kind));
		host_leave(&host, NULL);
		assert_true(host_enter(&host, &probing, &err));
		assert_false(probing);
		host_finish(&host);
	}
}

static void test_shunned(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct host host;
		struct error reason;
		struct error err = {0};
		bool probing = false;
		assert_true(host_init(&host, arena, "registry.example", false));
		error_set(&reason, rows[i].kind, "why");
		host_shun(&host, &reason, LONG_MS);
		if (host_enter(&host, &probing, &err) == rows[i].shunned)
			fail_msg("%s", error_kind_name(rows[i].kind));
		assert_int_equal(err.kind, rows[i].shunned ? rows[i].kind : ERROR_NONE);
		host_forgive(&host);
		assert_true(probing || (host_enter(&host, &probing, &err) && probing));
		host_leave(&host, NULL);
		host_shun(&host, &reason, LONG_MS);
		assert_true(host_enter(&host, &probing, &err));
		assert_false(probing);
		host_finish(&host);
	}
}

/* The root of the API is asked until it answers, three times at most. */
static void test_ping(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (int failures = 0; failures <= 3; failures++) {
		struct host host;
		assert_true(host_init(&host, arena, "registry.example", false));
		for (int i = 0; i < failures; i++) {
			assert_true(host_ping(&host));
			assert_int_equal(host_pinged(&host, false), i == 2);
		}
		if (failures < 3) {
			assert_true(host_ping(&host));
			assert_true(host_pinged(&host, true));
		}
		assert_false(host_ping(&host));
		host_finish(&host);
	}
}

/* What a host says of a limit, or is known for, and what that means for several parts of a blob. */
static void test_counts(void **state)
{
	static const struct {
		const char *name, *remaining;
		bool counts;
	} cases[] = {
		{"registry.example", "", false},
		{"registry.example", "76;w=21600", true},
		{"registry.example", "1000", true},
		{"docker.io", "", true},
		{"quay.io", "", false},
		{"quay.io", "nonsense", true},
	};
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct host host;
		assert_true(host_init(&host, arena, cases[i].name, false));
		host_allows(&host, str_of(cases[i].remaining));
		host_allows(&host, str_of(""));
		assert_int_equal(host_counts(&host), cases[i].counts);
		host_finish(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finding_out),
		cmocka_unit_test(test_shunned),
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
