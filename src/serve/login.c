/*
 * Digests of the secrets are made once, so no comparison depends on their length. A wrong user
 * costs the same time as a wrong password, and the time that it takes to compare two digests tells
 * nothing about what they were made of.
 *
 * The table of peers is searched from end to end, which takes a microsecond or two when it is full.
 * Then the peer that was refused longest ago makes room: an attacker with many addresses can push
 * its own failures out, but cannot fill the memory.
 */
#include "serve/login.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/secret.h"
#include "oci/digest.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

enum {
	HEADER_MAX = 4096,
	PEERS_MAX = 1024,
	FREE_FAILURES = 3,
	DELAY_MS = 250,
	DELAY_MAX_MS = 4000,
	BLOCKING_FAILURES = 20,
	BLOCK_MS = 60 * 1000,
	FORGET_MS = 10 * 60 * 1000,
	KEY_SIZE = 16
};

struct peer {
	unsigned char key[KEY_SIZE];
	unsigned failures; /* 0: this entry is free */
	int64_t last_ms;
};

struct login_guard {
	struct arena *arena;
	bool anonymous, basic, bearer;
	char user[DIGEST_TEXT_SIZE], password[DIGEST_TEXT_SIZE], token[DIGEST_TEXT_SIZE];
	pthread_mutex_t lock; /* for what follows */
	struct peer *peers;
};

struct login_guard *login_new(const struct login_options *options)
{
	struct arena *arena = arena_new();
	struct login_guard *login = arena ? arena_new_of(arena, struct login_guard) : NULL;
	struct peer *peers = login ? arena_array(arena, PEERS_MAX, sizeof(*peers)) : NULL;
	struct str user = str_of(options->user);
	struct str password = str_of(options->password);
	struct str token = str_of(options->token);
	if (!peers) {
		arena_free(&arena);
		return NULL;
	}
	login->arena = arena;
	login->peers = peers;
	login->anonymous = options->anonymous;
	login->basic = password.len;
	login->bearer = token.len;
	digest_of(user, login->user);
	digest_of(password, login->password);
	digest_of(token, login->token);
	secret_register_basic(user, password);
	secret_register(token);
	pthread_mutex_init(&login->lock, NULL);
	return login;
}

void login_free(struct login_guard **login)
{
	if (!*login)
		return;
	struct arena *arena = (*login)->arena;
	pthread_mutex_destroy(&(*login)->lock);
	*login = NULL;
	arena_free(&arena);
}

/* Whether text has this digest. */
static bool matches(struct str text, const char digest[DIGEST_TEXT_SIZE])
{
	char own[DIGEST_TEXT_SIZE] = {0};
	volatile unsigned char difference = 0;
	digest_of(text, own);
	/* All digests are as long as that of nothing. */
	for (size_t i = 0; own[i]; i++)
		difference |= (unsigned char)(own[i] ^ digest[i]);
	return !difference;
}

bool login_equal(struct str given, struct str secret)
{
	char digest[DIGEST_TEXT_SIZE];
	digest_of(secret, digest);
	return matches(given, digest);
}

static bool check_basic(const struct login_guard *login, struct str encoded)
{
	scoped(buf_wipe) struct buf plain = buf_limit(HEADER_MAX);
	if (!base64_decode(encoded, &plain) || !buf_ok(&plain))
		return false;
	struct str text = buf_str(&plain);
	size_t colon = str_find(text, ':');
	if (colon == text.len)
		return false;
	bool user = matches(str_head(text, colon), login->user);
	bool password = matches(str_from(text, colon + 1), login->password);
	return (unsigned)user & (unsigned)password & (unsigned)login->basic;
}

