/* Logins that are let in and refused, and how peers that guess are slowed down. */
#include "serve/login.h"

#include "base/base64.h"
#include "base/secret.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static struct login_guard *made(const char *user, const char *password, const char *token)
{
	struct login_guard *login = login_new(
		&(struct login_options){.user = user, .password = password, .token = token});
	assert_non_null(login);
	return login;
}

static bool basic(const struct login_guard *login, const char *scheme, struct str text)
{
	scoped(buf_finish) struct buf header = {0};
	buf_add_string(&header, scheme);
	base64_encode(text, &header);
	return login_check(login, buf_string(&header));
}

static void test_basic(void **state)
{
	static const struct {
		const char *scheme;
		struct str text;
		bool in;
	} cases[] = {
		{"Basic ", STR("ci:word:of ours"), true},
		{"bASIC ", STR("ci:word:of ours"), true},
		{"  Basic   ", STR("ci:word:of ours"), true},
		{"Basic ", STR("ci:word:of our"), false},
		{"Basic ", STR("ci:word:of ours "), false},
		{"Basic ", STR("ci:word:of ours\0"), false},
		{"Basic ", STR("ci\0:word:of ours"), false},
		{"Basic ", STR("cI:word:of ours"), false},
		{"Basic ", STR("c:word:of ours"), false},
		{"Basic ", STR(":word:of ours"), false},
		{"Basic ", STR("ci:"), false},
		{"Basic ", STR("ci"), false},
		{"Basic ", STR("ciword:of ours"), false},
		{"Basic ", STR(":"), false},
		{"Basic ", STR(""), false},
		{"Basic", STR("ci:word:of ours"), false},
		{"Bearer ", STR("ci:word:of ours"), false},
		{"", STR("ci:word:of ours"), false},
		{"Digest ", STR("ci:word:of ours"), false},
	};
	scoped(login_free) struct login_guard *login = made("ci", "word:of ours", NULL);
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		if (basic(login, cases[i].scheme, cases[i].text) != cases[i].in)
			fail_msg("%s%.*s", cases[i].scheme, STR_ARGS(cases[i].text));
	assert_false(login_check(login, NULL));
	assert_false(login_check(login, ""));
	assert_false(login_check(login, "Basic"));
	assert_false(login_check(login, "Basic "));
	assert_false(login_check(login, "Basic ci:word:of ours"));
	assert_false(login_check(login, "Basic Y2k6d29yZDpvZiBvdXJz!"));
	assert_true(login_check(login, "Basic Y2k6d29yZDpvZiBvdXJz"));
	assert_true(login_check(login, "Basic Y2k6d29yZDpvZiBvdXJz "));
	assert_false(login_check(login, "Basic Y2k6d29yZDpvZiBvdXJz Y2k6d29yZDpvZiBvdXJz"));
}

static void test_bearer(void **state)
{
	scoped(login_free) struct login_guard *login = made(NULL, NULL, "token-of-ours");
	(void)state;
	assert_true(login_check(login, "Bearer token-of-ours"));
	assert_true(login_check(login, "BEARER  token-of-ours "));
	assert_false(login_check(login, "Bearer token-of-our"));
	assert_false(login_check(login, "Bearer token-of-ours2"));
	assert_false(login_check(login, "Bearer"));
	assert_false(login_check(login, "token-of-ours"));
	/* without a password there is no Basic login, not even an empty one */
	assert_false(basic(login, "Basic ", STR(":")));
	assert_false(basic(login, "Basic ", STR("token-of-ours:token-of-ours")));
}

static void test_none(void **state)
{
	scoped(login_free) struct login_guard *empty = made("", "", "");
	scoped(login_free) struct login_guard *named = made("ci", NULL, NULL);
	scoped(login_free) struct login_guard *nameless = made(NULL, "word", NULL);
	(void)state;
	assert_false(basic(empty, "Basic ", STR(":")));
	assert_false(login_check(empty, "Bearer "));
	assert_false(login_check(empty, "Bearer"));
	assert_false(login_check(empty, NULL));
	assert_false(basic(named, "Basic ", STR("ci:")));
	assert_true(basic(nameless, "Basic ", STR(":word")));
	assert_false(basic(nameless, "Basic ", STR("x:word")));
}

