/* An address in the user's own text is intended, even a link-local one; metadata never is. */
#include "net/inside.h"

#include "net/address.h"
#include "net/hostname.h"

#include <stdio.h>
#include <string.h>

/* An address in text with its brackets. */
enum { ADDRESS_MAX = 64 };

static const char to_inside[] =
	"a server must not send us to an internal network: if it belongs to the registry, add it "
	"to the auth file";
static const char to_metadata[] = "clouds keep the credentials of their machines there";
static const char to_link[] =
	"it leads to a link-local address, where clouds keep the credentials of their machines: "
	"if it is meant, write the address itself";

static const char to_elsewhere[] =
	"localhost must be this machine, but the name leads to another address: check /etc/hosts";

static const char *judge(const struct sockaddr *address, bool written, bool chosen)
{
	if (address_metadata(address))
		return to_metadata;
	if (chosen)
		return address_internal(address) ? to_inside : NULL;
	return !written && address_link_local(address) ? to_link : NULL;
}

const char *inside_host_refused(const char *host, bool chosen)
{
	struct sockaddr_storage literal;
	if (address_parse(host, &literal))
		return judge((const struct sockaddr *)&literal, true, chosen);
	if (hostname_metadata(str_of(host)))
		return to_metadata;
	return chosen && hostname_internal(str_of(host)) ? to_inside : NULL;
}

const char *inside_address_refused(const struct sockaddr *address, const char *host, bool chosen)
{
	struct sockaddr_storage literal;
	if (strcmp(host, "localhost") == 0 && !address_loopback(address))
		return to_elsewhere;
	return judge(address, address_parse(host, &literal), chosen);
}

bool inside_loopback(struct str name)
{
	struct sockaddr_storage literal;
	char host[ADDRESS_MAX];
	bool v6 = str_starts(name, "[");
	size_t len = v6 ? str_find(name, ']') + 1 : str_find(name, ':');
	struct str text = str_head(name, len);
	if (str_equal_nocase(text, STR("localhost")))
		return true;
	if (text.len >= sizeof(host))
		return false;
	snprintf(host, sizeof(host), "%.*s", STR_ARGS(text));
	return address_parse(host, &literal) && address_loopback((const struct sockaddr *)&literal);
}

bool inside_by_text(const char *host)
{
	struct sockaddr_storage literal;
	if (address_parse(host, &literal))
		return address_internal((const struct sockaddr *)&literal);
	return hostname_internal(str_of(host));
}
