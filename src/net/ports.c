/* A bit for each port: as small as a list, and nothing to grow or sort. */
#include "net/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { HTTP = 80, HTTPS = 443, PROXY = 1080 };

void ports_add(struct ports *ports, unsigned port)
{
	if (port && port < PORTS_MAX)
		ports->bits[port / 8] |= (uint8_t)(1 << port % 8);
}

bool ports_has(const struct ports *ports, unsigned port)
{
	return port < PORTS_MAX && ports->bits[port / 8] >> port % 8 & 1;
}

/* The number behind the last colon that is not within an IPv6 address; 0 when there is none. */
static unsigned port_of(struct str host)
{
	int64_t port = 0;
	size_t at = host.len;
	while (at && host.at[at - 1] != ':' && host.at[at - 1] != ']')
		at--;
	if (!at || host.at[at - 1] != ':' || !str_to_int64(str_from(host, at), &port))
		return 0;
	return port > 0 && port < PORTS_MAX ? (unsigned)port : 0;
}

void ports_add_host(struct ports *ports, struct str host, bool plain)
{
	unsigned port = port_of(host);
	ports_add(ports, port ? port : HTTPS);
	if (!port && plain)
		ports_add(ports, HTTP);
}

void ports_add_url(struct ports *ports, struct str url)
{
	size_t colon = str_find(url, ':');
	bool has_scheme = str_starts(str_from(url, colon), "://");
	struct str scheme = has_scheme ? str_head(url, colon) : (struct str){0};
	struct str host = has_scheme ? str_from(url, colon + 3) : url;
	host = str_head(host, str_find(host, '/'));
	for (size_t at = str_find(host, '@'); at < host.len; at = str_find(host, '@'))
		host = str_from(host, at + 1);
	unsigned port = port_of(host);
	bool tls = str_equal_nocase(scheme, STR("https"));
	if (port || tls) {
		ports_add(ports, port ? port : HTTPS);
		return;
	}
	/* libcurl's own port of proxies, and the one of plain servers. */
	ports_add(ports, PROXY);
	if (!has_scheme || str_equal_nocase(scheme, STR("http")))
		ports_add(ports, HTTP);
}

bool ports_allow(const struct ports *ports, const char *host, const struct sockaddr *address,
		 struct error *err)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
	unsigned port = ntohs(address->sa_family == AF_INET6 ? six->sin6_port : four->sin_port);
	return !ports || ports_has(ports, port) ||
	       error_set(err, ERROR_REFUSED,
			 "port %u belongs to no registry or proxy of this run: to allow a "
			 "connection, name %s:%u in the auth file",
			 port, host, port);
}

size_t ports_list(const struct ports *ports, uint16_t *list, size_t max)
{
	size_t count = 0;
	for (unsigned port = 1; port < PORTS_MAX; port++) {
		if (!ports_has(ports, port))
			continue;
		if (count < max)
			list[count] = (uint16_t)port;
		count++;
	}
	return count;
}
