/*
 * A helper may give the same answer again, and a login may be refused right after it was renewed.
 * So that this does not happen for each of a thousand requests, there is a pause between renewals.
 *
 * Google's user names are sent unchanged, except `_oauth2_`, which is the original's: its password
 * is a service account's key in base64, and Google accepts the plain key from user `_json_key`.
 * Azure accepts an identity token as the password of a user name made of zeros; if that user is
 * configured, the password is an identity token.
 */
#include "registry/login.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/flight.h"
#include "base/secret.h"
#include "registry/ecr.h"
#include "registry/helpers.h"
#include "registry/host.h"
#include "registry/registry_private.h"

#include <string.h>

enum { PAUSE_MS = 30000, FAILED_MS = 10000 };

static const char identity_user[] = "00000000-0000-0000-0000-000000000000";

/* A login that a helper or a cloud has given. */
struct held {
	struct flight flight;
	struct login login;           /* once it has landed */
	int64_t fetched_at, renew_at; /* clock_ms() */
	unsigned serial;              /* number of logins so far */
	bool renewed;                 /* the last fetch was to replace a login */
};

struct logins {
	struct arena *arena;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct map entries;
};

struct logins *login_cache_new(void)
{
	struct arena *arena = arena_new();
	struct logins *logins = arena ? arena_new_of(arena, struct logins) : NULL;
	if (!logins) {
		arena_free(&arena);
		return NULL;
	}
	logins->arena = arena;
	pthread_mutex_init(&logins->lock, NULL);
	pthread_cond_init(&logins->changed, NULL);
	return logins;
}

void login_cache_free(struct logins **logins)
{
	if (!*logins)
		return;
	struct arena *arena = (*logins)->arena;
	for (size_t i = 0; i < (*logins)->entries.count; i++)
		login_finish(&((struct held *)(*logins)->entries.entries[i].value)->login);
	map_finish(&(*logins)->entries);
	pthread_cond_destroy(&(*logins)->changed);
	pthread_mutex_destroy(&(*logins)->lock);
	*logins = NULL;
	arena_free(&arena);
}

void login_finish(struct login *login)
{
	buf_wipe(&login->username);
	buf_wipe(&login->secret);
	login->identity = false;
	login->serial = 0;
}

bool login_set(struct login *login, struct str username, struct str secret)
{
	buf_add_str(&login->username, username);
	buf_add_str(&login->secret, secret);
	return buf_ok(&login->username) && buf_ok(&login->secret);
}

bool login_basic(const struct login *login, struct buf *out, struct error *err)
{
	scoped(buf_wipe) struct buf pair = {0};
	if (!login->secret.len)
		return true;
	buf_add_str(&pair, buf_str(&login->username));
	buf_add_char(&pair, ':');
	buf_add_str(&pair, buf_str(&login->secret));
	buf_add_string(out, "Authorization: Basic ");
	base64_encode(buf_str(&pair), out);
	return (buf_ok(&pair) && buf_ok(out)) || error_memory(err);
}

bool login_bearer(const struct login *login, struct buf *out, struct error *err)
{
	for (size_t i = 0; i < login->secret.len; i++)
		if (login->secret.at[i] <= ' ' || login->secret.at[i] > '~')
			return error_set(err, ERROR_CONFIG,
					 "an access token is needed as password, and this one has "
					 "characters that no token has");
	if (login->secret.len)
		buf_printf(out, "Authorization: Bearer %s", buf_string(&login->secret));
	return buf_ok(out) || error_memory(err);
}

/* --- from the configuration ----------------------------------------------------------------- */

static bool is_google(const char *host)
{
	struct str name = str_of(host);
	return str_is(name, "gcr.io") || str_ends(name, ".gcr.io") || str_ends(name, ".pkg.dev");
}

static bool google_key(const struct credential *credential, struct login *out, struct error *err)
{
	scoped(buf_wipe) struct buf key = {0};
	if (!base64_decode(str_of(credential->password), &key) ||
	    !str_starts(str_trim(buf_str(&key)), "{"))
		return error_set(err, ERROR_CONFIG,
				 "%s: the password of _oauth2_ must be a service account's JSON "
				 "key in base64",
				 credential->place);
	secret_register_basic(STR("_json_key"), buf_str(&key));
	return login_set(out, STR("_json_key"), buf_str(&key)) || error_memory(err);
}

static bool configured(const struct access *access, struct login *out, struct error *err)
{
	const struct credential *credential = access->credential;
	const char *username = credential->username ? credential->username : identity_user;
	const char *secret = credential->token ? credential->token : credential->password;
	if (is_google(access->host->name) && strcmp(username, "_oauth2_") == 0 && secret)
		return google_key(credential, out, err);
	out->identity = credential->token || strcmp(username, identity_user) == 0;
	return login_set(out, str_of(username), str_of(secret)) || error_memory(err);
}

static bool has_login(const struct credential *credential)
{
	return credential && (credential->token || (credential->username && credential->password));
}

static bool has_helper(const struct credential *credential)
{
	return credential && credential->helper;
}

static bool is_ecr(const struct access *access)
{
	struct ecr_name ignored;
	return ecr_has_keys(access, &ignored);
}

/* --- from a helper or a cloud --------------------------------------------------------------- */

