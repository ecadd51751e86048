/*
 * An access token could be sent as Bearer without an exchange, as the original does. It becomes the
 * password of oauth2accesstoken instead, the other form that Google documents. So it goes through
 * the same challenge as every login, a registry that is not Google's gets a user name it can check,
 * and no code needs a second way to log in.
 */
#include "config/auth/target_login.h"

#include "base/secret.h"
#include "config/auth/registry_key.h"
#include "config/auth/secret_file.h"

#include <string.h>

/* The key of the login: the prefix without the beginning of a name after its last slash. */
static struct str key_of(const char *prefix)
{
	size_t len = strlen(prefix);
	while (len && prefix[len - 1] != '/')
		len--;
	return str_head(str_of(prefix), len ? len - 1 : 0);
}

/* The entry of list with that key, or a new one with the settings of the entry that fits so far. */
static struct credential *entry_for(struct arena *arena, struct credentials *list, struct str key)
{
	struct str host, repository;
	for (size_t i = 0; i < list->count; i++)
		if (registry_key_equal(list->items[i].key, key))
			return &list->items[i];
	struct credential *items = arena_array(arena, list->count + 1, sizeof(*items));
	if (!items)
		return NULL;
	registry_key_split(key, &host, &repository);
	const struct credential *settings = credential_find(list, host, repository);
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count] = settings ? *settings : (struct credential){0};
	items[list->count].key = key;
	list->items = items;
	return &items[list->count++];
}

void target_login_set(struct arena *arena, const struct credential *login, struct credentials *list,
		      struct problems *problems)
{
	struct credential *entry = entry_for(arena, list, login->key);
	/* A copy, since the password may be in the environment, which is wiped of secrets. */
	const char *password = arena_string(arena, login->password);
	if (!entry || !password) {
		problem_add(problems, NULL, "out of memory");
		return;
	}
	entry->username = login->username;
	entry->password = password;
	entry->token = NULL;
	entry->helper = NULL;
	entry->login_fault = NULL;
	entry->place = login->place;
	secret_register(str_of(password));
	secret_register_basic(str_of(login->username), str_of(password));
}

void target_login_add(struct arena *arena, const struct options *options, const char *prefix,
		      struct credentials *list, struct problems *problems)
{
	const char *key = options->target_repo_auth_key, *file = options->access_token_file;
	const char *option = key ? "target-repo-auth-key" : "access-token";
	const char *secret = options->access_token;
	size_t before = problems->error_count;
	if (!key && !file && !secret)
		return;
	if ((key != NULL) + (file != NULL) + (secret != NULL) > 1) {
		problem_add(problems, NULL,
			    "give only one of --target-repo-auth-key, --access-token and "
			    "--access-token-file, counting their SYNCER_ variables");
		return;
	}
	if (key)
		secret = secret_file_read(arena, option, key, problems);
	else if (file)
		secret = secret_file_read(arena, "access-token-file", file, problems);
	if (problems->error_count != before)
		return;
	if (!prefix) {
		problem_warn(problems, NULL, "--%s is not used: there is no prefix for all images",
			     option);
		return;
	}
	const struct credential login = {.key = key_of(prefix),
					 .username = key ? "_json_key" : "oauth2accesstoken",
					 .password = secret,
					 .place =
						 key ? "--target-repo-auth-key" : "--access-token"};
	target_login_set(arena, &login, list, problems);
}
