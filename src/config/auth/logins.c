/*
 * credential_find() takes the entry with the longest key, so an entry takes precedence when others
 * are left out. One of docker's below an entry with a login is never wanted: that entry fits every
 * image that docker's does.
 */
#include "config/auth/logins.h"

#include "config/auth/registry_key.h"

bool logins_any(const struct credential *entry)
{
	return entry->username || entry->token || entry->helper || entry->login_fault;
}

static const struct credential *find(const struct credentials *list, struct str key)
{
	struct str host, repository;
	registry_key_split(key, &host, &repository);
	return credential_find(list, host, repository);
}

/* Gives entry, which has no login, that of from. */
static void take_login(struct arena *arena, struct credential *entry, const struct credential *from)
{
	const char *place = arena_printf(arena, "%s (login: %s)", entry->place, from->place);
	entry->username = from->username;
	entry->password = from->password;
	entry->token = from->token;
	entry->helper = from->helper;
	entry->login_fault = from->login_fault;
	entry->place = place ? place : entry->place;
}

static struct credential with_settings(const struct credential *login,
				       const struct credential *settings)
{
	struct credential entry = *login;
	entry.insecure = settings->insecure;
	entry.ca = settings->ca;
	entry.client = settings->client;
	entry.proxy = settings->proxy;
	entry.token_server = settings->token_server;
	entry.mirrors = settings->mirrors;
	entry.mirror_count = settings->mirror_count;
	entry.fault = settings->fault;
	return entry;
}

bool logins_join(struct arena *arena, struct credentials *list, const struct credentials *docker)
{
	struct credentials joined = {.count = list->count};
	joined.items = arena_array(arena, list->count + docker->count + 1, sizeof(*joined.items));
	if (!joined.items)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct credential *login = find(docker, list->items[i].key);
		joined.items[i] = list->items[i];
		if (login && !logins_any(&list->items[i]))
			take_login(arena, &joined.items[i], login);
	}
	for (size_t i = 0; i < docker->count; i++) {
		const struct credential *login = &docker->items[i];
		const struct credential *entry = find(list, login->key);
		if (!entry)
			joined.items[joined.count++] = *login;
		else if (!logins_any(entry) && !registry_key_equal(entry->key, login->key))
			joined.items[joined.count++] = with_settings(login, entry);
	}
	*list = joined;
	return true;
}
