/* Errors: the text never exceeds its array, and the words added on the way up stand in front. */
#include "base/error.h"
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_set(void **state)
{
	struct error err = {.http_status = 500, .retry_after = 7};
	(void)state;
	assert_false(error_set(&err, ERROR_DENIED, "%s: %d", "host", 1));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_int_equal(err.http_status, 0);
	assert_int_equal(err.retry_after, -1);
	assert_string_equal(err.text, "host: 1");
	assert_false(error_memory(&err));
	assert_int_equal(err.kind, ERROR_MEMORY);
}

static void test_wrap(void **state)
{
	struct error err;
	(void)state;
	error_set(&err, ERROR_LIMITED, "slow down");
	err.http_status = 429;
	err.retry_after = 3;
	assert_false(error_wrap(&err, "blob %d", 1));
	assert_false(error_wrap(&err, "image"));
	assert_string_equal(err.text, "image: blob 1: slow down");
	assert_int_equal(err.kind, ERROR_LIMITED);
	assert_int_equal(err.http_status, 429);
	assert_int_equal(err.retry_after, 3);
}

/* An error may be told again in other words that have its text in them. */
static void test_own_text(void **state)
{
	struct error err;
	(void)state;
	error_set(&err, ERROR_CONFIG, "1:2: no value");
	error_set(&err, ERROR_MISSING, "%s:%s", "report.json", err.text);
	assert_string_equal(err.text, "report.json:1:2: no value");
	assert_int_equal(err.kind, ERROR_MISSING);
	error_wrap(&err, "%.11s", err.text);
	assert_string_equal(err.text, "report.json: report.json:1:2: no value");
}

/* The end that many errors have in common stays known, as long as it is there. */
static void test_shared(void **state)
{
	char words[ERROR_TEXT_SIZE];
	struct error err;
	(void)state;
	memset(words, 'w', sizeof(words));
	error_set(&err, ERROR_NETWORK, "reset");
	assert_int_equal(err.shared, 0);
	err.shared = 5;
	error_wrap(&err, "source");
	assert_int_equal(err.shared, 5);
	error_wrap(&err, "%.*s", ERROR_TEXT_SIZE - 1 - 2 - 13, words);
	assert_int_equal(err.shared, 5);
	assert_string_equal(err.text + strlen(err.text) - 5, "reset");
	error_wrap(&err, "x");
	assert_int_equal(err.shared, 0);
}

/* Text around the array's size, added to in every way. */
static void test_long(void **state)
{
	char words[ERROR_TEXT_SIZE + 10];
	(void)state;
	memset(words, 'w', sizeof(words));
	for (int len = ERROR_TEXT_SIZE - 5; len < ERROR_TEXT_SIZE + 10; len++) {
		struct error err;
		error_set(&err, ERROR_IO, "%.*s", len, words);
		assert_int_equal(strlen(err.text),
				 len < ERROR_TEXT_SIZE ? len : ERROR_TEXT_SIZE - 1);
		error_wrap(&err, "front");
		assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
		assert_int_equal(strncmp(err.text, "front: www", 10), 0);
		error_wrap(&err, "%.*s", len, words);
		assert_true(strlen(err.text) <= ERROR_TEXT_SIZE - 1);
		assert_int_equal(strspn(err.text, "w"),
				 len < ERROR_TEXT_SIZE ? len : ERROR_TEXT_SIZE - 1);
	}
}

/* What is cut off ends in front of a secret, and not within. */
static void test_secret(void **state)
{
	char words[ERROR_TEXT_SIZE];
	struct error err;
	(void)state;
	memset(words, 'w', sizeof(words));
	secret_register(STR("password"));
	for (int len = ERROR_TEXT_SIZE - 12; len < ERROR_TEXT_SIZE; len++) {
		bool fits = len + 8 < ERROR_TEXT_SIZE;
		error_set(&err, ERROR_IO, "%.*spassword", len, words);
		assert_int_equal(strstr(err.text, "password") != NULL, fits);
		assert_int_equal(strchr(err.text, 'p') != NULL, fits);
		error_set(&err, ERROR_IO, "%.*spassword", len - 7, words);
		error_wrap(&err, "front");
		assert_int_equal(strchr(err.text, 'p') != NULL, fits);
		error_set(&err, ERROR_IO, "x");
		error_wrap(&err, "%.*spassword", len, words);
		assert_int_equal(strchr(err.text, 'p') != NULL, fits);
	}
	secret_forget();
}

/* Every kind has a name of its own, but for those that are a finer word for another. */
static void test_names(void **state)
{
	(void)state;
	for (int a = ERROR_NONE; a <= ERROR_CANCELED; a++) {
		assert_string_not_equal(error_kind_name((enum error_kind)a), "unknown");
		bool finer = a == ERROR_NOT_TLS || a == ERROR_DAMAGED;
		for (int b = ERROR_NONE; b < a && !finer; b++)
			assert_string_not_equal(error_kind_name((enum error_kind)a),
						error_kind_name((enum error_kind)b));
	}
	assert_string_equal(error_kind_name(ERROR_NOT_TLS), error_kind_name(ERROR_TLS));
	assert_string_equal(error_kind_name(ERROR_DAMAGED), error_kind_name(ERROR_CORRUPT));
	assert_string_equal(error_kind_name((enum error_kind)(ERROR_CANCELED + 1)), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),      cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_own_text), cmocka_unit_test(test_shared),
		cmocka_unit_test(test_long),     cmocka_unit_test(test_secret),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
