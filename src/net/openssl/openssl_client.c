/*
 * libcurl reads the same files again for each connection; what is wrong with them is better known
 * before the first one. OpenSSL would ask for a passphrase on the terminal, so it is told there is
 * none.
 */
#include "net/tls_client.h"

#include "base/scoped.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static int no_passphrase(char *out, int size, int writing, void *asked)
{
	(void)out;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static bool read_certificate(const char *path, X509 **out, struct error *err)
{
	scoped(close_file) FILE *file = fopen(path, "re");
	if (!file)
		return error_set(err, ERROR_CONFIG, "cannot read %s: %s", path, strerror(errno));
	*out = PEM_read_X509(file, NULL, NULL, NULL);
	return *out || error_set(err, ERROR_CONFIG, "%s has no certificate in PEM", path);
}

static bool read_key(const char *path, EVP_PKEY **out, struct error *err)
{
	bool asked = false;
	scoped(close_file) FILE *file = fopen(path, "re");
	if (!file)
		return error_set(err, ERROR_CONFIG, "cannot read %s: %s", path, strerror(errno));
	*out = PEM_read_PrivateKey(file, NULL, no_passphrase, &asked);
	if (asked)
		return error_set(err, ERROR_CONFIG,
				 "the key in %s has a passphrase: remove it by openssl pkey -in "
				 "FILE -out FILE, and let nobody else read the file",
				 path);
	return *out || error_set(err, ERROR_CONFIG, "%s has no private key in PEM", path);
}

bool tls_client_check(const struct tls_client *client, struct error *err)
{
	scoped(free_certificate) X509 *certificate = NULL;
	scoped(free_key) EVP_PKEY *key = NULL;
	ERR_set_mark();
	bool good = read_certificate(client->certificate, &certificate, err) &&
		    read_key(client->key, &key, err);
	if (good && X509_check_private_key(certificate, key) != 1)
		good = error_set(err, ERROR_CONFIG, "the key in %s does not belong to %s",
				 client->key, client->certificate);
	ERR_pop_to_mark();
	return good;
}