bool login_check(const struct login_guard *login, const char *authorization)
{
	if (login->anonymous)
		return true;
	if (!authorization || strnlen(authorization, HEADER_MAX + 1) > HEADER_MAX)
		return false;
	struct str rest = str_trim(str_of(authorization));
	struct str scheme = {0};
	str_cut(&rest, ' ', &scheme);
	rest = str_trim(rest);
	if (str_equal_nocase(scheme, STR("Basic")))
		return check_basic(login, rest);
	if (str_equal_nocase(scheme, STR("Bearer")))
		return (unsigned)matches(rest, login->token) & (unsigned)login->bearer;
	return false;
}

/* What peers are told apart by. Returns true for one that may stand for others behind it. */
static bool key_of(const char *peer, unsigned char key[KEY_SIZE])
{
	static const unsigned char mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const unsigned char loopback[KEY_SIZE] = {[KEY_SIZE - 1] = 1};
	char address[INET6_ADDRSTRLEN];
	struct str text = str_of(peer);
	snprintf(address, sizeof(address), "%.*s", STR_ARGS(str_head(text, str_find(text, '%'))));
	memcpy(key, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, address, key + sizeof(mapped)) == 1)
		return key[sizeof(mapped)] == 127;
	if (inet_pton(AF_INET6, address, key) == 1) {
		if (memcmp(key, mapped, sizeof(mapped)) == 0)
			return key[sizeof(mapped)] == 127;
		bool near = memcmp(key, loopback, sizeof(loopback)) == 0;
		memset(key + KEY_SIZE / 2, 0, KEY_SIZE / 2);
		return near;
	}
	char digest[DIGEST_TEXT_SIZE] = {0};
	digest_of(text, digest);
	memcpy(key, digest + strlen("sha256:"), KEY_SIZE);
	return str_is(text, "unix");
}

/* The entry of a peer, unless it is forgotten; NULL: there is none. The lock is held. */
static struct peer *find(const struct login_guard *login, const unsigned char key[KEY_SIZE],
			 int64_t now_ms)
{
	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &login->peers[i];
		if (peer->failures && memcmp(peer->key, key, KEY_SIZE) == 0) {
			if (now_ms - peer->last_ms >= FORGET_MS)
				peer->failures = 0;
			return peer->failures ? peer : NULL;
		}
	}
	return NULL;
}

/* An entry for a new peer: a free one, or that of the peer that was refused longest ago. */
static struct peer *make(const struct login_guard *login)
{
	struct peer *oldest = &login->peers[0];
	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &login->peers[i];
		if (!peer->failures)
			return peer;
		if (peer->last_ms < oldest->last_ms)
			oldest = peer;
	}
	return oldest;
}

static unsigned delay_after(unsigned failures)
{
	unsigned delay = DELAY_MS;
	if (failures <= FREE_FAILURES)
		return 0;
	for (unsigned i = FREE_FAILURES + 1; i < failures && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

unsigned login_refused(struct login_guard *login, const char *peer, int64_t now_ms)
{
	unsigned char key[KEY_SIZE];
	key_of(peer, key);
	pthread_mutex_lock(&login->lock);
	struct peer *entry = find(login, key, now_ms);
	if (!entry) {
		entry = make(login);
		memcpy(entry->key, key, KEY_SIZE);
		entry->failures = 0;
	}
	/* More do not count, so the number cannot overflow. */
	if (entry->failures < BLOCKING_FAILURES)
		entry->failures++;
	entry->last_ms = now_ms;
	unsigned delay = delay_after(entry->failures);
	pthread_mutex_unlock(&login->lock);
	return delay;
}

unsigned login_blocked(struct login_guard *login, const char *peer, int64_t now_ms)
{
	unsigned char key[KEY_SIZE];
	unsigned left = 0;
	if (key_of(peer, key))
		return 0;
	pthread_mutex_lock(&login->lock);
	const struct peer *entry = find(login, key, now_ms);
	if (entry && entry->failures >= BLOCKING_FAILURES) {
		int64_t past = now_ms > entry->last_ms ? now_ms - entry->last_ms : 0;
		left = past < BLOCK_MS ? (unsigned)(BLOCK_MS - past) : 0;
	}
	pthread_mutex_unlock(&login->lock);
	return left;
}
