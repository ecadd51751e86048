/*
 * One walk over the words (request/words.h). What stands before a word on its line, as `docker
 * pull`, is kept until the next one; whether a word counts is decided by request/guess.h.
 */
#include "request/mentions.h"

#include "base/map.h"
#include "request/guess.h"
#include "request/pages.h"
#include "request/words.h"

#include <string.h>

struct mentions_search {
	struct arena *arena;
	struct mentions *out;
	struct map seen; /* names, as they are parsed or shown */
	bool pulling;    /* this line has `docker pull`, whose image is to come */
	bool platform;   /* the next word is the value of --platform */
	bool imaging;    /* the word before is `image:` */
	bool memory;
	const char
		*listing; /* the end of an image that was asked for; behind it a list may go on */
	int line;
	char before[16]; /* the word before, in small letters; cut */
};

static void search_finish(struct mentions_search *search)
{
	map_finish(&search->seen);
}

void mentions_show(struct str text, struct buf *out)
{
	uint32_t code;
	text = str_head(text, MENTIONS_SHOWN);
	for (size_t len; text.len; text = str_from(text, len)) {
		unsigned char c = (unsigned char)text.at[0];
		len = words_code(text, &code);
		if (c > 0x20 && c < 0x7f && c != '`' && c != '|')
			buf_add_char(out, text.at[0]);
		else if (c == ' ')
			buf_add_char(out, ' ');
		else
			buf_printf(out, "\\u{%x}", (unsigned)code);
	}
}

/* --- taking note ------------------------------------------------------------------------------ */

/* False: it is there already, there is no room, or there is no memory. */
static bool is_new(struct mentions_search *search, const char *key)
{
	if (search->memory || map_get(&search->seen, str_of(key)))
		return false;
	if (search->out->count == MENTIONS_MAX) {
		search->out->more = true;
		return false;
	}
	search->memory = !map_put(&search->seen, str_of(key), search);
	return !search->memory;
}

static const char *shown(struct mentions_search *search, struct str text)
{
	scoped(buf_finish) struct buf out = {0};
	mentions_show(text, &out);
	const char *copy = buf_ok(&out) ? arena_string(search->arena, buf_string(&out)) : NULL;
	search->memory |= !copy;
	return copy;
}

static void refuse(struct mentions_search *search, const struct text_word *word,
		   struct mention mention, const char *wrong)
{
	mention.shown = shown(search, word->text);
	mention.wrong = wrong;
	mention.ref = (struct reference){.host = NULL};
	if (!wrong)
		search->memory = true;
	else if (mention.shown && is_new(search, mention.shown))
		search->out->items[search->out->count++] = mention;
}

static void accept(struct mentions_search *search, const struct text_word *word,
		   struct mention mention)
{
	if (!mention.ref.tag && !mention.ref.digest) {
		mention.ref.tag = "latest";
		mention.guessed_tag = true;
	}
	/* Beside a digest a tag says nothing: with another one, or none, it is the same image. */
	struct reference key = mention.ref;
	key.tag = key.digest ? NULL : key.tag;
	const char *name = reference_string(search->arena, &key);
	mention.shown = shown(search, word->text);
	search->memory |= !name;
	if (name && mention.shown && is_new(search, name))
		search->out->items[search->out->count++] = mention;
}

/* The reason alone: the text itself is shown beside it. */
static const char *reason(struct mentions_search *search, const struct error *err)
{
	const char *quoted = strstr(err->text, "\": ");
	return arena_string(search->arena, quoted ? quoted + strlen("\": ") : err->text);
}

/* Takes text for a name of an image. */
static void take(struct mentions_search *search, const struct text_word *word, struct str text,
		 enum mention_form form, enum sureness sure)
{
	struct mention mention = {.line = word->line, .column = word->column, .form = form};
	struct error err;
	if (reference_parse(search->arena, text, &mention.ref, &err)) {
		mention.guessed_host = form != MENTION_PAGE && !guess_has_host(text);
		accept(search, word, mention);
	} else if (err.kind == ERROR_MEMORY) {
		search->memory = true;
	} else if (sure == SURE && (str_ends(text, "/*") || str_ends(text, "/**"))) {
		refuse(search, word, mention,
		       "this means many images: name each one, with its tag");
	} else if (sure == SURE) {
		refuse(search, word, mention, reason(search, &err));
	}
}

