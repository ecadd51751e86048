/* What is not served: malformed, ambiguous, too large or too slow. Each leaves the others alone. */
#include "test_listener_client.h"

#include <stdlib.h>

#define HOST "Host: h\r\n"
#define POST "POST /echo HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"

enum { SERVED = 200, CLOSED = 0 };

static const struct {
	const char *request;
	int status, other; /* the other one is as good */
} raw[] = {
	{"GET /echo HTTP/1.1\r\n" HOST "\r\n", SERVED, 0},
	{"GET http://h/echo?q=1 HTTP/1.1\r\n" HOST "\r\n", SERVED, 0},
	{"GET http://h HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET echo HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", SERVED, 0},
	{"CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{POST "Content-Length: 2\r\n\r\nok", SERVED, 0},
	{POST "Content-Length: 0\r\n\r\n", SERVED, 0},
	{CHUNKED "2\r\nok\r\n0\r\n\r\n", SERVED, 0},
	{CHUNKED "2\r\nok\r\n0\r\nTrailer: x\r\n\r\n", SERVED, 0},
	{POST "Transfer-Encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n", SERVED, 0},
	/* lengths */
	{POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", 400, 0},
	{POST "Content-Length: 2\r\ncontent-length: 3\r\n\r\nok", 400, 0},
	{POST "Content-Length: 2, 2\r\n\r\nok", 400, 0},
	{POST "Content-Length: +2\r\n\r\nok", 400, 0},
	{POST "Content-Length: -2\r\n\r\nok", 400, 0},
	{POST "Content-Length: 0x2\r\n\r\nok", 400, 0},
	{POST "Content-Length: 2 2\r\n\r\nok", 400, 0},
	{POST "Content-Length:\r\n\r\nok", 400, 0},
	{POST "Content-Length: 99999999999999999999\r\n\r\n", 413, 400},
	{POST "Content-Length: 9223372036854775808\r\n\r\n", 413, 400},
	{POST "Content-Length : 2\r\n\r\nok", 400, 0},
	{POST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0},
	{POST "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", 400, 0},
	{POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0},
	{POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 400, 0},
	{POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, 0},
	{POST "Transfer-Encoding: identity\r\n\r\n", 400, 0},
	{POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400, 0},
	{POST "Transfer-Encoding:\x0b"
	      "chunked\r\n\r\n0\r\n\r\n",
	 400, 0},
	/* chunks */
	{CHUNKED "x\r\nok\r\n0\r\n\r\n", 400, 0},
	{CHUNKED "2\r\nokay\r\n0\r\n\r\n", 400, 0},
	{CHUNKED "-2\r\nok\r\n0\r\n\r\n", 400, 0},
	{CHUNKED "0x2\r\nok\r\n0\r\n\r\n", 400, 0},
	{CHUNKED "2 \r\nok\r\n0\r\n\r\n", 400, 0},
	{CHUNKED "2\nok\n0\n\n", 400, 0},
	{CHUNKED "2;a=b\r\nok\r\n0;c\r\n\r\n", SERVED, 0},
	{CHUNKED "ffffffffffffffff\r\nok", 413, CLOSED},
	{CHUNKED "fffffffffffffffff\r\nok", 413, 400},
	{CHUNKED "10000000000000002\r\nok\r\n0\r\n\r\n", 413, 400},
	/* hosts and other headers */
	{"GET /echo HTTP/1.1\r\n\r\n", 400, 0},
	{"GET /echo HTTP/1.1\r\n" HOST HOST "\r\n", 400, 0},
	{"GET /echo HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: b\r\n\r\n", 400, 0},
	{"GET /echo HTTP/1.1\r\n" HOST "X-Test: a\r\n folded\r\n\r\n", 400, 0},
	{"GET /echo HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400, 0},
	{"GET /echo HTTP/1.1\r\n" HOST ": empty\r\n\r\n", 400, 0},
	{"GET /echo HTTP/1.1\r\n X: first\r\n" HOST "\r\n", 400, 0},
	{"GET /echo HTTP/1.1\n"
	 "Host: h\n\n",
	 400, CLOSED},
	{"GET /echo HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 400, 0},
	/* targets */
	{"GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /a%0ab HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /a%7F HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /a%zz HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /a%2 HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /a% HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /echo?q=%00 HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /echo?%0d=1 HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /echo?q=%2 HTTP/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /a\x01 HTTP/1.1\r\n" HOST "\r\n", 400, CLOSED},
	{"GET /a b HTTP/1.1\r\n" HOST "\r\n", 400, CLOSED},
	{"GET  /echo HTTP/1.1\r\n" HOST "\r\n", 400, CLOSED},
	{"GET\t/echo HTTP/1.1\r\n" HOST "\r\n", 400, CLOSED},
	/* versions, and what is no request */
	{"GET /echo HTTP/2.0\r\n" HOST "\r\n", 505, 400},
	{"GET /echo HTTP/1.7\r\n" HOST "\r\n", SERVED, 505},
	{"GET /echo http/1.1\r\n" HOST "\r\n", 400, 0},
	{"GET /echo\r\n\r\n", 400, CLOSED},
	{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, CLOSED},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, 400},
	{"", CLOSED, CLOSED},
	{"GET /ec", CLOSED, CLOSED},
	{POST "Content-Length: 5\r\n\r\nok", CLOSED, CLOSED},
};

static int status_of(const struct buf *got)
{
	int status = CLOSED;
	sscanf(buf_string(got), "HTTP/1.1 %d ", &status);
	return status;
}

static void test_what_is_served(void **state)
{
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	for (size_t i = 0; i < array_count(raw); i++) {
		unsigned before = atomic_load(&scene.served);
		buf_reset(&got);
		client_all(&scene, raw[i].request, strlen(raw[i].request), &got);
		int status = status_of(&got);
		if (status != raw[i].status && status != raw[i].other)
			fail_msg("%s\n%s", raw[i].request, buf_string(&got));
		assert_int_equal(atomic_load(&scene.served) - before, status == SERVED);
	}
	client_alive(&scene);
	client_close(&scene);
	buf_finish(&got);
}

/* What follows a refused request is no request, whatever it looks like. */
static void test_nothing_behind_a_refusal(void **state)
{
	static const char request[] =
		POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" CLIENT_GET(
			"/echo/smuggled");
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	client_all(&scene, request, sizeof(request) - 1, &got);
	assert_int_equal(status_of(&got), 400);
	client_refute(&got, "smuggled");
	assert_int_equal(atomic_load(&scene.served), 0);
	client_close(&scene);
	buf_finish(&got);
}

static void test_zeros(void **state)
{
	static const char line[] = "GET /ec\0ho HTTP/1.1\r\n" HOST "\r\n";
	static const char header[] = "GET /echo HTTP/1.1\r\n" HOST "X-Test: a\0b\r\n\r\n";
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	client_all(&scene, line, sizeof(line) - 1, &got);
	assert_true(status_of(&got) == 400 || status_of(&got) == CLOSED);
	buf_reset(&got);
	client_all(&scene, header, sizeof(header) - 1, &got);
	assert_int_equal(status_of(&got), 400);
	assert_int_equal(atomic_load(&scene.served), 0);
	client_close(&scene);
	buf_finish(&got);
}

/* --- sizes ----------------------------------------------------------------------------------- */

static void repeat(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		buf_add_string(out, text);
}

/* A request with a header so long that line and headers together have that many bytes. */
static void with_head(struct buf *out, size_t bytes)
{
	buf_reset(out);
	buf_add_string(out, "GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\nX-Long: ");
	repeat(out, "x", bytes - out->len - 4);
	buf_add_string(out, "\r\n\r\n");
}

static void test_sizes_of_heads(void **state)
{
	const struct {
		size_t bytes;
		int status, other;
	} heads[] = {{client_usual.header_bytes, SERVED, SERVED},
		     {client_usual.header_bytes + 1, 431, 431},
		     {client_usual.header_bytes * 10, 431, 431}};
	struct client_scene scene;
	struct buf got = buf_limit(0), request = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	for (size_t i = 0; i < array_count(heads); i++) {
		with_head(&request, heads[i].bytes);
		buf_reset(&got);
		client_all(&scene, request.at, request.len, &got);
		assert_int_equal(status_of(&got), heads[i].status);
	}
	buf_reset(&request);
	buf_add_string(&request, "GET /echo HTTP/1.1\r\n" HOST);
	repeat(&request, "a:b\r\n", 10 * 1000);
	buf_add_string(&request, "\r\n");
	buf_reset(&got);
	client_all(&scene, request.at, request.len, &got);
	assert_int_equal(status_of(&got), 431);
	buf_reset(&request);
	buf_add_string(&request, "GET /");
	repeat(&request, "x&", 10 * 1000);
	buf_add_string(&request, " HTTP/1.1\r\n" HOST "\r\n");
	buf_reset(&got);
	client_all(&scene, request.at, request.len, &got);
	assert_int_equal(status_of(&got), 414);
	buf_reset(&request);
	buf_add_string(&request, CHUNKED "2;");
	repeat(&request, "x", 10 * 1000);
	buf_reset(&got);
	client_all(&scene, request.at, request.len, &got);
	assert_int_equal(status_of(&got), 413);
	assert_int_equal(atomic_load(&scene.served), 1);
	client_alive(&scene);
	client_close(&scene);
	buf_finish(&got);
	buf_finish(&request);
}

static void body_of(struct buf *out, size_t bytes, bool chunked)
{
	buf_reset(out);
	buf_add_string(out, POST "Connection: close\r\n");
	if (chunked)
		buf_printf(out, "Transfer-Encoding: chunked\r\n\r\n%x\r\n", (unsigned)bytes);
	else
		buf_printf(out, "Content-Length: %zu\r\n\r\n", bytes);
	repeat(out, "x", bytes);
	buf_add_string(out, chunked ? "\r\n0\r\n\r\n" : "");
}

static void test_sizes_of_bodies(void **state)
{
	struct client_scene scene;
	struct buf got = buf_limit(0), request = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	for (int chunked = 0; chunked < 2; chunked++) {
		for (size_t more = 0; more < 2; more++) {
			body_of(&request, client_usual.body_bytes + more, chunked);
			buf_reset(&got);
			client_all(&scene, request.at, request.len, &got);
			assert_int_equal(status_of(&got), more ? 413 : SERVED);
		}
	}
	assert_int_equal(atomic_load(&scene.served), 2);
	/* one that does not end: it is not read for ever, and nobody waits for its end */
	int fd = client_connect(&scene);
	client_write(fd, CHUNKED);
	buf_reset(&request);
	buf_add_string(&request, "1000\r\n");
	repeat(&request, "x", 0x1000);
	buf_add_string(&request, "\r\n");
	for (int i = 0; i < 100 * 1000; i++)
		if (!client_send(fd, request.at, request.len))
			break;
	buf_reset(&got);
	client_rest(fd, &got);
	assert_int_equal(atomic_load(&scene.served), 2);
	close(fd);
	client_alive(&scene);
	client_close(&scene);
	buf_finish(&got);
	buf_finish(&request);
}

static void test_bodies_that_are_announced(void **state)
{
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	client_open(&scene, &client_usual);
	int fd = client_connect(&scene);
	client_write(fd, POST "Content-Length: 4097\r\n\r\n");
	client_rest(fd, &got);
	assert_int_equal(status_of(&got), 413);
	close(fd);
	fd = client_connect(&scene);
	client_write(fd, POST "Content-Length: 4097\r\nExpect: 100-continue\r\n\r\n");
	buf_reset(&got);
	client_rest(fd, &got);
	assert_int_equal(status_of(&got), 413);
	close(fd);
	fd = client_connect(&scene);
	client_write(fd, POST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	buf_reset(&got);
	client_answer(fd, false, &got);
	assert_int_equal(status_of(&got), 100);
	client_write(fd, "ok");
	buf_reset(&got);
	client_answer(fd, false, &got);
	client_expect(&got, "body=ok");
	close(fd);
	client_close(&scene);
	buf_finish(&got);
}

/* --- time ------------------------------------------------------------------------------------ */

/* Sends a byte now and then until the connection ends. */
static void drip(const struct client_scene *scene, const char *start, const char *again)
{
	char c;
	int fd = client_connect(scene);
	client_write(fd, start);
	for (int i = 0; i < CLIENT_SECONDS * 10; i++) {
		ssize_t got = recv(fd, &c, 1, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) {
			close(fd);
			return;
		}
		if (got == 1)
			fail_msg("an answer to: %s", start);
		client_write(fd, again);
		usleep(100 * 1000);
	}
	fail_msg("never ends: %s", start);
}

static void test_slow_clients(void **state)
{
	struct listener_options options = client_usual;
	struct client_scene scene;
	struct listener_request *later[1];
	struct buf got = buf_limit(0);
	(void)state;
	options.seconds = 1;
	client_open(&scene, &options);
	int waits = client_connect(&scene);
	client_write(waits, CLIENT_GET("/later"));
	drip(&scene, "", "");
	drip(&scene, "GET /", "x");
	drip(&scene, "GET /echo HTTP/1.1\r\n" HOST, "X: y\r\n");
	drip(&scene, POST "Content-Length: 1000\r\n\r\n", "x");
	drip(&scene, CHUNKED, "1\r\nx\r\n");
	int kept = client_connect(&scene);
	client_write(kept, CLIENT_GET("/echo"));
	client_rest(kept, &got);
	client_expect(&got, "GET /echo");
	close(kept);
	/* whoever waits for us is not slow */
	client_waiting(&scene, 1, later);
	client_say(later[0], 200, "after all");
	buf_reset(&got);
	client_answer(waits, false, &got);
	client_expect(&got, "after all");
	close(waits);
	client_close(&scene);
	buf_finish(&got);
}

/* --- anything -------------------------------------------------------------------------------- */

/*
 * The same for every run: requests whose bytes are changed, in a row and cut off. With
 * EVERY_FAULT=1 in the environment there are a hundred times as many.
 */
static void test_damaged_requests(void **state)
{
	enum { ROUNDS = 1500 };
	bool every = getenv("EVERY_FAULT");
	struct client_scene scene;
	struct buf request = buf_limit(0), got = buf_limit(0);
	uint32_t seed = 1;
	(void)state;
	client_open(&scene, &client_usual);
	for (int i = 0; i < ROUNDS * (every ? 100 : 1); i++) {
		buf_reset(&request);
		buf_reset(&got);
		for (int part = 0; part < 3; part++) {
			seed = seed * 1664525 + 1013904223;
			buf_add_string(&request, raw[(seed >> 8) % array_count(raw)].request);
		}
		for (int change = 0; change < 4 && request.len; change++) {
			seed = seed * 1664525 + 1013904223;
			size_t at = (seed >> 4) % request.len;
			request.at[at] = seed & 8 ? "\r\n :;0%\t"[seed >> 29] : (char)(seed >> 24);
		}
		seed = seed * 1664525 + 1013904223;
		client_all(&scene, request.at, seed & 64 ? request.len : seed % (request.len + 1),
			   &got);
	}
	client_alive(&scene);
	client_close(&scene);
	buf_finish(&request);
	buf_finish(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_served),
		cmocka_unit_test(test_nothing_behind_a_refusal),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_sizes_of_heads),
		cmocka_unit_test(test_sizes_of_bodies),
		cmocka_unit_test(test_bodies_that_are_announced),
		cmocka_unit_test(test_slow_clients),
		cmocka_unit_test(test_damaged_requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
