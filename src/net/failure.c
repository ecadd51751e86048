/*
 * The kind decides about a retry. A refusal by a proxy or an answer that violates HTTP will be the
 * same the next time; a lost connection may not.
 */
#include "net/failure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum error_kind network_kind(CURLcode code, bool connected)
{
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return ERROR_MEMORY;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return ERROR_UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return connected ? ERROR_NETWORK : ERROR_UNREACHABLE;
	case CURLE_URL_MALFORMAT:
		return ERROR_REFUSED;
	default:
		return ERROR_NETWORK;
	}
}

/*
 * True, with an error in err, when a proxy refused the tunnel to an https server (RFC 9110, 9.3.6).
 */
static bool refused_by_proxy(struct handle *handle, struct error *err)
{
	long status = 0;
	curl_easy_getinfo(handle->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status < 400 || status >= 500 || status == 408 || status == 429)
		return false;
	if (status == 407)
		error_set(err, ERROR_CONFIG,
			  "%s: the proxy requires a login, or refuses this one (HTTP 407): put it "
			  "into the proxy's URL, http://USER:PASSWORD@HOST:PORT",
			  handle->host);
	else
		error_set(
			err, ERROR_CONFIG,
			"%s: the proxy refuses to connect (HTTP %ld): check that this machine may "
			"use it, and that it may reach this host",
			handle->host, status);
	err->http_status = (int)status;
	return true;
}

static bool is_malformed(CURLcode code)
{
	return code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_BAD_CONTENT_ENCODING;
}

/* The port that libcurl could not connect to, from its message; 0: it names none. */
static long port_of(const char *why)
{
	static const char before[] = " port ";
	const char *at = strstr(why, before);
	return at ? strtol(at + strlen(before), NULL, 10) : 0;
}

/* Says in our words why there is no connection. False: libcurl's have to do. */
static bool explain_reach(struct handle *handle, CURLcode code, const char *why, struct error *err)
{
	long number = 0, port = port_of(why);
	if (handle->proxied)
		return false;
	if (code == CURLE_COULDNT_RESOLVE_HOST) {
		error_set(err, ERROR_UNREACHABLE,
			  "%s: no address is known for this name (is it spelt right?)",
			  handle->host);
		return true;
	}
	curl_easy_getinfo(handle->easy, CURLINFO_OS_ERRNO, &number);
	if (code != CURLE_COULDNT_CONNECT || number != ECONNREFUSED || !port)
		return false;
	error_set(err, ERROR_UNREACHABLE,
		  "%s: connection refused at port %ld (does a registry listen there?)",
		  handle->host, port);
	return true;
}

bool failure_explain(struct handle *handle, CURLcode code, struct error *err)
{
	const char *why = handle->detail[0] ? handle->detail : curl_easy_strerror(code);
	const char *tls = NULL;
	if (handle->tls) {
		tls_session_note(handle->tls, why);
		tls = tls_session_failure(handle->tls);
	}
	if (tls)
		return error_set(err, tls_session_not_tls(handle->tls) ? ERROR_NOT_TLS : ERROR_TLS,
				 "%s", tls);
	if (refused_by_proxy(handle, err))
		return false;
	if (is_malformed(code))
		return error_set(
			err, ERROR_UNSUPPORTED,
			"%s: the answer is not valid HTTP (%s): check that this is a registry's "
			"port",
			handle->host, why);
	if (explain_reach(handle, code, why, err))
		return false;
	error_set(err, network_kind(code, handle_connected(handle)), "%s", why);
	return strstr(why, handle->host) ? false : error_wrap(err, "%s", handle->host);
}
