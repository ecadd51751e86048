/*
 * What is not ASCII decides where a word ends. Ideographs and their punctuation end one, since
 * there are no blanks around names in Chinese text. Letters of other alphabets do not: a name in
 * which one of them stands for one of ASCII has to be seen whole, to be refused.
 */
#include "request/words.h"

#include "base/scoped.h"
#include "base/utf8.h"

#include <stddef.h>
#include <string.h>

enum glyph {
	GLYPH_BREAK,   /* no part of a word */
	GLYPH_PLAIN,   /* ASCII that may be in a name, in an address, or in a variable */
	GLYPH_FOREIGN, /* a letter or sign that looks like one of ASCII */
	GLYPH_HIDDEN,  /* nobody sees it */
};

struct range {
	uint32_t first, last;
};

static const struct range hidden[] = {
	{0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},
	{0x180b, 0x180e}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f},   {0x3164, 0x3164},
	{0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe01ef},
};

/* Letters; among them signs that look like '.', '/' and ':'. */
static const struct range foreign[] = {
	{0xaa, 0xaa},       {0xb5, 0xb5},       {0xba, 0xba},     {0xc0, 0xd6},
	{0xd8, 0xf6},       {0xf8, 0x589},      {0x10a0, 0x10ff}, {0x13a0, 0x13ff},
	{0x1c80, 0x1cbf},   {0x1d00, 0x1fff},   {0x2024, 0x2024}, {0x2044, 0x2044},
	{0x2071, 0x209c},   {0x2100, 0x218f},   {0x2215, 0x2215}, {0x2236, 0x2236},
	{0x29f8, 0x29f8},   {0x2c60, 0x2c7f},   {0x2d00, 0x2d2f}, {0x2de0, 0x2dff},
	{0xa640, 0xa69f},   {0xa4d0, 0xa4ff},   {0xa720, 0xa7ff}, {0xab30, 0xabbf},
	{0xfb00, 0xfb06},   {0xff0e, 0xff1a},   {0xff21, 0xff3a}, {0xff41, 0xff5a},
	{0x10280, 0x1044f}, {0x1d400, 0x1d7ff},
};

