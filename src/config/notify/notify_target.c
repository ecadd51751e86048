/*
 * An address of such a service is a password: who has it can write to the group. So values come
 * from a variable or a file, and one that is written out where others can read it is worth a
 * warning. A webhook of one's own and a heartbeat need not be secret, and get none.
 */
#include "config/notify/notify_target.h"

#include "base/file.h"
#include "base/secret.h"

#include <string.h>

enum { VALUE_MAX = 64 * 1024, TITLE_MAX = 100 };

/* The shortest text that is masked: of an address that is a password, and of any other. */
enum { WHOLE_MIN = 8, PART_MIN = 16, PLAIN_MIN = 20 };

#define TAKES(field) (1u << (field))

const char *const notify_target_names[NOTIFY_FIELDS] = {
	[NOTIFY_TELEGRAM] = "telegram",   [NOTIFY_SLACK] = "slack", [NOTIFY_DINGTALK] = "dingtalk",
	[NOTIFY_FEISHU] = "feishu",       [NOTIFY_WECOM] = "wecom", [NOTIFY_WEBHOOK] = "webhook",
	[NOTIFY_HEARTBEAT] = "heartbeat", [NOTIFY_CHAT] = "chat",   [NOTIFY_API] = "api",
	[NOTIFY_SECRET] = "secret",       [NOTIFY_TITLE] = "title", [NOTIFY_ON] = "on",
	[NOTIFY_REQUIRED] = "required",
};

/* The fields that a kind takes beside "required", and whether its address alone is a password. */
static const struct {
	unsigned takes;
	bool password;
} kinds[NOTIFY_KINDS] = {
	[NOTIFY_TELEGRAM] = {TAKES(NOTIFY_CHAT) | TAKES(NOTIFY_API) | TAKES(NOTIFY_TITLE) |
				     TAKES(NOTIFY_ON),
			     true},
	[NOTIFY_SLACK] = {TAKES(NOTIFY_TITLE) | TAKES(NOTIFY_ON), true},
	[NOTIFY_DINGTALK] = {TAKES(NOTIFY_SECRET) | TAKES(NOTIFY_TITLE) | TAKES(NOTIFY_ON), true},
	[NOTIFY_FEISHU] = {TAKES(NOTIFY_SECRET) | TAKES(NOTIFY_TITLE) | TAKES(NOTIFY_ON), true},
	[NOTIFY_WECOM] = {TAKES(NOTIFY_TITLE) | TAKES(NOTIFY_ON), true},
	[NOTIFY_WEBHOOK] = {TAKES(NOTIFY_SECRET) | TAKES(NOTIFY_ON), false},
	[NOTIFY_HEARTBEAT] = {0, false},
};

struct target_reading {
	struct arena *arena;
	const struct notify_words *words;
	const struct expand_lookup *lookup;
	struct problems *problems;
	struct notify_target *out;
	size_t file_count;
	const struct notify_word *literal; /* a secret that is written out; or NULL */
};

static const char *name_of(const struct target_reading *reading)
{
	return notify_target_names[reading->out->kind];
}

/* Adds a problem at the field. */
static void complain(const struct target_reading *reading, size_t field, const char *what)
{
	const struct notify_words *words = reading->words;
	const struct notify_word *word = &words->fields[field];
	problem_add(reading->problems, word->place ? word->place : words->place, "%s %s: %s",
		    words->subject, name_of(reading), what);
}

/* --- values -------------------------------------------------------------------------------- */

static const char *read_file(struct target_reading *reading, size_t field, const char *path)
{
	struct error err;
	scoped(buf_wipe) struct buf text = buf_limit(VALUE_MAX);
	reading->out->files[reading->file_count++] = path;
	if (!file_read(path, &text, &err)) {
		complain(reading, field,
			 buf_ok(&text) ? err.text : "the file is larger than 64 KiB");
		return NULL;
	}
	size_t len = text.len;
	while (len && strchr(" \t\r\n", text.at[len - 1]))
		len--;
	const char *value = len ? arena_copy(reading->arena, text.at, len) : NULL;
	if (value && strlen(value) == len)
		return value;
	complain(reading, field, len ? "the file is not text" : "the file is empty");
	return NULL;
}

