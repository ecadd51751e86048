/* One handshake with the openssl program's server a row, and what comes of it, for both engines. */
#pragma once

#include "test_tls_server.h"

#include "net/tls_engine.h"

#define RSA2048 "RSA -pkeyopt rsa_keygen_bits:2048"
#define NAME " -addext subjectAltName=DNS:localhost "
#define INT "-cert_chain int.pem "
#define WEAK "-cipher ALL:@SECLEVEL=0 "

struct row {
	const char *what;
	const char *leaf;   /* certificate and key of the server */
	const char *server; /* more arguments of openssl s_server */
	const char *trust;  /* NULL: root.pem */
	const char *host;   /* NULL: localhost */
	bool insecure;
	const char *fails;  /* words of the failure; NULL: it works */
	const char *modern; /* with OpenSSL, where that is something else; "": it works */
};

/* Words of the failure; "" for none. */
static inline const char *expected(const struct row *row)
{
	return tls_engine.modern && row->modern ? row->modern : row->fails ? row->fails : "";
}

/* What is wrong with the outcome, NULL if nothing. */
static inline const char *complaint(const struct row *row, const struct client *client)
{
	const char *fails = expected(row), *page = buf_string(&client->body);
	if ((client->result == CURLE_OK) != !*fails)
		return "another outcome";
	if (*fails)
		return strstr(client->failure, fails) && strstr(client->failure, client->host)
			       ? NULL
			       : "another sentence";
	if (*client->failure || !*client->suite || !strstr(page, client->suite))
		return "a failure, or another suite than the server's";
	char version[32];
	snprintf(version, sizeof(version), "TLSv%s", client->version);
	return strstr(page, version) ? NULL : "another version than the server's";
}

static inline bool run_row(const struct row *row)
{
	char arguments[512];
	struct client client;
	snprintf(arguments, sizeof(arguments), "-cert %s.pem -key %s.key %s", row->leaf, row->leaf,
		 row->server);
	struct server server = server_start(arguments);
	struct trust_set *tls = client_trust(row->trust ? row->trust : "root.pem");
	client_open(&client, tls, row->host ? row->host : "localhost", server.port, row->insecure);
	client_perform(&client);
	const char *wrong = complaint(row, &client);
	if (wrong)
		print_error("%s: %s: '%s' not '%s' (%d %s)\n", row->what, wrong, client.failure,
			    expected(row), client.result, client.text);
	client_close(&client);
	tls_set_free(&tls);
	server_stop(&server);
	return !wrong;
}

static inline void run_rows(const struct row *rows, size_t count)
{
	size_t good = 0;
	for (size_t i = 0; i < count; i++)
		good += run_row(&rows[i]);
	assert_int_equal(count, good);
}

/* A certificate whose last day is past: "openssl ca" is what takes dates in every release. */
static inline void make_expired(const char *name, const char *key, const char *issuer,
				const char *options)
{
	static const char config[] =
		"[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=.\ndatabase=ca-index\n"
		"unique_subject=no\npolicy=p\ncopy_extensions=copy\n"
		"default_md=sha256\nserial=ca-serial\n[p]\ncommonName=supplied\n";
	fixture_write("ca.cnf", str_of(config));
	fixture_write("ca-index", STR(""));
	fixture_run("openssl req -new -config cnf -key %s.key %s -out expired.csr", key, options);
	fixture_run("openssl ca -batch -notext -create_serial -config ca.cnf -in expired.csr "
		    "-startdate 20200101000000Z -enddate 20200201000000Z "
		    "-cert %s.pem -keyfile %s.key -out %s.pem",
		    issuer, issuer, name);
	fixture_run("cp %s.key %s.key", key, name);
}
