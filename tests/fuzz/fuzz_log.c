/*
 * The log: whatever a registry says, a line holds no command for a CI runner, no secret in any of
 * its forms, nothing that moves the cursor, and it is one line. The first byte cuts the text; the
 * others also choose how each character of a secret is spelt.
 */
#include "fuzz.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/utf8.h"

#include <unistd.h>

/* A password in all its forms. */
static const char *const forms[] = {"Canary/Pa55\"word",
				    "Q2FuYXJ5L1BhNTUid29yZA==", "Canary%2FPa55%22word",
				    "Canary/Pa55\\\"word"};

static bool white(uint32_t code)
{
	return code == ' ' || (code >= 9 && code <= 13) || code == 0x85 || code == 0xa0 ||
	       code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
	       code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000 ||
	       code == 0xfeff;
}

/* What a runner does with a line: "::" behind white space, "##[" anywhere. */
static bool is_command(struct str line)
{
	uint32_t code = 0;
	for (size_t i = 0; i + 3 <= line.len; i++)
		if (str_starts(str_from(line, i), "##["))
			return true;
	for (size_t len; (len = utf8_decode(line, &code)) && white(code);)
		line = str_from(line, len);
	return str_starts(line, "::");
}

static void check_line(struct str line)
{
	uint32_t code = 0;
	require(!is_command(line));
	for (size_t i = 0; i < array_count(forms); i++)
		require(!line.len || !memmem(line.at, line.len, forms[i], strlen(forms[i])));
	while (line.len) {
		size_t len = utf8_decode(line, &code);
		require(len && code >= 0x20 && (code < 0x7f || code > 0x9f));
		require((code < 0x202a || code > 0x202e) && (code < 0x2066 || code > 0x2069));
		line = str_from(line, len);
	}
}

static void check_log(const char *text)
{
	static FILE *file;
	static char line[1 << 16];
	if (!file)
		file = tmpfile();
	require(file && ftruncate(fileno(file), 0) == 0);
	rewind(file);
	log_open(file, LOG_INFO);
	log_warn("%s", text);
	log_debug("%s", text);
	rewind(file);
	size_t len = fread(line, 1, sizeof(line), file);
	require(len && len < sizeof(line) && line[len - 1] == '\n');
	check_line((struct str){line, len - 1});
	log_open(stderr, LOG_INFO);
}

/* The ways to write a character of ASCII, each once, twice and mixed with the others. */
static void spell(unsigned way, char c, struct buf *out)
{
	switch (way % 16) {
	case 1:
		buf_printf(out, "%%%02X", c);
		break;
	case 2:
		buf_printf(out, "%%%02x", c);
		break;
	case 3:
		buf_printf(out, "&#%d;", c);
		break;
	case 4:
		buf_printf(out, "&#x%X;", c);
		break;
	case 5:
		buf_printf(out, "&#%05d;", c);
		break;
	case 6:
		buf_printf(out, "\\u%04x", c);
		break;
	case 7:
		buf_printf(out, "\\x%02X", c);
		break;
	case 8:
		buf_printf(out, "\\%03o", c);
		break;
	case 9:
		buf_printf(out, "%%25%02X", c);
		break;
	case 10:
		buf_printf(out, "&amp;#%d;", c);
		break;
	case 11:
		buf_printf(out, "\\\\u%04X", c);
		break;
	case 12:
		buf_printf(out, "%%26%%23%d%%3B", c);
		break;
	case 13:
		buf_printf(out, "\\u{%x}", c);
		break;
	default:
		buf_add_char(out, c);
	}
}

/* No spelling of the secret is let through, and nothing else is taken for one. */
static void check_spelling(struct str ways)
{
	static const char *const words[] = {"it was [", "] that was wrong"};
	scoped(buf_finish) struct buf text = {0}, clean = {0}, wanted = {0};
	struct str secret = str_of(forms[0]);
	buf_add_string(&text, words[0]);
	for (size_t i = 0; i < secret.len; i++)
		spell(i < ways.len ? (unsigned char)ways.at[i] : 0, secret.at[i], &text);
	buf_add_string(&text, words[1]);
	buf_printf(&wanted, "%s***%s", words[0], words[1]);
	log_clean(buf_str(&text), 0, &clean);
	require(buf_ok(&clean) && str_equal(buf_str(&clean), buf_str(&wanted)));
}

/* Wherever a text is cut, it does not end in a part of the secret. */
static void check_cut(struct str ways)
{
	scoped(buf_finish) struct buf text = {0}, clean = {0};
	struct str secret = str_of(forms[0]);
	buf_add_string(&text, "[");
	for (size_t i = 0; i < secret.len; i++)
		spell(i < ways.len ? (unsigned char)ways.at[i] : 0, secret.at[i], &text);
	/* Behind two characters at least, or a cut escape may be the first of them. */
	size_t cut = 1 + (ways.len ? (unsigned char)ways.at[0] : 0) % text.len;
	struct str rest = str_head(buf_str(&text), cut);
	rest = str_head(rest, secret_whole(rest));
	log_clean(rest, 0, &clean);
	require(buf_ok(&clean) && !memmem(clean.at, clean.len, forms[0], 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf whole = {0};
	scoped(buf_finish) struct buf cut = {0};
	struct str rest = input_text(data, size);
	require(arena);
	secret_register(str_of(forms[0]));
	size_t limit = 1 + input_byte(&rest);
	log_clean(rest, 0, &whole);
	check_line(buf_str(&whole));
	log_clean(rest, limit, &cut);
	check_line(buf_str(&cut));
	require(cut.len <= limit + 16);
	check_log(input_string(arena, rest));
	check_spelling(rest);
	check_cut(rest);
	secret_forget();
	return 0;
}
