/*
 * libcurl counts from the beginning of an exchange to the end of each step, and leaves out steps
 * that did not come about.
 */
#include "net/sight.h"

#include "net/handle.h"

#include <arpa/inet.h>
#include <stdio.h>

static int64_t microseconds(CURL *easy, CURLINFO which)
{
	curl_off_t value = 0;
	curl_easy_getinfo(easy, which, &value);
	return value;
}

/* The time of a step, of which libcurl knows the end; -1: it did not come about. */
static int64_t step(int64_t end, int64_t begin)
{
	return end > 0 ? end - begin : -1;
}

static void take_times(CURL *easy, struct sighting *out)
{
	int64_t lookup = microseconds(easy, CURLINFO_NAMELOOKUP_TIME_T);
	int64_t connect = microseconds(easy, CURLINFO_CONNECT_TIME_T);
	int64_t handshake = microseconds(easy, CURLINFO_APPCONNECT_TIME_T);
	out->lookup_us = step(lookup, 0);
	out->connect_us = step(connect, lookup);
	out->tls_us = step(handshake, connect);
}

/* libcurl forgets the address of a connection whose handshake fails, so it is kept here. */
static void take_address(const struct handle *handle, struct sighting *out)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)&handle->tried;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&handle->tried;
	char text[INET6_ADDRSTRLEN];
	if (handle->tried.ss_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text)))
		snprintf(out->address, sizeof(out->address), "[%s]:%u", text,
			 (unsigned)ntohs(six->sin6_port));
	else if (handle->tried.ss_family == AF_INET &&
		 inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text)))
		snprintf(out->address, sizeof(out->address), "%s:%u", text,
			 (unsigned)ntohs(four->sin_port));
}

void sight_tell(const struct http_observer *observer, const struct handle *handle,
		const struct sighting *known)
{
	struct sighting sight = *known;
	long connections = 0;
	if (!observer)
		return;
	sight.lookup_us = sight.connect_us = sight.tls_us = -1;
	if (handle) {
		curl_easy_getinfo(handle->easy, CURLINFO_NUM_CONNECTS, &connections);
		take_address(handle, &sight);
		take_times(handle->easy, &sight);
	}
	/* A connection that failed is not counted. */
	sight.fresh = connections > 0 || !known->answer;
	if (handle && handle->tls) {
		sight.version = tls_session_version(handle->tls);
		sight.suite = tls_session_suite(handle->tls);
		sight.chain = tls_session_chain(handle->tls);
	}
	observer->saw(observer->ctx, &sight);
}
