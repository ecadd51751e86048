/*
 * Sessions and trust sets, threads, proxies, and servers that are none: what the program's own
 * sockets must be used for, since no well-behaved server sends it.
 */
#include "test_tls_server.h"

#include "base/log.h"
#include "net/tls_client.h"
#include "net/tls_engine.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

static struct trust_set *trust_a, *trust_b;

/* One request with its own handle; says whether the server resumed a session. */
static void expect(struct trust_set *tls, CURLSH *share, int port, bool insecure,
		   const char *outcome)
{
	struct client client;
	client_open(&client, tls, "localhost", port, insecure);
	curl_easy_setopt(client.easy, CURLOPT_SHARE, share);
	client_perform(&client);
	const char *page = buf_string(&client.body);
	const char *got = client.result ? "refused" : strstr(page, "Reused,") ? "reused" : "new";
	assert_string_equal(outcome, got);
	if (client.result)
		assert_non_null(strstr(client.failure, "trusted authority"));
	else
		assert_string_not_equal("", client.suite);
	client_close(&client);
}

static void test_trust_sets(void **state)
{
	struct server server = server_start("-cert leaf.pem -key leaf.key");
	CURLSH *share = curl_share_init();
	(void)state;
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	expect(trust_a, share, server.port, false, "new");
	expect(trust_a, share, server.port, false, "reused");
	expect(trust_b, share, server.port, false, "refused");
	expect(trust_b, share, server.port, true, "new");
	expect(trust_b, share, server.port, true, "reused");
	expect(trust_b, share, server.port, false, "refused");
	expect(trust_a, share, server.port, false, "reused");
	struct trust_set *again = client_trust("root.pem");
	expect(again, share, server.port, false, "new");
	tls_set_free(&again);
	curl_share_cleanup(share);
	server_stop(&server);
}

/* One request by who, whose certificate the server asks for; NULL: by nobody. */
static void expect_as(const char *who, CURLSH *share, int port, const char *outcome)
{
	struct client client;
	struct error err = {0};
	char name[64], certificate[4200], key[4200];
	snprintf(name, sizeof(name), "%s.pem", who ? who : "");
	fixture_path(certificate, name);
	snprintf(name, sizeof(name), "%s.key", who ? who : "");
	fixture_path(key, name);
	client_open(&client, trust_a, "localhost", port, false);
	curl_easy_setopt(client.easy, CURLOPT_SHARE, share);
	if (who)
		assert_true(tls_session_identify(client.easy,
						 &(struct tls_client){certificate, key}, &err));
	client_perform(&client);
	assert_int_equal(CURLE_OK, client.result);
	assert_string_equal(outcome,
			    strstr(buf_string(&client.body), "Reused,") ? "reused" : "new");
	client_close(&client);
}

static void test_identities(void **state)
{
	(void)state;
	if (!tls_engine.modern)
		skip();
	struct server server = server_start("-cert leaf.pem -key leaf.key -verify 1");
	CURLSH *share = curl_share_init();
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	expect_as("root", share, server.port, "new");
	expect_as("root", share, server.port, "reused");
	expect_as("other", share, server.port, "new");
	expect_as(NULL, share, server.port, "new");
	expect_as(NULL, share, server.port, "reused");
	expect_as("root", share, server.port, "reused");
	curl_share_cleanup(share);
	server_stop(&server);
}

static void *connect_often(void *ctx)
{
	const struct server *server = ctx;
	for (int i = 0; i < 5; i++) {
		struct client client;
		client_open(&client, trust_a, "localhost", server->port, i == 4);
		client_perform(&client);
		assert_int_equal(CURLE_OK, client.result);
		client_close(&client);
	}
	return NULL;
}

/* The anchors are loaded by whoever comes first. */
static void test_threads(void **state)
{
	struct server server = server_start("-cert leaf.pem -key leaf.key");
	pthread_t threads[4];
	(void)state;
	tls_set_free(&trust_a);
	trust_a = client_trust("root.pem");
	for (size_t i = 0; i < array_count(threads); i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, connect_often, &server));
	for (size_t i = 0; i < array_count(threads); i++)
		pthread_join(threads[i], NULL);
	server_stop(&server);
}

/* None before the handshake, then what both agreed on. */
static void test_suite(void **state)
{
	struct server server = server_start("-cert leaf.pem -key leaf.key");
	struct client client;
	(void)state;
	client_open(&client, trust_a, "localhost", server.port, false);
	assert_null(tls_session_suite(client.session));
	assert_null(tls_session_version(client.session));
	client_perform(&client);
	assert_string_equal(tls_engine.modern ? "1.3" : "1.2", client.version);
	assert_non_null(strstr(buf_string(&client.body), client.suite));
	client_close(&client);
	server_stop(&server);
}

