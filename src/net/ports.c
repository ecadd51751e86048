/* A bit for each port takes little memory and needs no growing or sorting. */
#include "net/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { HTTP = 80, HTTPS = 443, UNPRIVILEGED = 1024 };

void ports_add(struct ports *ports, unsigned port)
{
	if (port && port < PORTS_MAX)
		ports->bits[port / 8] |= (uint8_t)(1 << port % 8);
}

static bool is_added(const struct ports *ports, unsigned port)
{
	return port < PORTS_MAX && ports->bits[port / 8] >> port % 8 & 1;
}

bool ports_has(const struct ports *ports, unsigned port)
{
	return is_added(ports, port) || (ports->open && port >= UNPRIVILEGED && port < PORTS_MAX);
}

void ports_open(struct ports *ports)
{
	ports_add(ports, HTTP);
	ports->open = true;
}

/* The number after the last colon outside an IPv6 address; 0: none. */
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
	struct str host = has_scheme ? str_from(url, colon + 3) : url;
	unsigned port = port_of(str_head(host, str_find(host, '/')));
	bool plain = has_scheme && str_equal_nocase(str_head(url, colon), STR("http"));
	ports_add(ports, port ? port : plain ? HTTP : HTTPS);
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
	for (unsigned first = 0; first < PORTS_MAX; first += 64) {
		uint64_t any;
		memcpy(&any, ports->bits + first / 8, sizeof(any));
		for (unsigned port = first; any && port < first + 64; port++) {
			if (!is_added(ports, port))
				continue;
			if (count < max)
				list[count] = (uint16_t)port;
			count++;
		}
	}
	return count;
}