static void take_page(struct mentions_search *search, const struct text_word *word,
		      struct str address)
{
	scoped(buf_finish) struct buf name = {0};
	if (!pages_image(address, &name))
		return;
	const char *copy = buf_ok(&name) ? arena_copy(search->arena, name.at, name.len) : NULL;
	search->memory |= !copy;
	if (copy)
		take(search, word, str_of(copy), MENTION_PAGE, SURE_IF_VALID);
}

/* An address: a page, or a registry that somebody has put a scheme before. */
static void take_address(struct mentions_search *search, const struct text_word *word,
			 struct str text)
{
	size_t scheme = str_find(text, ':') + strlen("://");
	struct str name = str_from(text, scheme);
	scoped(buf_finish) struct buf page = {0};
	if (pages_image(text, &page)) {
		take_page(search, word, text);
		return;
	}
	while (name.len && name.at[name.len - 1] == '/')
		name.len--;
	if (guess_address(name))
		take(search, word, name, MENTION_NAME, SURE_IF_VALID);
}

/* A word with letters that look like others, if it would be an image without them. */
static void take_foreign(struct mentions_search *search, const struct text_word *word, bool asked)
{
	char plain[MENTIONS_SHOWN];
	struct text_word like = *word;
	like.text = words_plain(word->text, plain, sizeof(plain));
	struct str name = like.text;
	struct mention mention = {.line = word->line, .column = word->column};
	size_t scheme = 0;
	while (scheme + 2 < name.len && !str_starts(str_from(name, scheme), "://"))
		scheme++;
	if (scheme + 2 < name.len)
		name = str_from(name, scheme + 3);
	like.text = name;
	if (!name.len || guess_word(&like, asked) == SURE_NOT)
		return;
	refuse(search, word, mention,
	       arena_printf(search->arena,
			    "it has a character that is not ASCII (U+%04X), which may look like "
			    "another one: write it again by hand",
			    (unsigned)words_foreign(word->text)));
}

/* --- what stands around a word ---------------------------------------------------------------- */

static bool is_tool(const char *word)
{
	static const char *const tools[] = {"docker",  "podman", "nerdctl", "crictl", "ctr",
					    "buildah", "crane",  "image",   "images"};
	for (size_t i = 0; i < array_count(tools); i++)
		if (strcmp(word, tools[i]) == 0)
			return true;
	return false;
}

/* `image:` in Chinese, with either colon. */
static bool ends_as_image(struct str before)
{
	static const char *const words[] = {"镜像：", "镜像:", "镜像名：", "镜像名:"};
	before = str_trim(before);
	for (size_t i = 0; i < array_count(words); i++)
		if (str_ends(before, words[i]))
			return true;
	return false;
}

