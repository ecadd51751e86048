/* How often the token server is asked, and what its failure means for the requests that follow. */
#include "registry/token.h"

#include "registry/token_fetch.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { THREADS = 8 };

static const struct access access = {0};
static const struct url origin = {.text = "https://reg.test/"};
static const struct token_request request = {.access = &access,
					     .origin = &origin,
					     .realm = "https://auth.test/token",
					     .scope = "repository:a:pull"};

/* The token server. */
static struct {
	atomic_int asked;
	int64_t life;
	enum error_kind failure; /* ERROR_NONE: it issues a token */
} server;

/* Stands in for that of registry/token_fetch.c: slow, so that other threads have to wait. */
bool token_fetch(const struct token_request *asked, struct buf *token, int64_t *life,
		 struct error *err)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int number = atomic_fetch_add(&server.asked, 1) + 1;
	assert_ptr_equal(asked, &request);
	nanosleep(&pause, NULL);
	if (server.failure != ERROR_NONE)
		return error_set(err, server.failure, "no token");
	buf_printf(token, "token-%d", number);
	*life = server.life;
	return true;
}

static void begin(int64_t life, enum error_kind failure)
{
	atomic_store(&server.asked, 0);
	server.life = life;
	server.failure = failure;
}

static void expect(struct tokens *tokens, const char *stale, const char *text, int asked)
{
	scoped(token_finish) struct token token = {0};
	struct error err;
	assert_true(token_get(tokens, &request, stale, &token, &err));
	assert_string_equal(buf_string(&token.text), text);
	assert_int_equal(atomic_load(&server.asked), asked);
}

struct waiter {
	pthread_t thread;
	struct tokens *tokens;
	bool ok;
	struct token token;
	struct error err;
};

static void *get(void *ctx)
{
	struct waiter *waiter = ctx;
	waiter->ok = token_get(waiter->tokens, &request, NULL, &waiter->token, &waiter->err);
	return NULL;
}

/* All at the same time: each gets the first token, or the failure. */
static void get_together(struct tokens *tokens)
{
	struct waiter waiters[THREADS];
	for (size_t i = 0; i < THREADS; i++) {
		waiters[i] = (struct waiter){.tokens = tokens};
		assert_int_equal(pthread_create(&waiters[i].thread, NULL, get, &waiters[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_int_equal(waiters[i].ok, server.failure == ERROR_NONE);
		if (waiters[i].ok)
			assert_string_equal(buf_string(&waiters[i].token.text), "token-1");
		else
			assert_int_equal(waiters[i].err.kind, server.failure);
		token_finish(&waiters[i].token);
	}
}

static void test_one_asks(void **state)
{
	scoped(token_cache_free) struct tokens *tokens = token_cache_new();
	(void)state;
	begin(300, ERROR_NONE);
	get_together(tokens);
	assert_int_equal(atomic_load(&server.asked), 1);
}

static void test_renewal(void **state)
{
	scoped(token_cache_free) struct tokens *tokens = token_cache_new();
	(void)state;
	begin(300, ERROR_NONE);
	expect(tokens, NULL, "token-1", 1);
	expect(tokens, "token-1", "token-2", 2);
	expect(tokens, "token-1", "token-2", 2);
	server.life = 5; /* dies so soon that it serves the one that asked for it */
	expect(tokens, "token-2", "token-3", 3);
	expect(tokens, NULL, "token-4", 4);
}

static void test_forgotten(void **state)
{
	scoped(token_cache_free) struct tokens *tokens = token_cache_new();
	(void)state;
	begin(300, ERROR_NONE);
	expect(tokens, NULL, "token-1", 1);
	token_forget(tokens);
	expect(tokens, NULL, "token-2", 2);
	expect(tokens, NULL, "token-2", 2);
}

static void test_renewable(void **state)
{
	scoped(token_cache_free) struct tokens *tokens = token_cache_new();
	scoped(token_finish) struct token first = {0}, second = {0};
	struct error err;
	(void)state;
	begin(300, ERROR_NONE);
	assert_true(token_get(tokens, &request, NULL, &first, &err));
	assert_false(token_renewable(tokens, &first));
	token_accepted(tokens, &first);
	assert_true(token_renewable(tokens, &first));
	assert_true(token_get(tokens, &request, "token-1", &second, &err));
	token_accepted(tokens, &first);
	assert_true(token_renewable(tokens, &first));
	assert_false(token_renewable(tokens, &second));
}

/* A failure is kept for a few seconds; what a stop cut off is not, for requests that clean up. */
static void test_failures(void **state)
{
	static const struct {
		enum error_kind kind;
		int asked;
	} rows[] = {
		{ERROR_DENIED, 1},
		{ERROR_UNAVAILABLE, 1},
		{ERROR_MEMORY, 1},
		{ERROR_CANCELED, THREADS},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(token_cache_free) struct tokens *tokens = token_cache_new();
		scoped(token_finish) struct token token = {0};
		struct error err;
		begin(300, rows[i].kind);
		get_together(tokens);
		assert_int_equal(atomic_load(&server.asked), rows[i].asked);
		server.failure = ERROR_NONE;
		bool ok = token_get(tokens, &request, NULL, &token, &err);
		assert_int_equal(ok, rows[i].kind == ERROR_CANCELED);
	}
}

/* A token that is there is no answer once its renewal has failed. */
static void test_failed_renewal(void **state)
{
	scoped(token_cache_free) struct tokens *tokens = token_cache_new();
	scoped(token_finish) struct token token = {0};
	struct error err;
	(void)state;
	begin(300, ERROR_NONE);
	expect(tokens, NULL, "token-1", 1);
	server.failure = ERROR_DENIED;
	assert_false(token_get(tokens, &request, "token-1", &token, &err));
	assert_false(token_get(tokens, &request, NULL, &token, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_int_equal(atomic_load(&server.asked), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_asks),       cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_renewable),      cmocka_unit_test(test_failures),
		cmocka_unit_test(test_failed_renewal), cmocka_unit_test(test_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
