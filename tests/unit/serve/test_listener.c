/* What is asked arrives as it was meant; answers come at once, later, from anywhere, in order. */
#include "test_listener_client.h"

static void test_what_was_asked(void **state)
{
	static const char request[] =
		"POST /echo/a%20b%2fc?a=1&q=x+y%2Bz&q=2 HTTP/1.1\r\nHost: h\r\n"
		"X-Test:  some text \r\nContent-Length: 5\r\n"
		"Connection: close\r\n\r\nhello";
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	client_all(&scene, request, sizeof(request) - 1, &got);
	client_expect(&got, "HTTP/1.1 200 OK\r\n");
	client_expect(&got,
		      "\r\n\r\nPOST /echo/a b/c q=x y+z x=some text peer=127.0.0.1 body=hello");
	client_expect(&got, "\r\nX-Content-Type-Options: nosniff\r\n");
	client_expect(&got, "\r\nCache-Control: no-store\r\n");
	client_expect(&got, "\r\nContent-Type: text/plain\r\n");
	client_expect(&got, "\r\nDate: ");
	client_refute(&got, "\r\nServer:");
	assert_int_equal(atomic_load(&scene.served), 1);
	assert_false(listener_is_public(scene.listener));
	client_close(&scene);
	buf_finish(&got);
}

