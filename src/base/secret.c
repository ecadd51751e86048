/*
 * A short list behind a mutex, longest secret first: runs have a handful of secrets and lines are
 * short. Passwords come out of the configuration, and stay. A server gets new tokens all the time:
 * when they are many, a new one takes the place of that which was seen longest ago, and never that
 * of a password.
 *
 * Escapes are decoded while a text is searched (spelling.h); base64, which does not encode single
 * characters, is listed beside the secret itself.
 */
#include "base/secret.h"

#include "base/base64.h"
#include "base/percent.h"
#include "base/spelling.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* At most LIMIT forms of passwords are kept; the first FIRM are never dropped. */
enum { FIRM = 1024, LIMIT = 4096 };
/* So many forms of tokens, and bytes of them. */
enum { TOKENS_MAX = 3072, TOKEN_BYTES_MAX = 2 * 1024 * 1024 };
/* The shortest part of a secret that counts as one. */
enum { TELLING = 8 };
/* The shortest text before an @, without a colon, that counts as a token. */
enum { TOKEN_MIN = 20 };

struct secret {
	struct str text;
	size_t number; /* in the order of registration; of a token, that of the last time */
	bool token;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret *secrets;
static size_t count;
static size_t registered;
static size_t tokens, token_bytes; /* how many of them are tokens, and their length */
static struct str passing[SECRET_PASSING];
static size_t passed;
static bool heads[256]; /* first bytes of secrets, including some that were dropped */
static bool incomplete; /* a secret could not be stored for lack of memory */
static void (*watcher)(struct str form, bool passing);
static unsigned char beginnings[0x10000 / 8]; /* a bit for each pair of bytes that begins a form */

/* The number of the pair of bytes that text begins with. */
static unsigned beginning(struct str text)
{
	return (unsigned)(unsigned char)text.at[0] << 8 | (unsigned char)text.at[1];
}

/* Called with at least SECRET_SHORTEST bytes. */
static void note_beginning(struct str text)
{
	heads[(unsigned char)text.at[0]] = true;
	beginnings[beginning(text) / 8] |= (unsigned char)(1 << beginning(text) % 8);
}

static bool begins(struct str text)
{
	return beginnings[beginning(text) / 8] & 1 << beginning(text) % 8;
}

static struct secret *find(struct str text)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(secrets[i].text, text))
			return &secrets[i];
	return NULL;
}

static void wipe(struct str text)
{
	if (!text.at)
		return;
	explicit_bzero((void *)(uintptr_t)text.at, text.len);
	free((void *)(uintptr_t)text.at);
}

static void count_token(const struct secret *secret, bool more)
{
	tokens += more ? 1 : (size_t)-1;
	token_bytes += more ? secret->text.len : -secret->text.len;
}

/* Drops the oldest token, or the oldest form of a password that is not firm. */
static void drop_oldest(bool token)
{
	size_t oldest = count;
	for (size_t i = 0; i < count; i++) {
		bool older = oldest == count || secrets[i].number < secrets[oldest].number;
		if (secrets[i].token == token && (token || secrets[i].number >= FIRM) && older)
			oldest = i;
	}
	if (oldest == count)
		return;
	if (token)
		count_token(&secrets[oldest], false);
	wipe(secrets[oldest].text);
	count--;
	memmove(secrets + oldest, secrets + oldest + 1, (count - oldest) * sizeof(*secrets));
}

static void make_room(size_t len, bool token)
{
	if (!token && count - tokens >= LIMIT)
		drop_oldest(false);
	while (token && tokens && (tokens >= TOKENS_MAX || token_bytes + len > TOKEN_BYTES_MAX))
		drop_oldest(true);
}

/* It is registered once more. What is a password as well stays one. */
static void renew(struct secret *secret, bool token)
{
	if (!secret->token)
		return;
	if (!token)
		count_token(secret, false);
	secret->token = token;
	secret->number = registered++;
}

/* Inserts one form of a secret, longest first, so that a secret inside another leaves no rest. */
static void add_form(struct str text, bool token)
{
	struct secret *before = find(text);
	if (before)
		renew(before, token);
	if (text.len < SECRET_SHORTEST || before)
		return;
	char *copy = malloc(text.len);
	struct secret *more = copy ? realloc(secrets, (count + 1) * sizeof(*secrets)) : NULL;
	if (!more) {
		incomplete = true;
		free(copy);
		return;
	}
	secrets = more;
	memcpy(copy, text.at, text.len);
	make_room(text.len, token);
	size_t at = 0;
	while (at < count && secrets[at].text.len >= text.len)
		at++;
	memmove(secrets + at + 1, secrets + at, (count - at) * sizeof(*secrets));
	secrets[at] = (struct secret){{copy, text.len}, registered++, token};
	if (token)
		count_token(&secrets[at], true);
	note_beginning(secrets[at].text);
	count++;
	if (watcher)
		watcher(secrets[at].text, false);
}

static void add_buf(const struct buf *form, bool token)
{
	incomplete |= !buf_ok(form);
	if (buf_ok(form))
		add_form(buf_str(form), token);
}