/* The value of a field with its variables replaced; NULL: not given, empty or wrong. */
static const char *read_value(struct target_reading *reading, size_t field, enum expand_mode mode)
{
	char empty[100];
	struct error err;
	const char *value = NULL;
	const struct notify_word *word = &reading->words->fields[field];
	if (!word->text.at)
		return NULL;
	snprintf(empty, sizeof(empty), "%s= is empty: give it a value, or leave it out",
		 notify_target_names[field]);
	if (!expand_text(reading->arena, word->text, mode, reading->lookup, &value, &err))
		complain(reading, field, err.text);
	else if (!*value)
		complain(reading, field, empty);
	return value && *value ? value : NULL;
}

/* The same for a secret, which may be in a file. */
static const char *read_secret(struct target_reading *reading, size_t field)
{
	static const char scheme[] = "file:";
	const struct notify_word *word = &reading->words->fields[field];
	const char *value = read_value(reading, field, EXPAND_CREDENTIAL);
	if (value && str_starts(word->text, scheme))
		return read_file(reading, field, value + strlen(scheme));
	bool secret = field == NOTIFY_SECRET || kinds[reading->out->kind].password;
	if (value && secret && str_is(word->text, value) && !reading->literal)
		reading->literal = word;
	return value;
}

/* --- addresses ----------------------------------------------------------------------------- */

/*
 * Registers what follows the host, and each part of it that is long enough for a token. The path of
 * a webhook may be made of words, which stand in names of images as well.
 */
static void hide(const struct url *url, bool password)
{
	size_t least = password ? PART_MIN : PLAIN_MIN;
	struct str text = str_of(url->text);
	struct str rest = str_from(text, strlen(url->scheme) + strlen("://"));
	rest = str_from(rest, str_find(rest, '/') + 1);
	if (rest.len >= (password ? WHOLE_MIN : PLAIN_MIN))
		secret_register(rest);
	while (rest.len) {
		size_t len = 0;
		while (len < rest.len && !strchr("/?&=", rest.at[len]))
			len++;
		if (len >= least)
			secret_register(str_head(rest, len));
		rest = str_from(rest, len + 1);
	}
}

static bool is_web(const char *text)
{
	return str_starts(str_of(text), "https://") || str_starts(str_of(text), "http://");
}

static bool read_url(struct target_reading *reading, size_t field, const char *text)
{
	struct error err;
	struct url *url = &reading->out->url;
	if (!is_web(text)) {
		complain(reading, field,
			 "expected an address that begins with https://, as ${NAME} or file:PATH");
		return false;
	}
	if (!url_parse(reading->arena, text, url, &err)) {
		complain(reading, field, err.text);
		return false;
	}
	hide(url, kinds[reading->out->kind].password);
	if (strcmp(url->scheme, "http") == 0 && kinds[reading->out->kind].password)
		problem_warn(reading->problems, reading->words->place,
			     "%s %s: http sends the address, which is a password, unencrypted: "
			     "use https",
			     reading->words->subject, name_of(reading));
	return true;
}

/* --- Telegram ------------------------------------------------------------------------------ */

static bool is_token(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits + 1;
	if (!digits || text[digits] != ':' || !*rest)
		return false;
	while (*rest && (strchr(letters, *rest) || strchr("0123456789_-", *rest)))
		rest++;
	return !*rest;
}

static bool is_chat(const char *text)
{
	const char *digits = text + (*text == '-');
	return (*text == '@' && text[1]) || (*digits && !digits[strspn(digits, "0123456789")]);
}

static bool read_telegram(struct target_reading *reading, const char *token)
{
	struct notify_target *out = reading->out;
	const char *api = read_value(reading, NOTIFY_API, EXPAND_CREDENTIAL);
	out->chat = read_value(reading, NOTIFY_CHAT, EXPAND_CREDENTIAL);
	if (!is_token(token)) {
		complain(reading, NOTIFY_TELEGRAM,
			 "the token is not that of a bot: it has a number, a colon, and letters "
			 "and digits");
		return false;
	}
	secret_register(str_of(token));
	if (!out->chat || !is_chat(out->chat)) {
		complain(reading, NOTIFY_CHAT,
			 "chat must say where to write, as in -1001234567890 or @channel");
		return false;
	}
	struct str base = str_of(api ? api : "https://api.telegram.org");
	while (str_ends(base, "/"))
		base.len--;
	const char *text =
		arena_printf(reading->arena, "%.*s/bot%s/sendMessage", STR_ARGS(base), token);
	if (!text)
		complain(reading, NOTIFY_TELEGRAM, "out of memory");
	return text && read_url(reading, NOTIFY_API, text);
}