static bool among(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(char c)
{
	return c && (is_letter(c) || (c >= '0' && c <= '9') || strchr("._-/:@%?=&#+~*${}\\^", c));
}

/* The first glyph of text, which is not empty, and its length. */
static enum glyph glyph_of(struct str text, size_t *len)
{
	uint32_t code;
	*len = utf8_decode(text, &code);
	if (!*len) {
		*len = 1;
		return GLYPH_BREAK;
	}
	if (*len == 1)
		return is_plain(text.at[0]) ? GLYPH_PLAIN : GLYPH_BREAK;
	if (among(code, hidden, array_count(hidden)))
		return GLYPH_HIDDEN;
	return among(code, foreign, array_count(foreign)) ? GLYPH_FOREIGN : GLYPH_BREAK;
}

/*
 * The colon of Chinese text ends a sentence's part, or stands where somebody meant that of a tag:
 * between what may be in a name.
 */
static bool is_wide_colon(struct str text)
{
	return str_starts(text, "\xef\xbc\x9a");
}

/* --- lines ------------------------------------------------------------------------------------ */

/* The number of c at the beginning of text. */
static size_t run_of(struct str text, char c)
{
	size_t len = 0;
	while (len < text.len && text.at[len] == c)
		len++;
	return len;
}

/* True for a line that begins or ends a block of code. */
static bool turns_fence(struct words *words)
{
	enum { FENCE_MIN = 3 };
	struct str line = str_trim(words->line);
	char sign = line.len ? line.at[0] : '\0';
	size_t count = run_of(line, sign);
	if ((sign != '`' && sign != '~') || count < FENCE_MIN)
		return false;
	if (words->fence) {
		if (sign != words->fence || count < words->fence_count ||
		    str_trim(str_from(line, count)).len)
			return false;
		words->fence = '\0';
		return true;
	}
	/* ```one line``` is code between backticks. */
	if (sign == '`' && str_find(str_from(line, count), '`') < line.len - count)
		return false;
	words->fence = sign;
	words->fence_count = count;
	return true;
}

/* Goes to the next line in which there may be words. */
static bool next_line(struct words *words)
{
	for (;;) {
		struct str line;
		if (!words->text.at || !str_cut(&words->text, '\n', &line))
			return false;
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		words->line = words->rest = line;
		words->number++;
		words->ticks = 0;
		words->seen = false;
		if (words->comment || !turns_fence(words))
			return true;
	}
}

/* --- words ------------------------------------------------------------------------------------ */

static void skip(struct words *words, size_t len)
{
	words->rest = str_from(words->rest, len);
}

/* Skips a comment, or the part of it on this line. False: none begins here. */
static bool skip_comment(struct words *words)
{
	static const char end[] = "-->";
	bool code = words->fence || words->ticks;
	if (!words->comment && (code || !str_starts(words->rest, "<!--")))
		return false;
	if (!words->comment)
		skip(words, strlen("<!--"));
	words->comment = true;
	while (words->rest.len && !str_starts(words->rest, end))
		skip(words, 1);
	if (!words->rest.len)
		return true;
	words->comment = false;
	skip(words, strlen(end));
	return true;
}

/* Skips backticks, which begin and end code. False: there are none. */
static bool skip_ticks(struct words *words)
{
	size_t count = run_of(words->rest, '`');
	if (!count)
		return false;
	if (!words->fence && !words->ticks)
		words->ticks = count;
	else if (words->ticks == count)
		words->ticks = 0;
	skip(words, count);
	return true;
}

/* The length of the word that rest begins with; 0: none does. */
static size_t measure(struct str rest, bool *odd)
{
	size_t at = 0, len;
	*odd = false;
	while (at < rest.len) {
		struct str here = str_from(rest, at);
		enum glyph glyph = glyph_of(here, &len);
		if (is_wide_colon(here)) {
			size_t next;
			bool inside = at && here.len > len &&
				      glyph_of(str_from(here, len), &next) == GLYPH_PLAIN;
			glyph = inside ? GLYPH_FOREIGN : GLYPH_BREAK;
		}
		if (glyph == GLYPH_BREAK)
			break;
		*odd |= glyph != GLYPH_PLAIN;
		at += len;
	}
	return at;
}

static bool is_hidden_at(struct str text)
{
	size_t len;
	return text.len && glyph_of(text, &len) == GLYPH_HIDDEN;
}

/* Cuts what nobody sees, and signs in the list, off the beginning. */
static void trim_start(struct str *text, const char *signs)
{
	for (;;) {
		size_t len = 1;
		if (is_hidden_at(*text))
			glyph_of(*text, &len);
		else if (!text->len || !strchr(signs, text->at[0]) || !text->at[0])
			return;
		*text = str_from(*text, len);
	}
}

/* The length of the last character. */
static size_t last_length(struct str text)
{
	size_t len = 1;
	while (len < text.len && ((unsigned char)text.at[text.len - len] & 0xc0) == 0x80)
		len++;
	return len;
}

static void trim_end(struct str *text, const char *signs, bool *colon)
{
	while (text->len) {
		size_t len = last_length(*text);
		char last = text->at[text->len - 1];
		bool cut = len == 1 ? last && strchr(signs, last)
				    : is_hidden_at(str_from(*text, text->len - len));
		if (!cut)
			return;
		*colon |= last == ':';
		text->len -= len;
	}
}

/* Without emphasis, punctuation and braces around it. */
static void trim(struct text_word *word)
{
	struct str *text = &word->text;
	trim_start(text, "*_~");
	if (text->len && text->at[0] == '{' && str_find(str_from(*text, 1), '{') == text->len - 1)
		*text = str_from(*text, 1);
	bool open = str_find(*text, '{') < text->len;
	/* A word that ends with stars after a slash is a namespace, and not in bold letters. */
	if (str_ends(*text, "/*") || str_ends(*text, "/**"))
		return;
	trim_end(text, open ? "_~.:?&#=" : "*_~.:?&#=}", &word->colon);
}

/* True when punctuation, nothing, or another command of a shell follows. */
static bool ends_here(struct str rest)
{
	static const char *const operators[] = {"&&", "||", "|", ";"};
	struct str next = str_trim(rest);
	for (size_t i = 0; i < array_count(operators); i++)
		if (str_starts(next, operators[i]))
			return true;
	return !rest.len || strchr(",!)]", rest.at[0]) || ((unsigned char)rest.at[0] & 0x80);
}

/* True for a sign that begins an item of a list. */
static bool is_bullet(struct str text)
{
	return str_is(text, "-") || str_is(text, "+") || str_is(text, "*") || str_is(text, "#");
}

/* Finds the next word of the line under way. */
static bool next_here(struct words *words, struct text_word *word)
{
	while (words->rest.len) {
		bool odd;
		if (skip_comment(words) || skip_ticks(words))
			continue;
		size_t len = measure(words->rest, &odd);
		if (!len) {
			glyph_of(words->rest, &len);
			skip(words, len);
			continue;
		}
		size_t at = words->line.len - words->rest.len;
		*word = (struct text_word){.text = str_head(words->rest, len),
					   .line = words->number,
					   .code = words->fence || words->ticks,
					   .first = !words->seen};
		skip(words, len);
		word->ended = ends_here(words->rest) || str_ends(word->text, ".");
		const char *start = word->text.at;
		if (is_bullet(word->text))
			continue;
		trim(word);
		if (!word->text.len)
			continue;
		at += (size_t)(word->text.at - start);
		word->column = (int)at + 1;
		word->before = str_head(words->line, at);
		word->foreign = odd && words_foreign(word->text);
		words->seen = true;
		return true;
	}
	return false;
}

bool words_next(struct words *words, struct text_word *word)
{
	while (!next_here(words, word))
		if (!next_line(words))
			return false;
	struct words ahead = *words;
	struct text_word other;
	word->last = !next_here(&ahead, &other);
	word->ended |= word->last;
	return true;
}

/* --- what is not ASCII ------------------------------------------------------------------------ */

size_t words_code(struct str text, uint32_t *code)
{
	size_t len = utf8_decode(text, code);
	if (!len)
		*code = (unsigned char)text.at[0];
	return len ? len : 1;
}

uint32_t words_foreign(struct str word)
{
	uint32_t code;
	for (size_t len; word.len; word = str_from(word, len)) {
		len = utf8_decode(word, &code);
		if (len > 1)
			return code;
		len = 1;
	}
	return 0;
}

/* The sign of ASCII that a code point looks like; a letter for all letters. */
static char looks_like(uint32_t code)
{
	switch (code) {
	case 0x2024:
	case 0xff0e:
		return '.';
	case 0x2044:
	case 0x2215:
	case 0x29f8:
	case 0xff0f:
		return '/';
	case 0x589:
	case 0x2236:
	case 0xff1a:
		return ':';
	default:
		return 'x';
	}
}

struct str words_plain(struct str word, char *into, size_t size)
{
	size_t out = 0;
	uint32_t code;
	for (size_t len; word.len && out < size; word = str_from(word, len)) {
		len = utf8_decode(word, &code);
		if (len <= 1)
			into[out++] = word.at[0];
		else if (!is_hidden_at(word))
			into[out++] = looks_like(code);
		len = len ? len : 1;
	}
	return (struct str){into, out};
}
