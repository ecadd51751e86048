/* A request whose every allocation fails in turn: it is served whole, or refused, or cut off. */
#include "test_scarce_fixture.h"

#include "serve/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void serve(void *ctx, struct listener_request *request)
{
	static const struct listener_header headers[] = {{"X-One", "1"}, {"X-Two", "2"}};
	char text[256];
	const char *query = listener_query(request, "q"), *header = listener_header(request, "X");
	struct str body = listener_body(request);
	(void)ctx;
	snprintf(text, sizeof(text), "%s %s %s %s %.*s", listener_method(request),
		 listener_path(request), query ? query : "-", header ? header : "-",
		 STR_ARGS(body));
	const struct listener_answer answer = {.status = 200,
					       .type = "text/plain",
					       .body = str_of(text),
					       .headers = headers,
					       .header_count = array_count(headers)};
	listener_answer(request, &answer);
}

static size_t ask(unsigned port, char *answer, size_t size)
{
	static const char request[] = "POST /path?a=b&q=1 HTTP/1.1\r\nHost: h\r\nX: y\r\n"
				      "Connection: close\r\nContent-Length: 4\r\n\r\nbody";
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval patience = {.tv_sec = 15};
	size_t len = 0;
	ssize_t got;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	while (len < size - 1 && (got = recv(fd, answer + len, size - 1 - len, 0)) > 0)
		len += (size_t)got;
	assert_true(len == size - 1 || got == 0 || errno == ECONNRESET);
	close(fd);
	answer[len] = '\0';
	return len;
}

static bool one_request(struct arena *arena, struct buf *out)
{
	const struct listener_options options = {.address = "127.0.0.1:0",
						 .header_bytes = 2048,
						 .body_bytes = 1024,
						 .seconds = 20,
						 .connections = 4,
						 .serve = serve};
	struct listener *listener = NULL;
	struct error err = {.text = ""};
	char answer[4096];
	(void)arena;
	if (!listener_bind(&options, &listener, &err) || !listener_start(listener, &err)) {
		listener_free(&listener);
		return out_of_memory(&err);
	}
	ask(listener_port(listener), answer, sizeof(answer));
	listener_free(&listener);
	counting = false;
	bool complete = strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0;
	const char *date = strstr(answer, "Date: "), *end = date ? strstr(date, "\r\n") : NULL;
	assert_true(!complete || end);
	assert_true(complete || !answer[0] || strncmp(answer, "HTTP/1.1 503 ", 13) == 0 ||
		    strncmp(answer, "HTTP/1.1 431 ", 13) == 0);
	if (complete) {
		buf_add(out, answer, (size_t)(date - answer));
		buf_add_string(out, end);
	}
	return complete;
}

static void test_one_request(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	starve(one_request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_request)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
