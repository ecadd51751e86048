/*
 * The grammar needs one token of lookahead: after a comma, `name =` is a further parameter and
 * `name` alone starts the next challenge. Parameters separated by blanks and URLs without quotes
 * are accepted, since registries send them. A challenge that cannot be read safely is dropped, but
 * not the others.
 */
#include "registry/challenge.h"

#include "base/scoped.h"

#include <string.h>

/* What is being read, and the challenge it is read into. */
struct challenge_reader {
	struct arena *arena;
	struct str rest;
	struct challenge current;
	bool broken; /* the current challenge must not be used */
	bool out_of_memory;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool token68_char(char c)
{
	return token_char(c) || c == '/';
}

static void skip_blanks(struct str *text)
{
	while (text->len && blank(text->at[0]))
		*text = str_from(*text, 1);
}

/* Takes the longest run of characters that accept() allows. */
static struct str take_run(struct str *text, bool (*accept)(char c))
{
	size_t len = 0;
	while (len < text->len && accept(text->at[len]))
		len++;
	struct str run = str_head(*text, len);
	*text = str_from(*text, len);
	return run;
}

bool challenge_better(const struct challenge *candidate, const struct challenge *best)
{
	return candidate->scheme > best->scheme;
}

/* Ends the current challenge: it is kept if it is usable and better. */
static void finish_challenge(struct challenge_reader *reader, struct challenge *best)
{
	bool usable = !reader->broken && (reader->current.scheme != CHALLENGE_BEARER ||
					  (reader->current.realm && reader->current.realm[0]));
	if (usable && challenge_better(&reader->current, best))
		*best = reader->current;
	reader->current = (struct challenge){0};
	reader->broken = false;
}

/* Skips token68, the form in which Negotiate sends data: it fills the whole challenge. */
static void skip_token68(struct str *text)
{
	struct str after = *text;
	if (!take_run(&after, token68_char).len)
		return;
	while (after.len && after.at[0] == '=')
		after = str_from(after, 1);
	skip_blanks(&after);
	if (after.len == 0 || after.at[0] == ',')
		*text = after;
}

static void start_challenge(struct challenge_reader *reader, struct str scheme)
{
	if (str_equal_nocase(scheme, STR("bearer")))
		reader->current.scheme = CHALLENGE_BEARER;
	else if (str_equal_nocase(scheme, STR("basic")))
		reader->current.scheme = CHALLENGE_BASIC;
	skip_blanks(&reader->rest);
	skip_token68(&reader->rest);
}

/* Takes the string that starts here, without quotes and escapes; NULL if it is broken. */
static char *take_quoted(struct challenge_reader *reader)
{
	char *value = arena_alloc(reader->arena, reader->rest.len);
	size_t len = 0;
	if (!value) {
		reader->out_of_memory = true;
		return NULL;
	}
	for (size_t i = 1; i < reader->rest.len; i++) {
		if (reader->rest.at[i] == '"') {
			value[len] = '\0';
			reader->rest = str_from(reader->rest, i + 1);
			return value;
		}
		if (reader->rest.at[i] == '\\' && i + 1 < reader->rest.len)
			i++;
		value[len++] = reader->rest.at[i];
	}
	reader->rest = (struct str){0};
	return NULL;
}

/* An unquoted URL, which is no token as the grammar requires, ends at a blank or comma. */
static bool bare_char(char c)
{
	return !blank(c) && c != ',' && c != '"';
}

static char *take_value(struct challenge_reader *reader)
{
	skip_blanks(&reader->rest);
	if (reader->rest.len && reader->rest.at[0] == '"')
		return take_quoted(reader);
	struct str bare = take_run(&reader->rest, bare_char);
	char *value = arena_copy(reader->arena, bare.at, bare.len);
	reader->out_of_memory = reader->out_of_memory || !value;
	return value;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static void read_parameter(struct challenge_reader *reader, struct str name)
{
	const struct {
		struct str name;
		const char **field;
	} known[] = {
		{STR("realm"), &reader->current.realm},
		{STR("service"), &reader->current.service},
		{STR("scope"), &reader->current.scope},
		{STR("error"), &reader->current.error},
	};
	const char *value = take_value(reader);
	if (!value || has_control(value)) {
		reader->broken = true;
		return;
	}
	for (size_t i = 0; i < array_count(known); i++)
		if (str_equal_nocase(name, known[i].name) && !*known[i].field)
			*known[i].field = value;
}

/* Reads one token: the name of a parameter, with its value, or the scheme of a challenge. */
static void read_item(struct challenge_reader *reader, struct challenge *best)
{
	struct str token = take_run(&reader->rest, token_char);
	struct str after = reader->rest;
	skip_blanks(&after);
	if (!token.len) {
		reader->broken = true;
		if (after.at[0] == '"')
			take_quoted(reader);
		else
			reader->rest = str_from(reader->rest, 1);
	} else if (after.len && after.at[0] == '=') {
		reader->rest = str_from(after, 1);
		read_parameter(reader, token);
	} else {
		finish_challenge(reader, best);
		start_challenge(reader, token);
	}
}

bool challenge_parse(struct arena *arena, struct str value, struct challenge *best)
{
	struct challenge_reader reader = {.arena = arena, .rest = value};
	if (value.len > CHALLENGE_BYTES_MAX)
		return true;
	while (reader.rest.len && !reader.out_of_memory) {
		if (blank(reader.rest.at[0]) || reader.rest.at[0] == ',')
			reader.rest = str_from(reader.rest, 1);
		else
			read_item(&reader, best);
	}
	finish_challenge(&reader, best);
	return !reader.out_of_memory;
}