static void note_before(struct mentions_search *search, struct str text)
{
	size_t len = text.len < sizeof(search->before) - 1 ? text.len : 0;
	for (size_t i = 0; i < len; i++) {
		char c = text.at[i];
		search->before[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	search->before[len] = '\0';
}

/* Sees whether the word takes an image, so that the next one is it. True: it is no image itself. */
static bool takes_image(struct mentions_search *search, const struct text_word *word)
{
	bool docker = is_tool(search->before) && str_is(word->text, "pull");
	bool from = word->first && str_is(word->text, "FROM");
	note_before(search, word->text);
	search->imaging = word->colon && (strcmp(search->before, "image") == 0 ||
					  strcmp(search->before, "images") == 0);
	search->pulling |= docker || from;
	return docker || from || search->imaging;
}

/* True for an option between `docker pull` and its image, or the value of one. */
static bool skips_option(struct mentions_search *search, struct str text)
{
	bool value = search->platform;
	search->platform = str_is(text, "--platform");
	return value || str_starts(text, "-");
}

/* Cuts what stands before a name: image=, docker://. */
static struct str without_label(struct str text)
{
	static const char *const labels[] = {"docker://", "docker-daemon:", "image:", "images:"};
	for (size_t i = text.len; i; i--)
		if (text.at[i - 1] == '=') {
			struct str label = str_head(text, i - 1);
			bool plain = str_find(label, '/') == label.len &&
				     str_find(label, ':') == label.len;
			if (plain)
				text = str_from(text, i);
			break;
		}
	for (size_t i = 0; i < array_count(labels); i++)
		if (str_equal_nocase(str_head(text, strlen(labels[i])), str_of(labels[i])) &&
		    text.len > strlen(labels[i]))
			return str_from(text, strlen(labels[i]));
	return text;
}

enum list {
	LIST_NONE,
	LIST_MAYBE, /* a comma, behind which a sentence may go on as well */
	LIST,       /* what stands between the parts of an enumeration, and nowhere else */
};

/* What stands between an image that was asked for and the next word of its line. */
static enum list between(struct str gap)
{
	static const struct {
		const char *text;
		enum list list;
	} signs[] = {
		{" ", LIST_NONE},  {"\t", LIST_NONE},  {"'", LIST_NONE},   {"\"", LIST_NONE},
		{"`", LIST_NONE},  {"[", LIST_NONE},   {"]", LIST_NONE},   {",", LIST_MAYBE},
		{";", LIST_MAYBE}, {"，", LIST_MAYBE}, {"；", LIST_MAYBE}, {"、", LIST},
	};
	enum list found = LIST_NONE;
	while (gap.len) {
		size_t i = 0;
		while (i < array_count(signs) && !str_starts(gap, signs[i].text))
			i++;
		if (i == array_count(signs))
			return LIST_NONE;
		found = signs[i].list > found ? signs[i].list : found;
		gap = str_from(gap, strlen(signs[i].text));
	}
	return found;
}

/* Whether the word goes on with a list of what was asked for. */
static enum list goes_on(struct mentions_search *search, const struct text_word *word)
{
	const char *end = search->line == word->line ? search->listing : NULL;
	search->listing = NULL;
	return end ? between((struct str){end, (size_t)(word->text.at - end)}) : LIST_NONE;
}

static bool has_scheme(struct str text)
{
	return str_equal_nocase(str_head(text, 8), STR("https://")) ||
	       str_equal_nocase(str_head(text, 7), STR("http://"));
}

static void look_at(struct mentions_search *search, const struct text_word *word)
{
	bool labelled = ends_as_image(word->before), imaging = search->imaging;
	struct str text = without_label(word->text);
	struct text_word own = *word;
	enum list list = goes_on(search, word);
	own.text = text;
	own.code |= list == LIST_MAYBE; /* with a tag it is one */
	if (search->line != word->line)
		search->pulling = search->platform = imaging = search->imaging = false;
	if (search->line != word->line)
		search->before[0] = '\0';
	search->line = word->line;
	if (takes_image(search, word) || (search->pulling && skips_option(search, word->text)))
		return;
	bool asked = search->pulling || imaging || labelled || list == LIST;
	search->pulling = false;
	if (word->foreign) {
		take_foreign(search, &own, asked);
	} else if (has_scheme(text)) {
		take_address(search, &own, text);
	} else {
		enum sureness sure = guess_word(&own, asked);
		enum mention_form form = asked        ? MENTION_COMMAND
					 : word->code ? MENTION_CODE
						      : MENTION_NAME;
		if (sure != SURE_NOT && (asked || list))
			search->listing = text.at + text.len;
		if (sure != SURE_NOT && !(asked && str_is(text, "scratch")))
			take(search, &own, text, form, sure);
		else
			take_page(search, &own, text);
	}
}

/* --- all of them ------------------------------------------------------------------------------ */

/* True when another mention names the same repository with a tag or digest. */
static bool is_named_better(const struct mentions *mentions, const struct mention *mention)
{
	for (size_t i = 0; i < mentions->count; i++) {
		const struct mention *other = &mentions->items[i];
		if (other->ref.host && !other->guessed_tag &&
		    strcmp(other->ref.host, mention->ref.host) == 0 &&
		    strcmp(other->ref.repository, mention->ref.repository) == 0)
			return true;
	}
	return false;
}

/* Who links a page and names a tag means that one, and not latest as well. */
static void drop_guesses(struct mentions *mentions)
{
	size_t left = 0;
	for (size_t i = 0; i < mentions->count; i++)
		if (!mentions->items[i].guessed_tag ||
		    !is_named_better(mentions, &mentions->items[i]))
			mentions->items[left++] = mentions->items[i];
	mentions->count = left;
}

bool mentions_find(struct arena *arena, struct str text, struct mentions *out)
{
	scoped(search_finish) struct mentions_search search = {.arena = arena, .out = out};
	struct words words = {.text = text};
	struct text_word word;
	*out = (struct mentions){.items = arena_array(arena, MENTIONS_MAX, sizeof(*out->items))};
	if (!out->items)
		return false;
	while (!search.memory && !out->more && words_next(&words, &word))
		look_at(&search, &word);
	drop_guesses(out);
	return !search.memory;
}
