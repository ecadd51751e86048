/*
 * CPU time of a new https connection, handshake and a small request included.
 *
 *	tls_connect URL CA_FILE COUNT [resume]
 *
 * Each connection has a handle of its own. Without "resume" every handshake is a full one; with it
 * the handles share their TLS sessions, and a server with a session cache resumes all but the
 * first.
 */
#include "net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double cpu_ms(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static size_t drop(char *bytes, size_t size, size_t count, void *ctx)
{
	(void)bytes;
	(void)ctx;
	return size * count;
}

static bool connect_once(struct trust_set *tls, CURLSH *share, const char *url, struct str host)
{
	struct error err = {0};
	struct tls_session *session = NULL;
	CURL *easy = curl_easy_init();
	bool good = easy && tls_session_new(tls, easy, host, false, &session, &err);
	if (!good) {
		fprintf(stderr, "%s\n", err.text);
	} else {
		curl_easy_setopt(easy, CURLOPT_URL, url);
		curl_easy_setopt(easy, CURLOPT_SHARE, share);
		curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
		CURLcode code = curl_easy_perform(easy);
		good = code == CURLE_OK;
		const char *suite = tls_session_suite(session);
		if (good && !share)
			printf("%s\n", suite ? suite : "no suite");
		else if (!good)
			fprintf(stderr, "%s\n", curl_easy_strerror(code));
	}
	curl_easy_cleanup(easy);
	tls_session_free(&session);
	return good;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	long count = strtol(argv[3], NULL, 10);
	char *host = NULL;
	CURLU *url = curl_url();
	curl_url_set(url, CURLUPART_URL, argv[1], 0);
	curl_url_get(url, CURLUPART_HOST, &host, 0);
	CURLSH *share = curl_share_init();
	if (argc > 4)
		curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	struct trust_set *tls = tls_set_new(argv[2]);
	double start = cpu_ms();
	if (!connect_once(tls, NULL, argv[1], str_of(host)) ||
	    !connect_once(tls, share, argv[1], str_of(host)))
		return 1;
	double first = cpu_ms() - start;
	start = cpu_ms();
	for (long i = 0; i < count; i++)
		if (!connect_once(tls, share, argv[1], str_of(host)))
			return 1;
	printf("first two %.1f ms, then %.2f ms each\n", first, (cpu_ms() - start) / (double)count);
	tls_set_free(&tls);
	curl_share_cleanup(share);
	curl_free(host);
	curl_url_cleanup(url);
	return 0;
}
