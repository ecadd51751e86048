/*
 * A server that may not get the login is not asked without one either: it would list what is
 * public, and nobody would notice that the rest is missing.
 *
 * The address of the server is chosen by the registry. So it may only be one of an internal network
 * where that holds for the token server as well.
 */
#include "registry/realm.h"

#include "registry/host.h"
#include "registry/location.h"
#include "registry/registry_private.h"
#include "registry/request.h"

#include <string.h>

/* Asks the root of the API, which says how to log in; whatever else it says is of no interest. */
static bool ask(const struct repository *repository, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct request request = {.method = "GET", .path = "/v2/", .anonymous = true};
	return request_send(repository, &request, &answer, err);
}

bool realm_find(const struct repository *repository, struct arena *arena, struct url *url,
		struct error *err)
{
	struct host *host = repository->access.host;
	struct challenge known;
	struct url origin;
	*url = (struct url){0};
	if (!host_challenge(host, arena, &known))
		return error_memory(err);
	if (known.scheme == CHALLENGE_NONE && !ask(repository, err))
		return false;
	if (!host_challenge(host, arena, &known))
		return error_memory(err);
	return known.scheme != CHALLENGE_BEARER ||
	       (host_origin(host, &origin, err) &&
		url_resolve(arena, &origin, known.realm, url, err));
}

/* True when the server of url may get the login, as it may for a token. */
static bool is_own(const struct access *access, const struct url *origin, const struct url *url)
{
	enum url_verdict verdict = url_may_send(origin, url, URL_TOKEN);
	return verdict == URL_WITH_AUTH ||
	       (verdict == URL_ANONYMOUS && location_issues_tokens(access, url));
}

bool realm_open(const struct repository *repository, const struct url *url, struct repository *out,
		struct error *err)
{
	const struct access *access = &repository->access;
	bool plain = strcmp(url->scheme, "http") == 0;
	bool usual = strcmp(url->port, plain ? "80" : "443") == 0;
	scoped(buf_finish) struct buf host = {0};
	struct url origin;
	buf_printf(&host, "%s%s%s", url->host, usual ? "" : ":", usual ? "" : url->port);
	if (!buf_ok(&host))
		return error_memory(err);
	if (!host_origin(access->host, &origin, err))
		return false;
	if (!is_own(access, &origin, url))
		return error_set(
			err, ERROR_REFUSED,
			"%s names a token server that does not seem to be its own, %s://%s: if it "
			"is the right one, add token-server: %s to the login for %s in the auth "
			"file",
			access->host->name, url->scheme, host.at, host.at, access->host->name);
	/* As for tokens: by the scheme of the realm, however the registry is reached. */
	const struct registry_approach approach = {
		.insecure = access->host->insecure &&
			    url_may_send(&origin, url, URL_TOKEN) == URL_WITH_AUTH,
		.scheme = plain ? "http" : "https"};
	if (!registry_beside(repository, host.at, &approach, out, err))
		return false;
	out->access.chosen = !location_trusted(access, &origin, url);
	return true;
}