/* --- the target ---------------------------------------------------------------------------- */

static bool find_kind(const struct target_reading *reading)
{
	const struct notify_words *words = reading->words;
	size_t found = NOTIFY_KINDS, count = 0;
	for (size_t i = NOTIFY_KINDS; i-- > 0;) {
		if (words->fields[i].text.at)
			found = i;
		count += words->fields[i].text.at != NULL;
	}
	if (count == 1) {
		reading->out->kind = (enum notify_kind)found;
		return true;
	}
	problem_add(reading->problems, words->place,
		    count ? "%s: %s and another kind are in one target: make them two"
			  : "%s: a target needs one of telegram, slack, dingtalk, feishu, wecom, "
			    "webhook and heartbeat",
		    words->subject, count ? notify_target_names[found] : "");
	return false;
}

static void check_fields(const struct target_reading *reading)
{
	for (size_t i = NOTIFY_KINDS; i < NOTIFY_REQUIRED; i++) {
		char what[100];
		if (!reading->words->fields[i].text.at ||
		    kinds[reading->out->kind].takes & TAKES(i))
			continue;
		snprintf(what, sizeof(what), "it takes no %s: remove it", notify_target_names[i]);
		complain(reading, i, what);
	}
}

bool notify_target_when(struct str text, enum notify_when *out)
{
	static const char *const names[] = {[NOTIFY_FAILURE] = "failure",
					    [NOTIFY_CHANGE] = "change",
					    [NOTIFY_ALWAYS] = "always"};
	for (size_t i = NOTIFY_FAILURE; i < array_count(names); i++) {
		if (!str_is(text, names[i]))
			continue;
		*out = (enum notify_when)i;
		return true;
	}
	return false;
}

static void read_rest(struct target_reading *reading)
{
	struct notify_target *out = reading->out;
	const struct notify_word *fields = reading->words->fields;
	struct str required = fields[NOTIFY_REQUIRED].text;
	out->title = read_value(reading, NOTIFY_TITLE, EXPAND_DESTINATION);
	out->secret = read_secret(reading, NOTIFY_SECRET);
	if (out->title && strlen(out->title) > TITLE_MAX)
		complain(reading, NOTIFY_TITLE, "title is longer than 100 bytes: shorten it");
	if (out->secret)
		secret_register(str_of(out->secret));
	if (fields[NOTIFY_ON].text.at && !notify_target_when(fields[NOTIFY_ON].text, &out->when))
		complain(reading, NOTIFY_ON, "on: expected failure, change or always");
	out->required = str_is(required, "true");
	if (required.at && !out->required && !str_is(required, "false"))
		complain(reading, NOTIFY_REQUIRED, "required: expected true or false");
}

static void warn_literal(const struct target_reading *reading)
{
	const struct notify_words *words = reading->words;
	if (reading->literal && words->exposed)
		problem_warn(reading->problems, words->place, "%s %s: %s", words->subject,
			     name_of(reading), words->exposed);
}

static bool add(struct arena *arena, struct notify_list *list, const struct notify_target *target)
{
	struct notify_target *items = arena_array(arena, list->count + 1, sizeof(*items));
	if (!items)
		return false;
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count] = *target;
	*list = (struct notify_list){items, list->count + 1};
	return true;
}

void notify_target_add(struct arena *arena, const struct notify_words *words,
		       const struct expand_lookup *lookup, struct notify_list *list,
		       struct problems *problems)
{
	struct notify_target target = {.place = words->place};
	struct target_reading reading = {arena, words, lookup, problems, &target, 0, NULL};
	size_t before = problems->error_count;
	if (!find_kind(&reading))
		return;
	size_t field = target.kind;
	check_fields(&reading);
	const char *value = read_secret(&reading, field);
	bool ok = value && (target.kind == NOTIFY_TELEGRAM ? read_telegram(&reading, value)
							   : read_url(&reading, field, value));
	read_rest(&reading);
	warn_literal(&reading);
	if (ok && problems->error_count == before && !add(arena, list, &target))
		problem_add(problems, words->place, "out of memory");
}
