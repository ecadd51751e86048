/*
 * A proxy resolves names itself, so the text is all there is to judge by. The lists hold names that
 * are internal by convention; a public name can still resolve to an internal address, which only
 * shows when we connect directly (inside.h).
 */
#include "net/hostname.h"

#include "base/scoped.h"

#include <string.h>

static const char *const internal_domains[] = {
	"localhost", /* RFC 6761 */
	"local",     /* RFC 6762, and cluster.local of Kubernetes */
	"home.arpa", /* RFC 8375 */
	"internal",  /* reserved by ICANN: used by clouds, and host.docker.internal */
	/*
	 * Never delegated because internal networks use them: ICANN's decision of 2018, RFC 6762,
	 * G.
	 */
	"corp",
	"home",
	"mail",
	"intranet",
	"private",
	"lan",
	/* Common usage, and in no public zone. */
	"localdomain",
	"localdomain4",
	"localdomain6",
	"domain",
	"svc",
	"consul",
};

static const char *const metadata_names[] = {
	"metadata.google.internal",   "metadata.goog",           "metadata.azure.internal",
	"instance-data.ec2.internal", "metadata.tencentyun.com", "metadata.exoscale.com",
	"api.metadata.cloud.ibm.com",
};

struct str hostname_bare(struct str host)
{
	if (host.len > 1 && host.at[host.len - 1] == '.')
		host.len--;
	return host;
}

/*
 * Some parsers take a name that ends in a number for an address, and some map names beyond ASCII to
 * other names.
 */
bool hostname_proper(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	const char *last = strrchr(host, '.');
	last = last ? last + 1 : host;
	bool hex = last[0] == '0' && (last[1] == 'x' || last[1] == 'X') &&
		   !last[2 + strspn(last + 2, "0123456789abcdefABCDEF")];
	bool number = hex || !last[strspn(last, "0123456789")];
	return *host && *host != '.' && !number && !strstr(host, "..") &&
	       !host[strspn(host, letters)];
}

bool hostname_within(struct str host, const char *domain)
{
	struct str end = str_of(domain);
	host = hostname_bare(host);
	if (host.len < end.len)
		return false;
	size_t before = host.len - end.len;
	return str_equal_nocase(str_from(host, before), end) &&
	       (!before || host.at[before - 1] == '.');
}

bool hostname_internal(struct str host)
{
	host = hostname_bare(host);
	if (host.len && host.at[0] == '[')
		return false;
	if (str_find(host, '.') == host.len)
		return true;
	for (size_t i = 0; i < array_count(internal_domains); i++)
		if (hostname_within(host, internal_domains[i]))
			return true;
	return false;
}

bool hostname_metadata(struct str host)
{
	host = hostname_bare(host);
	for (size_t i = 0; i < array_count(metadata_names); i++)
		if (str_equal_nocase(host, str_of(metadata_names[i])))
			return true;
	return false;
}
