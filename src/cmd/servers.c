/*
 * All that the auth file names counts, whether or not a rule needs it: a server may send a request
 * on to another one.
 */
#include "cmd/servers.h"

#include "config/auth/registry_key.h"
#include "oci/layout_name.h"

/* Whoever wants to know of each server. */
struct server_taker {
	const struct run *run;
	void (*take)(void *ctx, const struct named_server *server);
	void *ctx;
};

static void take_side(const struct server_taker *taker, const struct reference *name,
		      const char *place)
{
	struct str host = str_of(name->host);
	if (layout_name_host(name->host))
		return;
	const struct credential *entry =
		credential_find(&taker->run->config.credentials, host, str_of(name->repository));
	const struct named_server server = {.name = host,
					    .registry = name->host,
					    .place = place,
					    .plain = entry && entry->insecure};
	taker->take(taker->ctx, &server);
}

static void take_url(const struct server_taker *taker, const char *url, const char *place)
{
	const struct named_server server = {.name = str_of(url), .place = place, .url = true};
	taker->take(taker->ctx, &server);
}

static void take_proxy(const struct server_taker *taker, const struct proxy *proxy,
		       const char *place)
{
	if (proxy)
		take_url(taker, proxy->url, place);
}

static void take_credential(const struct server_taker *taker, const struct credential *entry)
{
	struct named_server server = {.place = entry->place, .plain = entry->insecure};
	struct str path;
	registry_key_split(entry->key, &server.name, &path);
	taker->take(taker->ctx, &server);
	take_proxy(taker, entry->proxy, entry->place);
	if (entry->token_server) {
		server.name = str_of(entry->token_server);
		taker->take(taker->ctx, &server);
	}
	/* One that is insecure has an entry of its own. */
	server.plain = false;
	for (size_t i = 0; i < entry->mirror_count; i++) {
		if (layout_name_scheme(str_of(entry->mirrors[i])))
			continue;
		server.registry = entry->mirrors[i];
		server.name = str_of(server.registry);
		taker->take(taker->ctx, &server);
	}
}

void servers_each(const struct run *run, void (*take)(void *ctx, const struct named_server *server),
		  void *ctx)
{
	const struct server_taker taker = {run, take, ctx};
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		take_side(&taker, rule->source.name, rule->rule->source_place);
		take_side(&taker, rule->destination.name, rule->rule->destination_place);
		if (rule->referrers)
			take_side(&taker, rule->referrers, rule->rule->source_place);
	}
	for (size_t i = 0; i < run->namespace_count; i++) {
		const struct namespace_rule *namespace = &run->namespaces[i];
		take_side(&taker, &namespace->source, namespace->rule->source_place);
		take_side(&taker, &namespace->destination, namespace->rule->destination_place);
		if (namespace->referrers.host)
			take_side(&taker, &namespace->referrers, namespace->rule->source_place);
	}
	if (run->config.state.image.host)
		take_side(&taker, &run->config.state.image, NULL);
	for (size_t i = 0; i < run->config.credentials.count; i++)
		take_credential(&taker, &run->config.credentials.items[i]);
	for (size_t i = 0; i < run->config.notify.count; i++) {
		const struct notify_target *target = &run->config.notify.items[i];
		take_url(&taker, target->url.text, target->place);
	}
	take_proxy(&taker, run->config.proxies.http, NULL);
	take_proxy(&taker, run->config.proxies.https, NULL);
}
