/*
 * Certificates for the TLS tests: a temporary folder, the openssl program, and files read back.
 *
 * Keys and certificates are made by each test program for itself, so nothing secret or expiring is
 * kept in the tree. The folder goes away with the program.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"

static char fixture_home[4096];
static pid_t fixture_owner;

static inline void fixture_remove(void)
{
	char command[sizeof(fixture_home) + 32];
	if (getpid() != fixture_owner)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", fixture_home);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", fixture_home);
}

/* Runs a shell command in the folder; the test fails when the command does. */
__attribute__((format(printf, 1, 2))) static inline void fixture_run(const char *format, ...)
{
	char command[8192];
	int used = snprintf(command, sizeof(command), "cd '%s' && exec 2>>log && ", fixture_home);
	va_list args;
	va_start(args, format);
	vsnprintf(command + used, sizeof(command) - (size_t)used, format, args);
	va_end(args);
	if (system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		fixture_owner = 0; /* keep the folder */
		fail();
	}
}

/* Makes the folder, and in it a configuration of openssl that adds nothing by itself. */
static inline void fixture_open(void)
{
	const char *parent = getenv("TMPDIR");
	snprintf(fixture_home, sizeof(fixture_home), "%s/tls-XXXXXX", parent ? parent : "/tmp");
	assert_non_null(mkdtemp(fixture_home));
	fixture_owner = getpid();
	atexit(fixture_remove);
	fixture_run("printf '[req]\\ndistinguished_name=dn\\n[dn]\\n' >cnf");
}

static inline void fixture_path(char path[static 4200], const char *name)
{
	snprintf(path, 4200, "%s/%s", fixture_home, name);
}

/* The content of a file in the folder; the caller ends it with buf_finish(). */
static inline struct buf fixture_read(const char *name)
{
	char path[4200];
	struct error err = {0};
	struct buf content = {0};
	fixture_path(path, name);
	if (!file_read(path, &content, &err))
		fail_msg("%s", err.text);
	return content;
}

static inline void fixture_write(const char *name, struct str content)
{
	char path[4200];
	struct error err = {0};
	fixture_path(path, name);
	if (!file_write(path, content, &err))
		fail_msg("%s", err.text);
}

/* Makes name.key: kind is what follows "-algorithm" of openssl genpkey. */
static inline void fixture_key(const char *name, const char *kind)
{
	fixture_run("openssl genpkey -algorithm %s -out %s.key", kind, name);
}

/* Makes name.pem and name.key with the key of key, signed by issuer (NULL: by itself). */
static inline void fixture_certificate(const char *name, const char *key, const char *issuer,
				       const char *options)
{
	char signer[256] = "";
	if (issuer)
		snprintf(signer, sizeof(signer), "-CA %s.pem -CAkey %s.key", issuer, issuer);
	if (strcmp(name, key) != 0)
		fixture_run("cp %s.key %s.key", key, name);
	fixture_run(
		"openssl req -x509 -new -config cnf -utf8 -days 30 -key %s.key -out %s.pem %s %s",
		key, name, signer, options);
}

/* What makes a certificate authority. */
#define AUTHORITY                                                                                  \
	" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign "
#define P256 "EC -pkeyopt ec_paramgen_curve:P-256"
/* OpenSSL makes a key of five primes in a third of the time two take. */
#define RSA8192 "RSA -pkeyopt rsa_keygen_bits:8192 -pkeyopt rsa_keygen_primes:5"