/* NULL without memory. Caller holds the lock. */
static struct held *find_held(struct logins *logins, const struct access *access)
{
	scoped(buf_finish) struct buf key = {0};
	bool helper = has_helper(access->credential);
	buf_printf(&key, "%s %s", access->host->name, helper ? access->credential->helper : "");
	if (!buf_ok(&key))
		return NULL;
	struct held *held = map_get(&logins->entries, buf_str(&key));
	if (held)
		return held;
	held = arena_new_of(logins->arena, struct held);
	return held && map_put(&logins->entries, buf_str(&key), held) ? held : NULL;
}

/* True when the helper was asked and has no login for this host. */
static bool helper_has_none(const struct access *access)
{
	struct logins *logins = access->registry->logins;
	if (!has_helper(access->credential))
		return false;
	pthread_mutex_lock(&logins->lock);
	const struct held *held = find_held(logins, access);
	bool none = held && held->flight.landed && !held->login.secret.len;
	pthread_mutex_unlock(&logins->lock);
	return none;
}

bool login_exists(const struct access *access)
{
	return has_login(access->credential) || is_ecr(access) ||
	       (has_helper(access->credential) && !helper_has_none(access));
}

const char *login_place(const struct access *access)
{
	if (!login_exists(access))
		return NULL;
	if (has_login(access->credential) || has_helper(access->credential))
		return access->credential->place;
	return "the AWS keys of the environment (AWS_ACCESS_KEY_ID)";
}

static bool fetch(const struct access *access, struct login *out, int64_t *life, struct error *err)
{
	struct ecr_name name;
	*life = INT64_MAX;
	if (has_helper(access->credential) &&
	    !helpers_get(access->registry->options.helpers, access->credential->helper,
			 access->host->name, out, err))
		return error_wrap(err, "%s", access->credential->place);
	if (!has_helper(access->credential) &&
	    (!ecr_name_parse(str_of(access->host->name), &name) ||
	     !ecr_login(access, &name, out, life, err)))
		return error_wrap(err, "%s", access->host->name);
	if (out->identity)
		buf_reset(&out->username);
	if (out->identity)
		buf_add_string(&out->username, identity_user);
	if (out->secret.len)
		secret_register_login(buf_str(&out->username), buf_str(&out->secret));
	return buf_ok(&out->username) || error_memory(err);
}

/* True when the login that has landed is stale. Caller holds the lock. */
static bool is_stale(const struct held *held, unsigned refused)
{
	bool paused = clock_ms() - held->fetched_at < PAUSE_MS;
	if (refused == held->serial)
		return !held->renewed || !paused;
	return clock_ms() >= held->renew_at && !paused;
}

/* Caller holds the lock. */
static bool hand_out(const struct held *held, struct login *out, struct error *err)
{
	out->identity = held->login.identity;
	out->serial = held->serial;
	return login_set(out, buf_str(&held->login.username), buf_str(&held->login.secret)) ||
	       error_memory(err);
}

/*
 * Says whose turn it is to ask; a login that is there already goes to out. Caller holds the lock.
 */
static enum flight_turn look_up(struct logins *logins, struct held *held, unsigned refused,
				struct login *out, struct error *err)
{
	enum flight_turn turn =
		flight_board(&held->flight, &logins->changed, &logins->lock, NULL, err);
	if (turn == FLIGHT_LANDED && is_stale(held, refused))
		turn = flight_again(&held->flight);
	if (turn == FLIGHT_LANDED && !hand_out(held, out, err))
		turn = FLIGHT_FAILED;
	return turn;
}

/*
 * Ends a lead with what fetch() brought. A login that nobody has refused outlives a failure. False:
 * there is no login. Caller holds the lock.
 */
static bool store(struct logins *logins, struct held *held, struct login *fresh, int64_t life,
		  unsigned refused, const struct error *failure)
{
	bool good = held->flight.landed && refused != held->serial;
	held->renewed = held->serial > 0;
	held->fetched_at = clock_ms();
	if (failure && !good) {
		flight_ground(&held->flight, logins->arena, FAILED_MS, failure);
		flight_drop(&held->flight, &logins->changed);
		return false;
	}
	if (!failure) {
		login_finish(&held->login);
		held->login = *fresh;
		*fresh = (struct login){0};
		held->serial++;
		held->renew_at = life == INT64_MAX ? INT64_MAX : held->fetched_at + life;
	}
	flight_land(&held->flight, &logins->changed);
	return true;
}

static bool from_outside(const struct access *access, unsigned refused, struct login *out,
			 struct error *err)
{
	struct logins *logins = access->registry->logins;
	scoped(login_finish) struct login fresh = {0};
	enum flight_turn turn = FLIGHT_FAILED;
	int64_t life = 0;
	pthread_mutex_lock(&logins->lock);
	struct held *held = find_held(logins, access);
	if (held)
		turn = look_up(logins, held, refused, out, err);
	else
		error_memory(err);
	pthread_mutex_unlock(&logins->lock);
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED;

	bool ok = fetch(access, &fresh, &life, err);
	pthread_mutex_lock(&logins->lock);
	ok = store(logins, held, &fresh, life, refused, ok ? NULL : err) &&
	     hand_out(held, out, err);
	pthread_mutex_unlock(&logins->lock);
	return ok;
}

bool login_get(const struct access *access, unsigned refused, struct login *out, struct error *err)
{
	if (has_login(access->credential))
		return configured(access, out, err);
	bool outside = has_helper(access->credential) || is_ecr(access);
	return !outside || from_outside(access, refused, out, err);
}