/* A handle that is led elsewhere than the session was made for checks what it meets there. */
static void test_other_host(void **state)
{
	struct server server = server_start("-cert leaf.pem -key leaf.key");
	struct client client;
	(void)state;
	client_open(&client, trust_b, "other.test", server.port, true);
	curl_easy_setopt(client.easy, CURLOPT_URL, "https://localhost/");
	client_perform(&client);
	assert_non_null(strstr(client.failure, "trusted authority"));
	client_close(&client);

	client_open(&client, trust_a, "localhost", server.port, false);
	curl_easy_setopt(client.easy, CURLOPT_URL, "https://127.0.0.1/");
	client_perform(&client);
	assert_int_equal(CURLE_PEER_FAILED_VERIFICATION, client.result);
	curl_easy_setopt(client.easy, CURLOPT_SSL_VERIFYHOST, 0L);
	client_perform(&client);
	assert_non_null(strstr(client.failure, "for other names"));
	client_close(&client);
	server_stop(&server);
}

/* A proxy is always checked, whatever the target is. */
static void test_proxy(void **state)
{
	struct server server = server_start("-cert leaf.pem -key leaf.key");
	struct trust_set *const trusts[] = {trust_b, trust_a};
	char proxy[64];
	(void)state;
	for (size_t i = 0; i < array_count(trusts); i++) {
		struct client client;
		client_open(&client, trusts[i], "registry.test", server.port, true);
		snprintf(proxy, sizeof(proxy), "https://localhost:%d", server.port);
		curl_easy_setopt(client.easy, CURLOPT_PROXY, proxy);
		curl_easy_setopt(client.easy, CURLOPT_TIMEOUT_MS, 1000L);
		client_perform(&client);
		assert_int_not_equal(CURLE_OK, client.result); /* it cannot CONNECT */
		assert_int_equal(i ? 0 : 1, strstr(client.failure, "of localhost ") != NULL);
		assert_int_equal(i ? 0 : 1, strstr(client.failure, "trusted authority") != NULL);
		client_close(&client);
	}
	server_stop(&server);
}

/* Sends answer to whoever connects, until it is killed. */
static struct server impostor_start(struct str answer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(0, bind(listener, (struct sockaddr *)&address, len));
	assert_int_equal(0, listen(listener, 8));
	assert_int_equal(0, getsockname(listener, (struct sockaddr *)&address, &len));
	struct server server = {.pid = fork(), .port = ntohs(address.sin_port)};
	if (server.pid != 0) {
		close(listener);
		return server;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		char hello[4096];
		int peer = accept(listener, NULL, NULL);
		if (read(peer, hello, sizeof(hello)) > 0 &&
		    write(peer, answer.at, answer.len) == (ssize_t)answer.len)
			shutdown(peer, SHUT_WR);
		while (read(peer, hello, sizeof(hello)) > 0)
			continue;
		close(peer);
	}
}

static void add_number(struct buf *out, size_t number, int bytes)
{
	while (bytes--)
		buf_add_char(out, (char)(number >> 8 * bytes));
}

/* Appends handshake messages as TLS records of at most 16 KiB. */
static void add_records(struct buf *out, struct str messages)
{
	for (struct str part; messages.len; messages = str_from(messages, part.len)) {
		part = str_head(messages, 16384);
		buf_add(out, "\x16\x03\x03", 3);
		add_number(out, part.len, 2);
		buf_add_str(out, part);
	}
}

/* ServerHello, and a Certificate message with one certificate, or none when it is empty. */
static struct buf make_flight(struct str certificate)
{
	struct buf messages = {0}, records = {0};
	size_t entry = certificate.len ? certificate.len + 3 : 0;
	buf_add(&messages, "\x02\x00\x00\x2d\x03\x03", 6);
	buf_add(&messages, "0123456789abcdef0123456789abcdef", 32);
	buf_add(&messages, "\x00\xc0\x2f\x00\x00\x05\xff\x01\x00\x01\x00", 11);
	buf_add_char(&messages, 0x0b);
	add_number(&messages, entry + 3, 3);
	add_number(&messages, entry, 3);
	if (entry)
		add_number(&messages, certificate.len, 3);
	buf_add_str(&messages, certificate);
	add_records(&records, buf_str(&messages));
	buf_finish(&messages);
	return records;
}

/* words: in the sentence, "" when there must be none. */
static void expect_impostor(struct str answer, bool insecure, const char *words)
{
	struct server server = impostor_start(answer);
	struct client client;
	client_open(&client, trust_a, "localhost", server.port, insecure);
	client_perform(&client);
	assert_int_not_equal(CURLE_OK, client.result);
	if (!strstr(client.failure, words) || !*words != !*client.failure)
		fail_msg("'%s', not '%s' (%s)", client.failure, words, client.text);
	assert_int_equal(strstr(words, "not speak") != NULL, tls_session_not_tls(client.session));
	client_close(&client);
	server_stop(&server);
}