static void test_anonymous(void **state)
{
	scoped(login_free) struct login_guard *login = login_new(
		&(struct login_options){.user = "ci", .password = "word", .anonymous = true});
	(void)state;
	assert_true(login_check(login, NULL));
	assert_true(login_check(login, "Basic !"));
	assert_true(basic(login, "Basic ", STR("ci:wrong")));
}

/* At 4 KiB a header is no longer looked at, right as it may be. */
static void test_long(void **state)
{
	char password[4200], header[4300];
	(void)state;
	memset(password, 'x', sizeof(password));
	for (size_t len = 4000; len < 4190; len += 4096 - 7 - 4000) {
		password[len] = '\0';
		scoped(login_free) struct login_guard *login = made(NULL, NULL, password);
		snprintf(header, sizeof(header), "Bearer %s", password);
		assert_true(login_check(login, header) == (strlen(header) <= 4096));
		password[len] = 'x';
	}
	scoped(login_free) struct login_guard *login = made("ci", "word", NULL);
	scoped(buf_finish) struct buf text = {0};
	for (size_t i = 0; i < 100000; i++)
		buf_add_char(&text, 'a');
	assert_false(basic(login, "Basic ", buf_str(&text)));
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(login_equal(STR("word"), STR("word")));
	assert_true(login_equal(STR(""), STR("")));
	assert_true(login_equal((struct str){0}, STR("")));
	assert_false(login_equal(STR("word"), STR("wore")));
	assert_false(login_equal(STR("word"), STR("words")));
	assert_false(login_equal(STR("word\0"), STR("word")));
	assert_false(login_equal(STR(""), STR("word")));
}

static void test_secrets(void **state)
{
	scoped(login_free) struct login_guard *login =
		made("ci", "password-of-ours", "token-of-ours");
	scoped(buf_finish) struct buf masked = {0};
	(void)state;
	secret_mask(STR("password-of-ours token-of-ours Y2k6cGFzc3dvcmQtb2Ytb3Vycw=="), &masked);
	assert_string_equal(buf_string(&masked), "*** *** ***");
	secret_forget();
}

static void test_delays(void **state)
{
	static const unsigned delays[] = {0, 0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000};
	scoped(login_free) struct login_guard *login = made("ci", "word", NULL);
	int64_t now = 5;
	(void)state;
	for (size_t i = 0; i < array_count(delays); i++) {
		assert_int_equal(login_blocked(login, "192.0.2.1", now), 0);
		assert_int_equal(login_refused(login, "192.0.2.1", now), delays[i]);
		now += SECOND;
	}
	/* others are none of its business */
	assert_int_equal(login_refused(login, "192.0.2.2", now), 0);
	/* nine minutes later it is still known, ten minutes after that no more */
	now += 9 * MINUTE;
	assert_int_equal(login_refused(login, "192.0.2.1", now), 4000);
	now += 10 * MINUTE;
	assert_int_equal(login_refused(login, "192.0.2.1", now), 0);
}

static void test_block(void **state)
{
	scoped(login_free) struct login_guard *login = made("ci", "word", NULL);
	int64_t now = 1000000;
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(login_blocked(login, "192.0.2.1", now), 0);
		login_refused(login, "192.0.2.1", now);
	}
	assert_int_equal(login_blocked(login, "192.0.2.1", now), MINUTE);
	assert_int_equal(login_blocked(login, "192.0.2.2", now), 0);
	assert_int_equal(login_blocked(login, "192.0.2.1", now + MINUTE - 1), 1);
	assert_int_equal(login_blocked(login, "192.0.2.1", now + MINUTE), 0);
	/* a clock that is set back blocks no longer than that */
	assert_int_equal(login_blocked(login, "192.0.2.1", now - 99 * MINUTE), MINUTE);
	/* then one try a minute */
	now += MINUTE;
	login_refused(login, "192.0.2.1", now);
	assert_int_equal(login_blocked(login, "192.0.2.1", now), MINUTE);
	assert_int_equal(login_blocked(login, "192.0.2.1", now + 10 * MINUTE), 0);
	assert_int_equal(login_refused(login, "192.0.2.1", now + 10 * MINUTE), 0);
}

