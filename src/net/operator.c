/*
 * A domain above the registry can be trusted: its owner gave the registry its name. A name beside
 * it cannot, since the parent may be a public suffix and the neighbour a stranger. No list of
 * suffixes is complete; Mozilla's, as a library, knows few domains of registries and goes out of
 * date. So two conditions must hold: the parent is not known to be shared, and the name is usual
 * for a token server. That finds the token servers of Docker, Elastic, DigitalOcean, every GitLab
 * and others with a usual name; the rest are named in the auth file (token-server).
 */
#include "net/operator.h"

#include "base/scoped.h"
#include "net/address.h"
#include "net/hostname.h"

#include <string.h>

/* Token servers that no rule about names finds. "*" is one label. */
static const char *const known[][2] = {
	{"lscr.io", "ghcr.io"},
	{"registry.redhat.io", "sso.redhat.com"},
	{"registry.connect.redhat.com", "sso.redhat.com"},
	{"rg.*.scw.cloud", "api.scaleway.com"},
};

/* Names below these domains may belong to anybody: registries first, then clouds and hosting. */
static const char *const shared[] = {
	"azurecr.cn",
	"azurecr.io",
	"azurecr.us",
	"aliyuncs.com",
	"cloudsmith.io",
	"coding.net",
	"gcr.io",
	"jfrog.io",
	"myhuaweicloud.com",
	"ocir.io",
	"pkg.dev",
	"scw.cloud",
	"tencentcloudcr.com",
	"tencentyun.com",
	"vultrcr.com",
	"amazonaws.com",
	"amazonaws.com.cn",
	"amazonwebservices.com.cn",
	"on.aws",
	"api.aws",
	"appdomain.cloud",
	"appspot.com",
	"azure.com",
	"azurecontainer.io",
	"azurecontainerapps.io",
	"azurewebsites.net",
	"baidubce.com",
	"cloudapp.net",
	"cloudflarestorage.com",
	"cloudfront.net",
	"deno.dev",
	"digitaloceanspaces.com",
	"duckdns.org",
	"elasticbeanstalk.com",
	"eu.org",
	"fly.dev",
	"github.io",
	"gitlab.io",
	"gitpod.io",
	"googleapis.com",
	"herokuapp.com",
	"hf.space",
	"linodeobjects.com",
	"myqcloud.com",
	"netlify.app",
	"ngrok.app",
	"ngrok.io",
	"ngrok-free.app",
	"nip.io",
	"ondigitalocean.app",
	"onrender.com",
	"oraclecloud.com",
	"ovh.net",
	"pages.dev",
	"r2.dev",
	"railway.app",
	"run.app",
	"sslip.io",
	"synology.me",
	"trycloudflare.com",
	"ts.net",
	"vercel.app",
	"volces.com",
	"web.app",
	"windows.net",
	"workers.dev",
};

/* Second levels that countries use, besides all names of one or two letters. */
static const char *const second_levels[] = {
	"asn",  "com", "edu", "gob", "gouv", "gov", "govt", "gub", "info", "ltd",    "mil",
	"name", "net", "nhs", "nic", "nom",  "org", "plc",  "pro", "sch",  "school", "web",
};

/* Usual names of token servers, besides those that begin with git or contain auth. */
static const char *const token_servers[] = {
	"account",  "accounts", "api",    "code", "iam", "id",    "idp",
	"keycloak", "login",    "portus", "scm",  "sso", "token", "tokens",
};

static bool among(struct str word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(word, words[i]))
			return true;
	return false;
}

static bool is_address(const char *host)
{
	struct sockaddr_storage ignored;
	return address_parse(host, &ignored);
}

/* The domain above host; the empty slice when it would have no dot. */
static struct str parent_of(const char *host)
{
	struct str parent = str_from(str_of(host), str_find(str_of(host), '.') + 1);
	return str_find(parent, '.') < parent.len ? parent : (struct str){0};
}

/*
 * True when strangers may own names below domain: that of a registry or a cloud, co.uk and the
 * like.
 */
static bool is_shared(struct str domain)
{
	struct str country = domain;
	struct str second;
	for (size_t i = 0; i < array_count(shared); i++)
		if (hostname_within(domain, shared[i]))
			return true;
	str_cut(&country, '.', &second);
	return country.len == 2 &&
	       (second.len <= 2 || among(second, second_levels, array_count(second_levels)));
}

/* True when both are names right below one domain of their own. */
static bool beside(const char *registry, const char *host)
{
	struct str parent = parent_of(registry);
	return parent.len && str_equal(parent, parent_of(host)) && !is_shared(parent);
}

/* True when host is a domain of two labels or more, and registry a name below it. */
static bool above(const char *registry, const char *host)
{
	return strchr(host, '.') && strcmp(registry, host) != 0 && !is_shared(str_of(host)) &&
	       hostname_within(str_of(registry), host);
}

static bool named_like_token_server(const char *host)
{
	struct str label = str_head(str_of(host), str_find(str_of(host), '.'));
	const char *auth = strstr(host, "auth");
	return str_starts(label, "git") || (auth && auth < label.at + label.len) ||
	       among(label, token_servers, array_count(token_servers));
}

/* Alibaba has a registry in each region, and for each way to it: dockerauth-vpc.cn-hangzhou... */
static bool alibaba(const char *registry, const char *host)
{
	static const char domain[] = "aliyuncs.com";
	struct str rest = str_of(registry);
	struct str behind = str_of(host);
	struct str label = {0}, region = {0};
	str_cut(&behind, '.', &label);
	if (!str_starts(label, "dockerauth") || !hostname_within(rest, domain))
		return false;
	if (str_is(behind, domain))
		return str_is(parent_of(registry), domain);
	str_cut(&behind, '.', &region);
	while (str_is(behind, domain) && str_cut(&rest, '.', &label))
		if (str_equal(label, region))
			return true;
	return false;
}

/* Compares label by label. */
static bool fits(struct str host, const char *pattern)
{
	struct str rest = str_of(pattern);
	struct str want, have;
	while (str_cut(&rest, '.', &want))
		if (!str_cut(&host, '.', &have) || !(str_is(want, "*") || str_equal(want, have)))
			return false;
	return !host.at;
}

static bool is_known(const char *registry, const char *host)
{
	for (size_t i = 0; i < array_count(known); i++)
		if (fits(str_of(registry), known[i][0]) && strcmp(host, known[i][1]) == 0)
			return true;
	return alibaba(registry, host);
}

bool operator_issues_tokens(const char *registry, const char *host)
{
	if (strcmp(registry, host) == 0 || is_known(registry, host))
		return true;
	if (is_address(registry) || is_address(host))
		return false;
	return above(registry, host) || (beside(registry, host) && named_like_token_server(host));
}

bool operator_neighbours(const char *registry, const char *host)
{
	if (strcmp(registry, host) == 0 || is_known(registry, host))
		return true;
	if (is_address(registry) || is_address(host))
		return false;
	return beside(registry, host) || str_equal(parent_of(registry), str_of(host));
}
