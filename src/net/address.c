/*
 * The socket's address is looked at, not the text of a URL: there are too many ways to write
 * 127.0.0.1, and a name may stand for any address, another one each time it is asked for.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct block {
	uint32_t first;
	unsigned bits;
};

static const struct block internal[] = {
	{0x00000000, 8},  /* 0.0.0.0: this host */
	{0x0a000000, 8},  /* 10.0.0.0 */
	{0x64400000, 10}, /* 100.64.0.0: carriers' NAT, and metadata at 100.100.100.200 */
	{0x7f000000, 8},  /* 127.0.0.0 */
	{0xa9fe0000, 16}, /* 169.254.0.0: link-local, and metadata at 169.254.169.254 */
	{0xac100000, 12}, /* 172.16.0.0 */
	{0xc0000000, 24}, /* 192.0.0.0: protocol assignments, metadata at 192.0.0.192 */
	{0xc0a80000, 16}, /* 192.168.0.0 */
	{0xc6120000, 15}, /* 198.18.0.0: benchmarks */
	{0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool in_block(uint32_t address, const struct block *block)
{
	return (address ^ block->first) >> (32 - block->bits) == 0;
}

static bool internal_v4(uint32_t address)
{
	for (size_t i = 0; i < array_count(internal); i++)
		if (in_block(address, &internal[i]))
			return true;
	return false;
}

static uint32_t read_v4(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The IPv4 address inside an IPv6 one: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056). */
static bool embedded_v4(const unsigned char at[16], uint32_t *out)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const unsigned char compatible[12] = {0};
	static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	bool last = memcmp(at, mapped, 12) == 0 || memcmp(at, compatible, 12) == 0 ||
		    memcmp(at, nat64, 12) == 0;
	bool six_to_four = at[0] == 0x20 && at[1] == 0x02;
	if (last || six_to_four)
		*out = read_v4(last ? at + 12 : at + 2);
	return last || six_to_four;
}

static bool internal_v6(const unsigned char at[16])
{
	uint32_t inner;
	if (embedded_v4(at, &inner)) /* of the compatible ones ::1 and :: are in 0.0.0.0/8 */
		return internal_v4(inner);
	bool local_nat64 = at[0] == 0x00 && at[1] == 0x64 && at[2] == 0xff && at[3] == 0x9b;
	/* Global unicast is 2000::/3, all that is ever handed out. */
	return local_nat64 || (at[0] & 0xe0) != 0x20;
}

static const unsigned char *v6_bytes(const struct sockaddr *address)
{
	return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
}

static uint32_t v4_number(const struct sockaddr *address)
{
	return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
}

bool address_internal(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return internal_v4(v4_number(address));
	return address->sa_family != AF_INET6 || internal_v6(v6_bytes(address));
}

bool address_link_local(const struct sockaddr *address)
{
	static const struct block link = {0xa9fe0000, 16};
	uint32_t number;
	if (address->sa_family == AF_INET)
		return in_block(v4_number(address), &link);
	if (address->sa_family != AF_INET6)
		return false;
	const unsigned char *at = v6_bytes(address);
	if (embedded_v4(at, &number))
		return in_block(number, &link);
	return at[0] == 0xfe && (at[1] & 0xc0) == 0x80;
}

bool address_parse(const char *host, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
	char text[INET6_ADDRSTRLEN];
	size_t skip = host[0] == '[';
	size_t len = strcspn(host + skip, "]%");
	*out = (struct sockaddr_storage){0};
	if (len >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)len, host + skip);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		out->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		out->ss_family = AF_INET6;
	return out->ss_family != AF_UNSPEC;
}
