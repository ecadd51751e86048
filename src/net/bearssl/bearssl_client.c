/* libcurl's BearSSL backend takes no client certificates. */
#include "net/tls_client.h"

bool tls_client_check(const struct tls_client *client, struct error *err)
{
	(void)client;
	return error_set(err, ERROR_UNSUPPORTED,
			 "client certificates are not supported: use the image whose tag ends in "
			 "-openssl, or \"tls: openssl\" in the Action");
}