static void expect_certificate(struct str certificate, const char *words)
{
	scoped(buf_finish) struct buf flight = make_flight(certificate);
	expect_impostor(buf_str(&flight), true, words);
	expect_impostor(buf_str(&flight), false, words);
}

static void test_bad_leaf(void **state)
{
	scoped(buf_finish) struct buf der = fixture_read("leaf.der"), long_der = {0}, huge = {0};
	(void)state;
	buf_add_str(&long_der, buf_str(&der));
	for (int i = 0; i < 600; i++)
		buf_add_char(&long_der, (char)i);
	for (int i = 0; i < 600000; i++)
		buf_add_char(&huge, '0');
	expect_certificate(buf_str(&long_der), "cannot be read");
	expect_certificate(buf_str(&huge), "too large");
	expect_certificate(str_head(buf_str(&der), der.len - 1), "cannot be read");
	expect_certificate(str_head(buf_str(&der), 1), "cannot be read");
	expect_certificate(STR("not a certificate"), "localhost");
}

static void test_no_tls(void **state)
{
	static const struct {
		struct str answer;
		const char *words, *modern; /* NULL: the same */
	} rows[] = {
		{STR("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS", NULL},
		{STR("SSH-2.0-server\r\n"), "does not speak TLS", NULL},
		{STR("220 mail ready\r\n"), "does not speak TLS", NULL},
		{STR(""), "", NULL},
		{STR("\x15\x03\x03\x00\x02\x02\x28"), "no cipher suite", NULL},
		{STR("\x15\x03\x03\x00\x02\x02\x46"), "offers only TLS 1.3", "neither TLS 1.2"},
		{STR("\x15\x03\x03\x00\x02\x02\x50"), "", NULL}, /* internal error: try again */
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		expect_impostor(rows[i].answer, i % 2,
				tls_engine.modern && rows[i].modern ? rows[i].modern
								    : rows[i].words);
}

/* A failure is told for the transfer that had it, not for a later one. */
static void test_failure_is_forgotten(void **state)
{
	struct server server = server_start("-cert leaf.pem -key leaf.key");
	struct client client;
	(void)state;
	client_open(&client, trust_b, "localhost", server.port, false);
	client_perform(&client);
	assert_string_not_equal("", client.failure);
	server_stop(&server);
	client_perform(&client);
	assert_int_equal(CURLE_COULDNT_CONNECT, client.result);
	assert_string_equal("", client.failure);
	client_close(&client);
}

static void test_configuration(void **state)
{
	struct trust_set *tls = tls_set_new("/nowhere/ca.pem");
	struct tls_session *session = NULL;
	struct error err = {0};
	CURL *easy = curl_easy_init();
	(void)state;
	assert_false(tls_session_new(tls, easy, STR("localhost"), false, &session, &err));
	assert_int_equal(ERROR_CONFIG, err.kind);
	assert_null(session);
	assert_true(tls_session_new(tls, easy, STR("localhost"), true, &session, &err));
	curl_easy_cleanup(easy);
	tls_session_free(&session);
	tls_session_free(&session);
	tls_set_free(&tls);
	tls_set_free(&tls);
}

static int make_files(void **state)
{
	(void)state;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	log_open(stderr, LOG_ERROR);
	fixture_open();
	fixture_key("root", P256);
	fixture_key("other", P256);
	fixture_key("leaf", "RSA -pkeyopt rsa_keygen_bits:2048");
	fixture_certificate("root", "root", NULL, "-subj /CN=root" AUTHORITY);
	fixture_certificate("other", "other", NULL, "-subj /CN=other" AUTHORITY);
	fixture_certificate("leaf", "leaf", "root",
			    "-subj /CN=leaf -addext subjectAltName=DNS:localhost");
	fixture_run("openssl x509 -in leaf.pem -outform DER -out leaf.der");
	trust_a = client_trust("root.pem");
	trust_b = client_trust("other.pem");
	return 0;
}

static int release(void **state)
{
	(void)state;
	tls_set_free(&trust_a);
	tls_set_free(&trust_b);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust_sets),    cmocka_unit_test(test_threads),
		cmocka_unit_test(test_suite),         cmocka_unit_test(test_other_host),
		cmocka_unit_test(test_proxy),         cmocka_unit_test(test_bad_leaf),
		cmocka_unit_test(test_no_tls),        cmocka_unit_test(test_failure_is_forgotten),
		cmocka_unit_test(test_configuration), cmocka_unit_test(test_identities),
	};
	return cmocka_run_group_tests(tests, make_files, release);
}