static void test_methods(void **state)
{
	static const char *const methods[] = {"GET", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"};
	struct client_scene scene;
	struct buf got = buf_limit(0);
	char request[128], expected[64];
	(void)state;
	client_open(&scene, &client_usual);
	int fd = client_connect(&scene);
	for (size_t i = 0; i < array_count(methods); i++) {
		snprintf(request, sizeof(request), "%s /echo HTTP/1.1\r\nHost: h\r\n\r\n",
			 methods[i]);
		snprintf(expected, sizeof(expected), "\r\n\r\n%s /echo", methods[i]);
		client_write(fd, request);
		buf_reset(&got);
		client_answer(fd, false, &got);
		client_expect(&got, expected);
	}
	client_write(fd, "HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n" CLIENT_LAST("/echo/next"));
	buf_reset(&got);
	client_answer(fd, true, &got);
	client_expect(&got, "\r\nContent-Length: ");
	client_refute(&got, "\r\nContent-Length: 0\r\n");
	buf_reset(&got);
	client_rest(fd, &got);
	assert_true(str_starts(buf_str(&got), "HTTP/1.1 200 OK\r\n"));
	client_expect(&got, "GET /echo/next");
	close(fd);
	client_close(&scene);
	buf_finish(&got);
}

static void test_the_old_version_ends_the_connection(void **state)
{
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	int fd = client_connect(&scene);
	client_write(fd, "GET /echo HTTP/1.0\r\n\r\n");
	client_rest(fd, &got);
	client_expect(&got, " 200 OK\r\n");
	client_expect(&got, "GET /echo");
	close(fd);
	client_close(&scene);
	buf_finish(&got);
}

static void test_answers_in_order(void **state)
{
	struct client_scene scene;
	struct listener_request *later[1];
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	int fd = client_connect(&scene);
	client_write(fd, CLIENT_GET("/later") CLIENT_GET("/echo/second") CLIENT_GET("/thread")
				 CLIENT_LAST("/echo/last"));
	client_waiting(&scene, 1, later);
	client_say(later[0], 202, "the first");
	client_answer(fd, false, &got);
	client_expect(&got, "HTTP/1.1 202 Accepted\r\n");
	client_expect(&got, "\r\n\r\nthe first");
	buf_reset(&got);
	client_answer(fd, false, &got);
	client_expect(&got, "\r\n\r\nGET /echo/second");
	buf_reset(&got);
	client_answer(fd, false, &got);
	client_expect(&got, "\r\n\r\nfrom a thread");
	buf_reset(&got);
	client_rest(fd, &got);
	client_expect(&got, "\r\n\r\nGET /echo/last");
	close(fd);
	client_close(&scene);
	buf_finish(&got);
}

/* Each asks, is answered later, and asks again. */
static void test_many_connections(void **state)
{
	enum { MANY = 200 };
	struct client_scene scene;
	struct listener_request *later[MANY];
	struct buf got = buf_limit(0);
	int fds[MANY];
	(void)state;
	client_open(&scene, &client_usual);
	for (int i = 0; i < MANY; i++) {
		fds[i] = client_connect(&scene);
		client_write(fds[i], CLIENT_GET("/later"));
	}
	client_waiting(&scene, MANY, later);
	for (int i = 0; i < MANY; i++)
		client_say(later[i], 200, "now");
	for (int i = 0; i < MANY; i++) {
		buf_reset(&got);
		client_answer(fds[i], false, &got);
		client_expect(&got, "\r\n\r\nnow");
		client_write(fds[i], CLIENT_LAST("/thread"));
	}
	for (int i = 0; i < MANY; i++) {
		buf_reset(&got);
		client_rest(fds[i], &got);
		client_expect(&got, "\r\n\r\nfrom a thread");
		close(fds[i]);
	}
	client_close(&scene);
	buf_finish(&got);
}

static void test_connections_beyond_the_limit_wait(void **state)
{
	struct listener_options options = client_usual;
	struct client_scene scene;
	struct listener_request *later[2];
	struct buf got = buf_limit(0);
	int fds[3];
	(void)state;
	options.connections = 2;
	client_open(&scene, &options);
	for (int i = 0; i < 3; i++) {
		fds[i] = client_connect(&scene);
		client_write(fds[i], CLIENT_GET("/later"));
	}
	client_waiting(&scene, 2, later);
	usleep(50 * 1000);
	assert_int_equal(atomic_load(&scene.served), 2);
	client_say(later[0], 200, "now");
	client_say(later[1], 200, "now");
	for (int i = 0; i < 2; i++) {
		client_answer(fds[i], false, &got);
		close(fds[i]);
	}
	client_waiting(&scene, 1, later);
	client_say(later[0], 200, "at last");
	buf_reset(&got);
	client_answer(fds[2], false, &got);
	client_expect(&got, "at last");
	close(fds[2]);
	client_close(&scene);
	buf_finish(&got);
}

static void test_clients_that_leave(void **state)
{
	const struct linger reset = {.l_onoff = 1};
	struct client_scene scene;
	struct listener_request *later[20];
	(void)state;
	client_open(&scene, &client_usual);
	for (int i = 0; i < 20; i++) {
		int fd = client_connect(&scene);
		client_write(fd, CLIENT_GET("/later"));
		client_waiting(&scene, 1, &later[i]);
		if (i % 2)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	for (int i = 0; i < 20; i++)
		client_say(later[i], 200, "too late");
	for (int i = 0; i < 5; i++) { /* within a request, and within an answer */
		int fd = client_connect(&scene);
		client_write(fd,
			     i % 2 ? "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"
				   : CLIENT_GET("/large"));
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	client_alive(&scene);
	client_close(&scene);
}

static void test_large_answers(void **state)
{
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	client_all(&scene, CLIENT_LAST("/large"), strlen(CLIENT_LAST("/large")), &got);
	assert_true(got.len > LARGE_BYTES && got.len < LARGE_BYTES + 1024);
	client_close(&scene);
	buf_finish(&got);
}

static void test_all_addresses(void **state)
{
	struct listener_options options = client_usual;
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	options.address = ":0";
	client_open(&scene, &options);
	assert_true(listener_is_public(scene.listener));
	client_all(&scene, CLIENT_LAST("/echo"), strlen(CLIENT_LAST("/echo")), &got);
	client_expect(&got, "peer=127.0.0.1 ");
	client_close(&scene);
	buf_finish(&got);
}

static void headers(void *ctx, struct listener_request *request)
{
	static const struct listener_header more[] = {{"Cache-Control", "max-age=60"},
						      {"Location", "/x"}};
	static const struct listener_header broken[] = {{"X-Broken", "a\r\nSet-Cookie: b"}};
	bool wrong = str_is(str_of(listener_path(request)), "/wrong");
	const struct listener_answer answer = {
		.status = 303, .headers = wrong ? broken : more, .header_count = wrong ? 1 : 2};
	(void)ctx;
	listener_answer(request, &answer);
}

static void test_headers_of_an_answer(void **state)
{
	struct listener_options options = client_usual;
	struct client_scene scene = {.listener = NULL};
	struct buf got = buf_limit(0);
	struct error err;
	(void)state;
	options.serve = headers;
	assert_true(listener_bind(&options, &scene.listener, &err));
	assert_true(listener_start(scene.listener, &err));
	client_all(&scene, CLIENT_LAST("/"), strlen(CLIENT_LAST("/")), &got);
	client_expect(&got, "HTTP/1.1 303 See Other\r\n");
	client_expect(&got, "\r\nCache-Control: max-age=60\r\n");
	client_refute(&got, "no-store");
	client_expect(&got, "\r\nLocation: /x\r\n");
	client_expect(&got, "\r\nContent-Length: 0\r\n");
	client_refute(&got, "Content-Type:");
	buf_reset(&got);
	client_all(&scene, CLIENT_LAST("/wrong"), strlen(CLIENT_LAST("/wrong")), &got);
	client_expect(&got, "HTTP/1.1 503 ");
	client_refute(&got, "Cookie");
	listener_free(&scene.listener);
	buf_finish(&got);
}

/* --- the end --------------------------------------------------------------------------------- */

static void test_quiet(void **state)
{
	struct client_scene scene;
	struct listener_request *later[1];
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	int open = client_connect(&scene), kept = client_connect(&scene);
	client_write(kept, CLIENT_GET("/echo"));
	client_answer(kept, false, &got);
	client_write(open, CLIENT_GET("/later"));
	client_waiting(&scene, 1, later);
	listener_quiesce(scene.listener);
	listener_quiesce(scene.listener);
	assert_int_equal(client_try(&scene), -1);
	client_say(later[0], 200, "still answered");
	buf_reset(&got);
	client_rest(open, &got);
	client_expect(&got, "still answered");
	client_expect(&got, "\r\nConnection: close\r\n");
	client_write(kept, CLIENT_GET("/echo/last"));
	buf_reset(&got);
	client_rest(kept, &got);
	client_expect(&got, "GET /echo/last");
	client_expect(&got, "\r\nConnection: close\r\n");
	close(open);
	close(kept);
	client_close(&scene);
	buf_finish(&got);
}

static void *answer_soon(void *request)
{
	usleep(50 * 1000);
	client_say(request, 200, "in time");
	return NULL;
}

static void test_the_end_waits_for_answers(void **state)
{
	struct client_scene scene;
	struct listener_request *later[1];
	struct buf got = buf_limit(0);
	pthread_t thread;
	(void)state;
	client_open(&scene, &client_usual);
	int fd = client_connect(&scene);
	client_write(fd, CLIENT_GET("/later"));
	client_waiting(&scene, 1, later);
	pthread_create(&thread, NULL, answer_soon, later[0]);
	client_close(&scene);
	pthread_join(thread, NULL);
	client_rest(fd, &got);
	client_expect(&got, "in time");
	close(fd);
	buf_finish(&got);
}

static void test_the_end_without_answers(void **state)
{
	struct client_scene scene;
	struct listener_request *never[3];
	struct buf got = buf_limit(0);
	int fds[3];
	(void)state;
	client_open(&scene, &client_usual);
	for (int i = 0; i < 3; i++) {
		fds[i] = client_connect(&scene);
		client_write(fds[i], CLIENT_GET("/never"));
	}
	client_waiting(&scene, 3, never);
	close(fds[2]);
	client_close(&scene);
	for (int i = 0; i < 2; i++) {
		buf_reset(&got);
		client_rest(fds[i], &got);
		client_expect(&got, "HTTP/1.1 503 Service Unavailable\r\n");
		close(fds[i]);
	}
	for (int i = 0; i < 3; i++) {
		assert_string_equal(listener_path(never[i]), "/never");
		client_say(never[i], 200, "much too late");
	}
	buf_finish(&got);
}

/* Answers race with the end, whoever is first. */
static void test_answers_at_the_end(void **state)
{
	enum { ROUNDS = 20, EACH = 4 };
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct client_scene scene;
		struct listener_request *later[EACH];
		pthread_t threads[EACH];
		int fds[EACH];
		client_open(&scene, &client_usual);
		for (int i = 0; i < EACH; i++) {
			fds[i] = client_connect(&scene);
			client_write(fds[i], CLIENT_GET("/later"));
		}
		client_waiting(&scene, EACH, later);
		for (int i = 0; i < EACH; i++)
			pthread_create(&threads[i], NULL, client_thread, later[i]);
		client_close(&scene);
		for (int i = 0; i < EACH; i++) {
			pthread_join(threads[i], NULL);
			close(fds[i]);
		}
	}
}

static void test_never_started(void **state)
{
	struct listener *listener = NULL;
	struct listener_options options = client_usual;
	struct error err;
	(void)state;
	options.serve = client_serve;
	assert_true(listener_bind(&options, &listener, &err));
	listener_quiesce(listener);
	listener_free(&listener);
	listener_free(&listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_asked),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_the_old_version_ends_the_connection),
		cmocka_unit_test(test_answers_in_order),
		cmocka_unit_test(test_many_connections),
		cmocka_unit_test(test_connections_beyond_the_limit_wait),
		cmocka_unit_test(test_clients_that_leave),
		cmocka_unit_test(test_large_answers),
		cmocka_unit_test(test_all_addresses),
		cmocka_unit_test(test_headers_of_an_answer),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_the_end_waits_for_answers),
		cmocka_unit_test(test_the_end_without_answers),
		cmocka_unit_test(test_answers_at_the_end),
		cmocka_unit_test(test_never_started),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
