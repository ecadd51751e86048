/*
 * The address of the socket is judged, not the text of the URL: there are too many ways to write
 * 127.0.0.1, and a name may resolve to any address, a different one each time.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct address_block {
	uint32_t first;
	unsigned bits;
};

/*
 * The entries of IANA's special-purpose registry that are not globally reachable, and a few more.
 */
static const struct address_block internal[] = {
	{0x00000000, 8},  /* 0.0.0.0: this host */
	{0x0a000000, 8},  /* 10.0.0.0 */
	{0x64400000, 10}, /* 100.64.0.0: carriers' NAT, and metadata at 100.100.100.200 */
	{0x7f000000, 8},  /* 127.0.0.0 */
	{0xa83f8110, 32}, /* 168.63.129.16: the host of a machine at Azure */
	{0xa9fe0000, 16}, /* 169.254.0.0: link-local, and metadata at 169.254.169.254 */
	{0xac100000, 12}, /* 172.16.0.0 */
	{0xc0000000, 24}, /* 192.0.0.0: protocol assignments, metadata at 192.0.0.192 */
	{0xc0000200, 24}, /* 192.0.2.0: examples */
	{0xc0a80000, 16}, /* 192.168.0.0 */
	{0xc6120000, 15}, /* 198.18.0.0: benchmarks */
	{0xc6336400, 24}, /* 198.51.100.0: examples */
	{0xcb007100, 24}, /* 203.0.113.0: examples */
	{0xe0000000, 3},  /* multicast, reserved, broadcast */
};

/* Where cloud machines find their credentials and settings. */
static const struct address_block metadata[] = {
	{0x646464c8, 32}, /* 100.100.100.200: Alibaba */
	{0xa83f8110, 32}, /* 168.63.129.16: Azure */
	{0xa9fe0017, 32}, /* 169.254.0.23: Tencent */
	{0xa9fe2a2a, 32}, /* 169.254.42.42: Scaleway */
	{0xa9fea900, 24}, /* 169.254.169.0: 169.254.169.254 of nearly all clouds */
	{0xa9feaa00, 24}, /* 169.254.170.0: containers at Amazon */
	{0xc00000c0, 32}, /* 192.0.0.192: Oracle */
};

static const unsigned char metadata_v6[][16] = {
	{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54},      /* Amazon: machines */
	{0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23},                   /* Amazon: containers */
	{0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54},      /* Google */
	{0xfd, 0x00, 0x00, 0xc1, [12] = 0xa9, 0xfe, 0xa9, 0xfe}, /* Oracle */
	{0xfd, 0x00, 0x00, 0x42, [15] = 0x42},                   /* Scaleway */
	{0xfd, 0x00, 0xa9, 0xfe, 0xa9, 0xfe, [15] = 0x01},       /* Akamai */
	{0xfe, 0x80, [12] = 0xa9, 0xfe, 0xa9, 0xfe},             /* OpenStack */
};

static bool in_block(uint32_t address, const struct address_block *block)
{
	return (address ^ block->first) >> (32 - block->bits) == 0;
}

static bool in_any(uint32_t address, const struct address_block *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (in_block(address, &blocks[i]))
			return true;
	return false;
}

static bool internal_v4(uint32_t address)
{
	return in_any(address, internal, array_count(internal));
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

/* ISATAP (RFC 5214): a tunnel to the IPv4 address at the end, behind any prefix. */
static bool tunnels_inside(const unsigned char at[16])
{
	static const unsigned char isatap[3] = {0x00, 0x5e, 0xfe};
	return (at[8] & 0xfd) == 0 && memcmp(at + 9, isatap, 3) == 0 &&
	       internal_v4(read_v4(at + 12));
}

static bool internal_v6(const unsigned char at[16])
{
	uint32_t inner;
	if (embedded_v4(at, &inner)) /* ::1 and ::, as compatible addresses, are within 0.0.0.0/8 */
		return internal_v4(inner);
	/* 2001::/23: Teredo, whose end is an address of its own choice, and other protocols. */
	bool protocol = at[0] == 0x20 && at[1] == 0x01 && at[2] < 0x02;
	bool example = at[0] == 0x20 && at[1] == 0x01 && at[2] == 0x0d && at[3] == 0xb8;
	/* Global unicast is 2000::/3; no other addresses are assigned. */
	return protocol || example || tunnels_inside(at) || (at[0] & 0xe0) != 0x20;
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

bool address_loopback(const struct sockaddr *address)
{
	static const struct address_block loopback = {0x7f000000, 8};
	static const unsigned char loopback_v6[16] = {[15] = 1};
	uint32_t number;
	if (address->sa_family == AF_INET)
		return in_block(v4_number(address), &loopback);
	if (address->sa_family != AF_INET6)
		return false;
	const unsigned char *at = v6_bytes(address);
	return memcmp(at, loopback_v6, sizeof(loopback_v6)) == 0 ||
	       (embedded_v4(at, &number) && in_block(number, &loopback));
}

bool address_link_local(const struct sockaddr *address)
{
	static const struct address_block link = {0xa9fe0000, 16};
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

bool address_metadata(const struct sockaddr *address)
{
	uint32_t number;
	if (address->sa_family == AF_INET)
		return in_any(v4_number(address), metadata, array_count(metadata));
	if (address->sa_family != AF_INET6)
		return false;
	const unsigned char *at = v6_bytes(address);
	for (size_t i = 0; i < array_count(metadata_v6); i++)
		if (memcmp(at, metadata_v6[i], 16) == 0)
			return true;
	return embedded_v4(at, &number) && in_any(number, metadata, array_count(metadata));
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
	memcpy(text, host + skip, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		out->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		out->ss_family = AF_INET6;
	return out->ss_family != AF_UNSPEC;
}
