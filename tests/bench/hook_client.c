/*
 * hook_client PORT LOGIN HOST CLIENTS RATE COUNT FIRST DISTINCT: sends COUNT hooks from CLIENTS
 * connections that stay open, and prints the times of their answers in microseconds, one a line.
 *
 * Hook number i names the tag FIRST + i % DISTINCT of HOST/team/app. With a RATE, hook i is due i /
 * RATE seconds after the first one whatever became of those before it, and its time counts from
 * then: a server that stalls is not spared the hooks that would have come meanwhile. RATE 0: each
 * connection sends its next hook when the last one is answered.
 *
 * In C, because a client in Python is slower than the server.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 256, TEXT_MAX = 4096 };

struct load {
	const char *login, *host;
	unsigned port, clients, rate;
	unsigned long count, first, distinct;
	double begun;
	double *took; /* seconds, by the number of the hook */
	atomic_ulong taken;
	atomic_bool failed;
};

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void sleep_until(double when)
{
	double left = when - now();
	struct timespec time = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
	if (left > 0)
		nanosleep(&time, NULL);
}

static int dial(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Reads one answer to its end. True: it is 202. */
static bool read_answer(int fd)
{
	char text[TEXT_MAX];
	size_t len = 0, whole = sizeof(text);
	while (len < whole) {
		ssize_t got = read(fd, text + len, sizeof(text) - 1 - len);
		if (got <= 0)
			return false;
		len += (size_t)got;
		text[len] = '\0';
		const char *end = strstr(text, "\r\n\r\n");
		const char *length = end ? strstr(text, "\r\nContent-Length:") : NULL;
		if (length)
			whole = (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
	}
	return strncmp(text, "HTTP/1.1 202 ", 13) == 0;
}

static bool send_hook(const struct load *load, int fd, unsigned long number)
{
	char body[512], text[TEXT_MAX];
	int len = snprintf(body, sizeof(body), "{\"name\":\"%s/team/app\",\"tag\":\"t%lu\"}",
			   load->host, load->first + number % load->distinct);
	len = snprintf(text, sizeof(text),
		       "POST /images/sync/hook HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
		       "Authorization: %s\r\nContent-Type: application/json\r\n"
		       "Content-Length: %d\r\n\r\n%s",
		       load->port, load->login, len, body);
	return write(fd, text, (size_t)len) == len && read_answer(fd);
}

static void *work(void *ctx)
{
	struct load *load = ctx;
	int fd = dial(load->port);
	if (fd < 0)
		atomic_store(&load->failed, true);
	while (!atomic_load(&load->failed)) {
		unsigned long number = atomic_fetch_add(&load->taken, 1);
		if (number >= load->count)
			break;
		double due = now();
		if (load->rate) {
			due = load->begun + (double)number / load->rate;
			sleep_until(due);
		}
		if (!send_hook(load, fd, number))
			atomic_store(&load->failed, true);
		load->took[number] = now() - due;
	}
	close(fd);
	return NULL;
}

static bool run(struct load *load)
{
	pthread_t threads[CLIENTS_MAX];
	unsigned started = 0;
	load->begun = now();
	while (started < load->clients && pthread_create(&threads[started], NULL, work, load) == 0)
		started++;
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return started == load->clients && !atomic_load(&load->failed);
}

int main(int argc, char **argv)
{
	if (argc != 9) {
		fputs("usage: hook_client PORT LOGIN HOST CLIENTS RATE COUNT FIRST DISTINCT\n",
		      stderr);
		return 2;
	}
	struct load load = {.port = (unsigned)strtoul(argv[1], NULL, 10),
			    .login = argv[2],
			    .host = argv[3],
			    .clients = (unsigned)strtoul(argv[4], NULL, 10),
			    .rate = (unsigned)strtoul(argv[5], NULL, 10),
			    .count = strtoul(argv[6], NULL, 10),
			    .first = strtoul(argv[7], NULL, 10),
			    .distinct = strtoul(argv[8], NULL, 10)};
	load.took = calloc(load.count, sizeof(*load.took));
	if (!load.took || load.clients > CLIENTS_MAX || !run(&load)) {
		fputs("hook_client: a hook was not answered with 202\n", stderr);
		return EXIT_FAILURE;
	}
	printf("%.6f\n", now() - load.begun);
	for (unsigned long i = 0; i < load.count; i++)
		printf("%.0f\n", load.took[i] * 1e6);
	return EXIT_SUCCESS;
}
