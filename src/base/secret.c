/*
 * A short list behind a mutex, longest secret first, searched by memmem: runs have a handful of
 * secrets and lines are short. Passwords come first, out of the configuration, and stay; when the
 * list is full, a new token takes the place of the oldest.
 */
#include "base/secret.h"

#include "base/base64.h"
#include "base/percent.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* At most LIMIT forms are known, of which the first FIRM are never given up. */
enum { FIRM = 1024, LIMIT = 4096 };
/* A part of a secret is taken for one from this length on. */
enum { TELLING = 8 };

extern char **environ;

struct secret {
	struct str text;
	size_t number; /* in the order of registration */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret *secrets;
static size_t count;
static size_t registered;
static struct str passing[SECRET_PASSING];
static size_t passed;
static bool incomplete; /* a secret is not known for lack of memory */
static void (*watcher)(struct str form, bool passing);

static bool known(struct str text)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(secrets[i].text, text))
			return true;
	return false;
}

static void wipe(struct str text)
{
	if (!text.at)
		return;
	explicit_bzero((void *)(uintptr_t)text.at, text.len);
	free((void *)(uintptr_t)text.at);
}

/* Makes room by giving up the oldest form that is not firm. */
static void drop_oldest(void)
{
	size_t oldest = count;
	for (size_t i = 0; i < count; i++) {
		bool older = oldest == count || secrets[i].number < secrets[oldest].number;
		if (secrets[i].number >= FIRM && older)
			oldest = i;
	}
	wipe(secrets[oldest].text);
	count--;
	memmove(secrets + oldest, secrets + oldest + 1, (count - oldest) * sizeof(*secrets));
}

/* Inserts one form of a secret, longest first, so that a secret inside another leaves no rest. */
static void add_form(struct str text)
{
	if (text.len < SECRET_SHORTEST || known(text))
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
	if (count >= LIMIT)
		drop_oldest();
	size_t at = 0;
	while (at < count && secrets[at].text.len >= text.len)
		at++;
	memmove(secrets + at + 1, secrets + at, (count - at) * sizeof(*secrets));
	secrets[at] = (struct secret){{copy, text.len}, registered++};
	count++;
	if (watcher)
		watcher(secrets[at].text, false);
}

static void add_buf(const struct buf *form)
{
	incomplete |= !buf_ok(form);
	if (buf_ok(form))
		add_form(buf_str(form));
}

/* In all its spellings. */
static void add_base64(struct str text)
{
	scoped(buf_wipe) struct buf form = {0};
	base64_encode(text, &form);
	add_buf(&form);
	while (form.len && form.at[form.len - 1] == '=')
		form.at[--form.len] = '\0';
	add_buf(&form);
	for (size_t i = 0; i < form.len; i++)
		form.at[i] = form.at[i] == '+' ? '-' : form.at[i] == '/' ? '_' : form.at[i];
	add_buf(&form);
}

static void add_json(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.at[i]);
	}
}

void secret_register(struct str text)
{
	static void (*const forms[])(struct str, struct buf *) = {percent_encode, add_json};
	if (text.len < SECRET_SHORTEST)
		return;
	pthread_mutex_lock(&lock);
	add_form(text);
	add_base64(text);
	for (size_t i = 0; i < array_count(forms); i++) {
		scoped(buf_wipe) struct buf form = {0};
		forms[i](text, &form);
		add_buf(&form);
	}
	pthread_mutex_unlock(&lock);
}

void secret_register_basic(struct str user, struct str password)
{
	scoped(buf_wipe) struct buf pair = {0};
	secret_register(password);
	buf_add_str(&pair, user);
	buf_add_char(&pair, ':');
	buf_add_str(&pair, password);
	if (!password.len)
		return;
	pthread_mutex_lock(&lock);
	incomplete |= !buf_ok(&pair);
	if (buf_ok(&pair))
		add_base64(buf_str(&pair));
	pthread_mutex_unlock(&lock);
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

/* The first registered secret that starts exactly here, or the empty slice. */
static struct str secret_at(struct str text)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(str_head(text, secrets[i].text.len), secrets[i].text))
			return secrets[i].text;
	for (size_t i = 0; i < SECRET_PASSING; i++)
		if (passing[i].len && str_equal(str_head(text, passing[i].len), passing[i]))
			return passing[i];
	return (struct str){0};
}