/* Adds text in each variant of base64. */
static void add_base64(struct str text, bool token)
{
	scoped(buf_wipe) struct buf form = {0};
	base64_encode(text, &form);
	add_buf(&form, token);
	while (form.len && form.at[form.len - 1] == '=')
		form.at[--form.len] = '\0';
	add_buf(&form, token);
	for (size_t i = 0; i < form.len; i++)
		form.at[i] = form.at[i] == '+' ? '-' : form.at[i] == '/' ? '_' : form.at[i];
	add_buf(&form, token);
}

static void add_json(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.at[i]);
	}
}

/*
 * Tells the runner about text and its other spellings, since a runner compares bytes. Caller holds
 * the lock.
 */
static void announce(struct str text)
{
	static void (*const forms[])(struct str, struct buf *) = {percent_encode, add_json};
	for (size_t i = 0; watcher && i < array_count(forms); i++) {
		scoped(buf_wipe) struct buf form = {0};
		forms[i](text, &form);
		incomplete |= !buf_ok(&form);
		if (buf_ok(&form) && !str_equal(buf_str(&form), text))
			watcher(buf_str(&form), false);
	}
}

static void add(struct str text, bool token)
{
	if (text.len < SECRET_SHORTEST)
		return;
	pthread_mutex_lock(&lock);
	bool fresh = !find(text);
	add_form(text, token);
	add_base64(text, token);
	if (fresh)
		announce(text);
	pthread_mutex_unlock(&lock);
}

static void add_basic(struct str user, struct str password, bool token)
{
	scoped(buf_wipe) struct buf pair = {0};
	add(password, token);
	buf_add_str(&pair, user);
	buf_add_char(&pair, ':');
	buf_add_str(&pair, password);
	if (!password.len)
		return;
	pthread_mutex_lock(&lock);
	incomplete |= !buf_ok(&pair);
	if (buf_ok(&pair))
		add_base64(buf_str(&pair), token);
	pthread_mutex_unlock(&lock);
}

void secret_register(struct str text)
{
	add(text, false);
}

void secret_register_basic(struct str user, struct str password)
{
	add_basic(user, password, false);
}

void secret_register_token(struct str text)
{
	add(text, true);
}

void secret_register_login(struct str user, struct str password)
{
	add_basic(user, password, true);
}

/* True for ALGORITHM:HEX, as after the @ of a reference. */
static bool is_digest(struct str text)
{
	enum { HEX_MIN = 32 };
	struct str hex = text, algorithm;
	str_cut(&hex, ':', &algorithm);
	for (size_t i = 0; i < hex.len; i++)
		if (!hex.at[i] || !strchr("0123456789abcdef", hex.at[i]))
			return false;
	return algorithm.len && hex.len >= HEX_MIN;
}

/* Cuts text at its last @ that does not precede a digest. False: there is none. */
static bool cut_userinfo(struct str text, struct str *userinfo, struct str *behind)
{
	for (size_t i = text.len; i > 0; i--) {
		if (text.at[i - 1] != '@')
			continue;
		*userinfo = str_head(text, i - 1);
		*behind = str_from(text, i);
		if (!is_digest(*behind))
			return true;
		text = *userinfo;
	}
	return false;
}

/* The offset after a scheme and "://", or 0. */
static size_t behind_scheme(struct str text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789+-.";
	size_t len = 0;
	while (len < text.len && text.at[len] && strchr(letters, text.at[len]))
		len++;
	return str_starts(str_from(text, len), "://") ? len + 3 : 0;
}

void secret_register_userinfo(struct str text)
{
	struct str userinfo, behind, user;
	if (!cut_userinfo(text, &userinfo, &behind))
		return;
	struct str password = userinfo = str_from(userinfo, behind_scheme(userinfo));
	str_cut(&password, ':', &user);
	/* A text without a colon may be a token, or just the name of a user. */
	if (password.at)
		secret_register(password);
	else if (userinfo.len >= TOKEN_MIN)
		secret_register(userinfo);
}

void secret_suspect(struct str text)
{
	struct str userinfo, behind, host;
	if (!cut_userinfo(text, &userinfo, &behind))
		return;
	size_t scheme = behind_scheme(userinfo);
	bool path = str_find(behind, '/') < behind.len;
	str_cut(&behind, '/', &host);
	bool named = str_find(host, '.') < host.len || str_find(host, ':') < host.len ||
		     str_is(host, "localhost");
	/* A slash before any colon ends a host, as in https://example.com/@name. */
	userinfo = str_from(userinfo, scheme);
	size_t colon = str_find(userinfo, ':');
	bool login = colon < userinfo.len && colon < str_find(userinfo, '/');
	bool token = scheme && str_find(userinfo, '/') == userinfo.len;
	if (token || (login && (scheme || (path && named))))
		secret_register_userinfo(text);
}

