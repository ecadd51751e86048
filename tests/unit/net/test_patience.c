/* How long a transfer is waited for, by how it stands. */
#include "base/scoped.h"
#include "net/outage.h"
#include "net/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { GOES_ON = -1 };

static const struct {
	const char *name;
	struct patience state;
	int kind; /* enum error_kind, or GOES_ON */
	const char *reason;
} cases[] = {
	{"a quick answer", {.connected = true, .silent_ms = 60000}, GOES_ON, NULL},
	{"no answer",
	 {.connected = true, .silent_ms = 60001},
	 ERROR_NETWORK,
	 "h: no answer within 60 s"},
	{"an unknown server",
	 {.connected = true, .answer_ms = 8000, .silent_ms = 8001},
	 ERROR_NETWORK,
	 "h: no answer within 8 s"},
	{"an upload is assembled",
	 {.connected = true, .uploads = true, .silent_ms = 900000},
	 GOES_ON,
	 NULL},
	{"an upload without an answer",
	 {.connected = true, .uploads = true, .silent_ms = 900001},
	 ERROR_NETWORK,
	 "h: no answer within 900 s"},
	{"a body that rests",
	 {.connected = true, .in_body = true, .stall_ms = 2000, .silent_ms = 2000},
	 GOES_ON,
	 NULL},
	{"a body that stalled",
	 {.connected = true, .in_body = true, .stall_ms = 2000, .silent_ms = 2001},
	 ERROR_NETWORK,
	 "h: no progress for 2 s"},
	{"no limit for bodies",
	 {.connected = true, .in_body = true, .silent_ms = 9000000, .waited_ms = 9000000},
	 GOES_ON,
	 NULL},
	{"a slow body",
	 {.connected = true, .in_body = true, .stall_ms = 2000, .waited_ms = 8000, .moved = 8191},
	 ERROR_NETWORK,
	 "h: less than 1 KiB a second for 8 s"},
	{"fast enough",
	 {.connected = true, .in_body = true, .stall_ms = 2000, .waited_ms = 8000, .moved = 8192},
	 GOES_ON,
	 NULL},
	{"too early to say",
	 {.connected = true, .in_body = true, .stall_ms = 2000, .waited_ms = 7999},
	 GOES_ON,
	 NULL},
	{"given up by others",
	 {.connected = true, .given_up = true},
	 ERROR_NETWORK,
	 "h has been given up"},
	{"a stop before the connection", {.stop = PATIENCE_STOPPING}, ERROR_CANCELED, NULL},
	{"a stop under way", {.stop = PATIENCE_STOPPING, .connected = true}, GOES_ON, NULL},
	{"an urgent stop", {.stop = PATIENCE_URGENT, .connected = true}, ERROR_CANCELED, NULL},
	{"cleanup connects", {.stop = PATIENCE_STOPPING, .cleanup = true}, GOES_ON, NULL},
	{"cleanup in an urgent stop", {.stop = PATIENCE_URGENT, .cleanup = true}, GOES_ON, NULL},
	{"cleanup at the end",
	 {.stop = PATIENCE_FINAL, .cleanup = true, .connected = true},
	 ERROR_CANCELED,
	 NULL},
	{"cleanup is not waited for",
	 {.cleanup = true, .connected = true, .silent_ms = 10001},
	 ERROR_NETWORK,
	 "h: no answer within 10 s"},
};

static void test_decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct error err = {0};
		bool goes_on = patience_check(&cases[i].state, "h", &err);
		if (goes_on != (cases[i].kind == GOES_ON))
			fail_msg("%s: %s", cases[i].name, goes_on ? "goes on" : err.text);
		if (!goes_on && (int)err.kind != cases[i].kind)
			fail_msg("%s: kind %d, %s", cases[i].name, (int)err.kind, err.text);
		if (cases[i].reason && strcmp(err.text, cases[i].reason) != 0)
			fail_msg("%s: %s", cases[i].name, err.text);
	}
}

static void test_connecting(void **state)
{
	(void)state;
	assert_int_equal(patience_connect_ms(0), 20000);
	assert_int_equal(patience_connect_ms(5), OUTAGE_CONNECT_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_connecting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