void secret_mask(struct str text, struct buf *out)
{
	pthread_mutex_lock(&lock);
	out->failed |= incomplete;
	while (text.len && !out->failed) {
		struct str found = secret_at(text);
		if (found.len)
			buf_add_string(out, "***");
		else
			buf_add_char(out, text.at[0]);
		text = str_from(text, found.len ? found.len : 1);
	}
	pthread_mutex_unlock(&lock);
}

static bool contains(struct str whole, struct str part)
{
	for (size_t i = 0; i + part.len <= whole.len; i++)
		if (str_equal(str_head(str_from(whole, i), part.len), part))
			return true;
	return false;
}

/* True when text holds a secret, or is a part of one that is long enough to be no accident. */
static bool revealing(struct str text)
{
	bool found = false;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count && !found; i++)
		found = contains(text, secrets[i].text) ||
			(text.len >= TELLING && contains(secrets[i].text, text));
	pthread_mutex_unlock(&lock);
	return found;
}

static bool same_letters(struct str text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

/*
 * True when a variable is called like one that holds a secret: whatever a job, a runner or a shell
 * has put there for others, this process has no use for it. Inputs of an Action are all taken for
 * such, since a file may be given there as its text.
 */
static bool telling_name(struct str name)
{
	static const char *const parts[] = {"TOKEN",      "PASSW",  "PWD",        "SECRET",
					    "CREDENTIAL", "APIKEY", "PASSPHRASE", "PRIVATE"};
	static const char *const words[] = {"AUTH", "KEY", "KEYS", "PASS", "PAT", "JWT", "COOKIE"};
	if (same_letters(name, "PWD") || same_letters(name, "OLDPWD"))
		return false;
	for (size_t at = 0; at < name.len; at++)
		for (size_t i = 0; i < array_count(parts); i++)
			if (same_letters(str_head(str_from(name, at), strlen(parts[i])), parts[i]))
				return true;
	for (struct str word; str_cut(&name, '_', &word);)
		for (size_t i = 0; i < array_count(words); i++)
			if (same_letters(word, words[i]))
				return true;
	return false;
}

/* What libcurl reads by itself, whenever it wants. */
static bool read_later(struct str name)
{
	return str_ends(name, "_proxy") || str_ends(name, "_PROXY");
}

/*
 * The bytes a process was started with are what others can see. A value that is still needed is
 * moved: setenv() puts it elsewhere in memory, under the same name. Of a name that is there twice
 * the first counts.
 */
static void leave_variable(char *variable)
{
	scoped(buf_wipe) struct buf kept_name = {0};
	scoped(buf_wipe) struct buf kept = {0};
	struct str name = {0}, value = str_of(variable);
	str_cut(&value, '=', &name);
	if (!revealing(value) && !telling_name(name) && !str_starts(name, "INPUT_"))
		return;
	buf_add_str(&kept_name, name);
	buf_add_str(&kept, value);
	bool needed = read_later(name) && buf_ok(&kept_name) &&
		      getenv(buf_string(&kept_name)) == value.at;
	char *bytes = (char *)(uintptr_t)value.at;
	if (needed && !buf_ok(&kept))
		return;
	explicit_bzero(bytes, value.len);
	if (needed && setenv(buf_string(&kept_name), buf_string(&kept), 1) != 0)
		memcpy(bytes, kept.at, value.len);
}

void secret_leave_environment(void)
{
	for (char **variable = environ; variable && *variable; variable++)
		leave_variable(*variable);
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
	count = 0;
	registered = 0;
	incomplete = false;
	pthread_mutex_unlock(&lock);
}