void secret_register_passing(struct str text)
{
	if (text.len < SECRET_SHORTEST)
		return;
	char *copy = malloc(text.len);
	pthread_mutex_lock(&lock);
	incomplete |= !copy;
	if (!copy) {
		pthread_mutex_unlock(&lock);
		return;
	}
	memcpy(copy, text.at, text.len);
	struct str *place = &passing[passed++ % SECRET_PASSING];
	wipe(*place);
	*place = (struct str){copy, text.len};
	note_beginning(*place);
	if (watcher)
		watcher(*place, true);
	pthread_mutex_unlock(&lock);
}

void secret_watch(void (*fresh)(struct str form, bool passing))
{
	pthread_mutex_lock(&lock);
	watcher = fresh;
	pthread_mutex_unlock(&lock);
}

/* The beginning of a text, prepared for comparing it with many secrets. */
struct beginning {
	struct str text;
	size_t literal; /* bytes without any escape */
	size_t choices;
	unsigned char heads[SPELLING_HEADS]; /* the bytes its first character may decode to */
};

/* Most secrets already differ in bytes that need no decoding. */
static enum spelling compare(struct str secret, const struct beginning *begin, size_t *len)
{
	size_t plain = begin->literal < secret.len ? begin->literal : secret.len;
	bool any = plain > 0;
	if (!secret.len || memcmp(secret.at, begin->text.at, plain) != 0)
		return SPELLING_NONE;
	*len = plain;
	if (plain == secret.len)
		return SPELLING_WHOLE;
	for (size_t i = 0; i < begin->choices && !any; i++)
		any = (unsigned char)secret.at[0] == begin->heads[i];
	return any ? spelling_compare(secret, begin->text, len) : SPELLING_NONE;
}

/*
 * The length of the longest secret that text begins with, or 0. Sets *cut, unless it is NULL, when
 * text is the beginning of a secret. Caller holds the lock.
 */
static size_t secret_at(struct str text, bool *cut)
{
	enum { LITERAL_MAX = 128 };
	struct beginning begin = {.text = text};
	size_t longest = 0;
	bool any = false;
	begin.choices = spelling_heads(text, begin.heads);
	for (size_t i = 0; i < begin.choices; i++)
		any |= heads[begin.heads[i]];
	if (any)
		begin.literal = spelling_literal(text, LITERAL_MAX);
	/* Tokens that begin alike are many. Most texts differ from all of them in two bytes. */
	any = any && (begin.literal < 2 || begins(text));
	for (size_t i = 0; any && i < count + SECRET_PASSING; i++) {
		struct str secret = i < count ? secrets[i].text : passing[i - count];
		size_t len = 0;
		enum spelling found = compare(secret, &begin, &len);
		if (found == SPELLING_WHOLE && !longest)
			longest = len;
		if (cut)
			*cut |= found == SPELLING_CUT;
		else if (longest)
			break;
	}
	return longest;
}

void secret_mask(struct str text, struct buf *out)
{
	pthread_mutex_lock(&lock);
	out->failed |= incomplete;
	while (text.len && !out->failed) {
		size_t len = secret_at(text, NULL);
		if (len)
			buf_add_string(out, "***");
		else
			buf_add_char(out, text.at[0]);
		text = str_from(text, len ? len : 1);
	}
	pthread_mutex_unlock(&lock);
}

size_t secret_whole(struct str text)
{
	size_t at = 0;
	bool cut = false;
	pthread_mutex_lock(&lock);
	while (at < text.len) {
		size_t len = secret_at(str_from(text, at), &cut);
		if (cut)
			break;
		at += len ? len : 1;
	}
	pthread_mutex_unlock(&lock);
	return at;
}

/* True when text begins with a secret long enough to be no coincidence. Caller holds the lock. */
static bool begins_with_secret(struct str text, bool whole)
{
	if (!begins(text))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct str secret = secrets[i].text;
		if ((secret.len >= TELLING || (whole && secret.len == text.len)) &&
		    str_equal(str_head(text, secret.len), secret))
			return true;
	}
	return false;
}

bool secret_inside(struct str text)
{
	bool found = false;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i + SECRET_SHORTEST <= text.len && !found; i++)
		found = begins_with_secret(str_from(text, i), i == 0);
	pthread_mutex_unlock(&lock);
	return found;
}

static bool contains(struct str whole, struct str part)
{
	for (size_t i = 0; i + part.len <= whole.len; i++)
		if (str_equal(str_head(str_from(whole, i), part.len), part))
			return true;
	return false;
}

bool secret_revealed(struct str text)
{
	bool found = false;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count && !found; i++)
		found = contains(text, secrets[i].text) ||
			(text.len >= TELLING && contains(secrets[i].text, text));
	pthread_mutex_unlock(&lock);
	return found;
}

void secret_forget(void)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		wipe(secrets[i].text);
	for (size_t i = 0; i < SECRET_PASSING; i++) {
		wipe(passing[i]);
		passing[i] = (struct str){0};
	}
	free(secrets);
	secrets = NULL;
	memset(beginnings, 0, sizeof(beginnings));
	count = 0;
	memset(heads, 0, sizeof(heads));
	registered = tokens = token_bytes = 0;
	incomplete = false;
	pthread_mutex_unlock(&lock);
}