static void test_peers(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} cases[] = {
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"unix", "unix", true},
		{"unix", "other", false},
		{"", "unix", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(login_free) struct login_guard *login = made("ci", "word", NULL);
		for (unsigned j = 0; j < 4; j++)
			login_refused(login, cases[i].one, 1);
		if ((login_refused(login, cases[i].other, 1) > 0) != cases[i].same)
			fail_msg("%s %s", cases[i].one, cases[i].other);
	}
}

/* Behind a proxy on the same machine everybody has the same address. */
static void test_near_peers(void **state)
{
	static const char *const near[] = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1",
					   "unix"};
	static const char *const far[] = {"128.0.0.1", "::2", "10.0.0.1", "::ffff:10.0.0.1",
					  "Unix"};
	scoped(login_free) struct login_guard *login = made("ci", "word", NULL);
	(void)state;
	for (size_t i = 0; i < array_count(near); i++) {
		for (unsigned j = 0; j < 30; j++)
			login_refused(login, near[i], 1);
		assert_int_equal(login_refused(login, near[i], 1), 4000);
		assert_int_equal(login_blocked(login, near[i], 1), 0);
	}
	for (size_t i = 0; i < array_count(far); i++) {
		for (unsigned j = 0; j < 30; j++)
			login_refused(login, far[i], 1);
		assert_int_equal(login_blocked(login, far[i], 1), MINUTE);
	}
}

/* Of more than 1,024 peers the one that was refused longest ago is forgotten. */
static void test_many_peers(void **state)
{
	scoped(login_free) struct login_guard *login = made("ci", "word", NULL);
	char peer[32];
	(void)state;
	for (unsigned j = 0; j < 3; j++)
		for (unsigned i = 0; i < 1024; i++) {
			snprintf(peer, sizeof(peer), "10.0.%u.%u", i / 256, i % 256);
			assert_int_equal(login_refused(login, peer, 1 + j), 0);
		}
	assert_int_equal(login_refused(login, "10.0.0.0", 10), 250);
	assert_int_equal(login_refused(login, "192.0.2.1", 10), 0);
	/* 10.0.0.1 had to go, 10.0.0.2 is still there */
	assert_int_equal(login_refused(login, "10.0.0.2", 11), 250);
	assert_int_equal(login_refused(login, "10.0.0.1", 11), 0);
	/* millions of addresses take no more room */
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(peer, sizeof(peer), "2001:db8:%x:%x::1", i / 65536, i % 65536);
		assert_int_equal(login_refused(login, peer, 12), 0);
	}
}

static void *guess(void *ctx)
{
	struct login_guard *login = ctx;
	char peer[32];
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(peer, sizeof(peer), "192.0.2.%u", i % 200);
		login_blocked(login, peer, i);
		if (!login_check(login, "Basic Y2k6d29yZA=="))
			return login;
		login_refused(login, peer, i);
	}
	return NULL;
}

static void test_threads(void **state)
{
	scoped(login_free) struct login_guard *login = made("ci", "word", NULL);
	pthread_t threads[4];
	(void)state;
	for (size_t i = 0; i < array_count(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, guess, login), 0);
	for (size_t i = 0; i < array_count(threads); i++) {
		void *wrong;
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	/* each peer was refused forty times */
	assert_int_equal(login_blocked(login, "192.0.2.7", 2000), MINUTE - (2000 - 1807));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basic),      cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_none),       cmocka_unit_test(test_anonymous),
		cmocka_unit_test(test_long),       cmocka_unit_test(test_equal),
		cmocka_unit_test(test_secrets),    cmocka_unit_test(test_delays),
		cmocka_unit_test(test_block),      cmocka_unit_test(test_peers),
		cmocka_unit_test(test_near_peers), cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
