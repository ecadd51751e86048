/*
 * TLS for libcurl: trust anchors and certificate rules, over one of two engines (tls_engine.h).
 *
 * A struct trust_set is one trust set: anchors parsed once per process and shared by all threads. A
 * struct tls_session belongs to one easy handle and must stay until after curl_easy_cleanup(). TLS
 * 1.2 (RFC 5246), and 1.3 (RFC 8446) where the engine has it, ECDHE with AES-GCM or
 * ChaCha20-Poly1305; certificates by RFC 5280, names by RFC 6125 from the subjectAltName only, IP
 * addresses included. docs/tls.md says what is checked, and what cannot be done.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

#include <curl/curl.h>

struct trust_set;
struct tls_chain;
struct tls_client;
struct tls_session;

/*
 * A trust set from a file of PEM certificates. With path NULL: $SSL_CERT_FILE, else the system's
 * bundle at its usual places. The file is read on first use, not here; tls_session_new() reports
 * problems with it. NULL without memory. Free it after the last session.
 */
struct trust_set *tls_set_new(const char *path);
void tls_set_free(struct trust_set **tls);

/*
 * Prepares easy for https to host (a name or an IP literal, without port). insecure skips every
 * certificate check except that of an https proxy. easy must not be reset afterwards. ERROR_CONFIG:
 * no usable certificate authority; ERROR_UNSUPPORTED: libcurl is built for another engine;
 * ERROR_MEMORY.
 */
bool tls_session_new(struct trust_set *tls, CURL *easy, struct str host, bool insecure,
		     struct tls_session **out, struct error *err);
/* From now on easy identifies us by a certificate, if the server asks for one. */
bool tls_session_identify(CURL *easy, const struct tls_client *client, struct error *err);
void tls_session_free(struct tls_session **session);
/*
 * Passes the session the text of CURLOPT_ERRORBUFFER for a failed transfer, "" if there is none:
 * refusals by the server appear only there. Call it before tls_session_failure().
 */
void tls_session_note(struct tls_session *session, const char *curl_text);
/*
 * Why the last handshake failed, as a sentence for people with a remedy ("certificate of reg.io has
 * expired (check the local clock)"), or NULL when TLS was not the reason. Valid until the next
 * transfer. Such a failure is permanent: ERROR_TLS, not worth a retry.
 */
const char *tls_session_failure(const struct tls_session *session);
/* True when the last handshake failed because the server spoke another protocol. */
bool tls_session_not_tls(const struct tls_session *session);
/* From now on the session keeps what the last handshake showed, for tls_session_chain(). */
void tls_session_keep_chain(struct tls_session *session);
/* The certificates of the last handshake; NULL: none came, or they are not kept. */
const struct tls_chain *tls_session_chain(const struct tls_session *session);
/* Version of TLS in the last handshake ("1.2"), NULL before. */
const char *tls_session_version(const struct tls_session *session);
/* Name of the suite of the last handshake ("ECDHE-RSA-AES128-GCM-SHA256"), NULL before. */
const char *tls_session_suite(const struct tls_session *session);
