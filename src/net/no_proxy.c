/*
 * This program replaces programs in Go, so golang.org/x/net/http/httpproxy decides what an entry
 * means; its special cases were compared entry by entry. Two more forms are accepted: blanks
 * between entries, as in curl, and an address in brackets without a port.
 *
 * Addresses are compared as IPv6, IPv4 ones in their mapped form (RFC 4291, 2.5.5.2).
 */
#include "net/no_proxy.h"

#include "net/address.h"
#include "net/hostname.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

struct no_proxy_entry {
	struct str name; /* a domain without a dot at either end; empty: the entry is an address */
	bool below;      /* only names below name, not name itself */
	unsigned char address[16];
	unsigned bits;   /* the number of leading bits of address that count */
	struct str port; /* empty: any */
};

static bool is_mapped(const unsigned char address[16])
{
	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static bool is_loopback(const unsigned char address[16])
{
	static const unsigned char one[16] = {[15] = 1};
	return memcmp(address, one, 16) == 0 || (is_mapped(address) && address[12] == 127);
}

/* Reads an address without brackets and without a zone. */
static bool read_address(struct str text, unsigned char out[16])
{
	char copy[INET6_ADDRSTRLEN];
	if (!text.len || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, copy, out + 12) == 1 || inet_pton(AF_INET6, copy, out) == 1;
}

/* True when the first bits of a and b are the same. */
static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8;
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !rest || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

/* Reads ADDRESS/BITS; the remaining bits of the address are ignored. */
static bool read_network(struct str text, struct no_proxy_entry *out)
{
	struct str bits = text, address;
	int64_t number = 0;
	str_cut(&bits, '/', &address);
	if (!read_address(address, out->address) || !str_to_int64(bits, &number))
		return false;
	int64_t most = str_find(address, ':') == address.len ? 32 : ADDRESS_BITS;
	out->bits = (unsigned)(number + ADDRESS_BITS - most);
	return number <= most;
}

/* Takes a port off the end of *text, and brackets off what is left. */
static struct str take_port(struct str *text)
{
	struct str port = {0};
	struct str host = *text;
	size_t colon = host.len;
	while (colon && host.at[colon - 1] != ':')
		colon--;
	bool brackets = host.len && host.at[0] == '[';
	size_t close = str_find(host, ']');
	/* Without brackets a second colon makes it an address. */
	bool has_port = brackets ? colon == close + 2 : colon && str_find(host, ':') == colon - 1;
	if (has_port) {
		port = str_from(host, colon);
		host = str_head(host, colon - 1);
	}
	if (brackets && host.len > 1 && host.at[host.len - 1] == ']')
		host = str_head(str_from(host, 1), host.len - 2);
	*text = host;
	return port;
}

/* Reads one entry. False: it covers nothing. */
static bool read_entry(struct str text, struct no_proxy_entry *out)
{
	*out = (struct no_proxy_entry){0};
	if (read_network(text, out))
		return true;
	out->port = take_port(&text);
	out->bits = ADDRESS_BITS;
	if (read_address(text, out->address))
		return true;
	if (str_starts(text, "*."))
		text = str_from(text, 1);
	out->below = str_starts(text, ".");
	out->name = hostname_bare(str_from(text, out->below));
	return out->name.len > 0 && !str_is(out->name, ".");
}

static bool separates(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes the next entry off *text; the empty slice at the end. */
static struct str next_entry(struct str *text)
{
	size_t len = 0;
	while (text->len && separates(text->at[0]))
		*text = str_from(*text, 1);
	while (len < text->len && !separates(text->at[len]))
		len++;
	struct str entry = str_head(*text, len);
	*text = str_from(*text, len);
	return entry;
}

bool no_proxy_parse(struct arena *arena, struct str text, struct no_proxy *out)
{
	*out = (struct no_proxy){0};
	out->entries = arena_array(arena, text.len / 2 + 1, sizeof(*out->entries));
	if (!out->entries)
		return false;
	for (struct str entry; (entry = next_entry(&text)).len;) {
		out->all |= str_is(entry, "*");
		out->count += read_entry(entry, &out->entries[out->count]);
	}
	return true;
}

/* Reads an address in the form of an entry; false for a name. */
static bool address_of(const char *host, unsigned char out[16])
{
	struct sockaddr_storage storage;
	const void *at = &storage;
	if (!address_parse(host, &storage))
		return false;
	memcpy(out, mapped, sizeof(mapped));
	if (storage.ss_family == AF_INET)
		memcpy(out + 12, &((const struct sockaddr_in *)at)->sin_addr, 4);
	else
		memcpy(out, &((const struct sockaddr_in6 *)at)->sin6_addr, 16);
	return true;
}

static bool covers_address(const struct no_proxy_entry *entry, const unsigned char address[16])
{
	if (entry->name.len)
		return false;
	/* ::/0 is all of IPv6, without IPv4 in its mapped form. */
	bool old = entry->bits >= MAPPED_BITS && is_mapped(entry->address);
	return old == is_mapped(address) && same_bits(entry->address, address, entry->bits);
}

static bool covers_name(const struct no_proxy_entry *entry, struct str host)
{
	if (!entry->name.len || host.len < entry->name.len)
		return false;
	size_t before = host.len - entry->name.len;
	if (!str_equal_nocase(str_from(host, before), entry->name))
		return false;
	return before ? host.at[before - 1] == '.' : !entry->below;
}

bool no_proxy_covers(const struct no_proxy *list, const char *host, const char *port)
{
	unsigned char address[16];
	struct str name = hostname_bare(str_of(host));
	bool literal = address_of(host, address);
	if (list->all || str_equal_nocase(name, STR("localhost")) ||
	    (literal && is_loopback(address)))
		return true;
	for (size_t i = 0; i < list->count; i++) {
		const struct no_proxy_entry *entry = &list->entries[i];
		bool covered = literal ? covers_address(entry, address) : covers_name(entry, name);
		if (covered && (!entry->port.len || str_is(entry->port, port)))
			return true;
	}
	return false;
}
