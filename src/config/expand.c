/*
 * The original replaces whatever looks like a variable by its value or by nothing, and so destroys
 * passwords with a $ in them. Here no text disappears: in a credential an unknown $name inside a
 * longer text stays as written; where a variable is clearly meant (${NAME}, or $NAME as the whole
 * text) a missing one is an error. $$ is the escape in both modes.
 */
#include "config/expand.h"

#include "base/buf.h"
#include "base/secret.h"

#include <string.h>

struct expand {
	struct arena *arena;
	struct str whole, rest; /* rest begins at the current $ */
	enum expand_mode mode;
	const struct expand_lookup *lookup;
	struct buf *out;
	struct error *err;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The variable's name at the start of text; empty when there is none. */
static struct str name_at(struct str text)
{
	size_t len = 0;
	while (len < text.len && (is_letter(text.at[len]) || (len && is_digit(text.at[len]))))
		len++;
	return str_head(text, len);
}

/* Steps over len bytes of rest, copying them. */
static bool keep(struct expand *expand, size_t len)
{
	buf_add_str(expand->out, str_head(expand->rest, len));
	expand->rest = str_from(expand->rest, len);
	return true;
}

/* Steps over len bytes of rest and adds value in their place. */
static bool replace(struct expand *expand, size_t len, const char *value)
{
	buf_add_string(expand->out, value);
	expand->rest = str_from(expand->rest, len);
	return true;
}

bool expand_quotable(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] >= 'a' && name.at[i] <= 'z')
			return false;
	return true;
}

static bool missing(const struct expand *expand, struct str name)
{
	const char *advice = expand->lookup->advice;
	bool quote = expand->mode != EXPAND_CREDENTIAL || expand_quotable(name);
	if (!quote)
		return error_set(expand->err, ERROR_CONFIG,
				 "the environment variable named here is not set or empty: %s, or "
				 "write $$ for a $",
				 advice ? advice : "set it");
	return error_set(expand->err, ERROR_CONFIG,
			 "environment variable %.*s is not set or empty: %s, or write $$ for a $",
			 STR_ARGS(name), advice ? advice : "set it");
}

static bool is_refused(struct str name)
{
	return str_is(name, "ACTIONS_RUNTIME_TOKEN") ||
	       str_is(name, "ACTIONS_ID_TOKEN_REQUEST_TOKEN");
}

/* True when the variable's name says that its value is a secret. */
static bool is_secret_name(struct str name)
{
	static const char *const words[] = {"TOKEN",      "PASSWORD",   "PASSWD",     "PASS",
					    "PASSPHRASE", "SECRET",     "PAT",        "JWT",
					    "API_KEY",    "APIKEY",     "ACCESS_KEY", "PRIVATE_KEY",
					    "CREDENTIAL", "CREDENTIALS"};
	if (str_is(name, "INPUT_AUTH") || str_is(name, "INPUT_CONFIG"))
		return true;
	for (size_t i = 0; i < array_count(words); i++) {
		struct str word = str_of(words[i]);
		size_t before = name.len - word.len;
		if (name.len < word.len || !str_equal_nocase(str_from(name, before), word))
			continue;
		if (!before || name.at[before - 1] == '_')
			return true;
	}
	return false;
}

static bool refuse_secret(const struct expand *expand, struct str name)
{
	return error_set(expand->err, ERROR_CONFIG,
			 "environment variable %.*s is a secret by its value or its name, but "
			 "registries and logs show destinations: use another variable",
			 STR_ARGS(name));
}

/* *value is NULL when the variable is unset or empty. False when refused, or without memory. */
static bool look_up(const struct expand *expand, struct str name, const char **value)
{
	if (is_refused(name))
		return error_set(expand->err, ERROR_CONFIG,
				 "environment variable %.*s belongs to the runner and is not sent "
				 "to registries: use a secret made for the registry",
				 STR_ARGS(name));
	char *copy = arena_copy(expand->arena, name.at, name.len);
	if (!copy)
		return error_memory(expand->err);
	*value = expand->lookup->get(expand->lookup->ctx, copy);
	if (*value && !**value)
		*value = NULL;
	if (expand->mode == EXPAND_DESTINATION &&
	    (is_secret_name(name) || (*value && secret_inside(str_of(*value)))))
		return refuse_secret(expand, name);
	return true;
}

static bool expand_braces(struct expand *expand)
{
	const char *value = NULL;
	struct str name = name_at(str_from(expand->rest, 2));
	struct str behind = str_from(expand->rest, 2 + name.len);
	if (!name.len || !str_starts(behind, "}"))
		return error_set(
			expand->err, ERROR_CONFIG,
			"${ must be followed by a name and }, as in ${NAME}, and nothing else; "
			"write $$ for a $");
	if (!look_up(expand, name, &value))
		return false;
	return value ? replace(expand, name.len + 3, value) : missing(expand, name);
}

/* Expands $NAME. Not $oauthtoken, which is the fixed user name for NVIDIA's registry. */
static bool expand_name(struct expand *expand, struct str name)
{
	const char *value = NULL;
	if (!look_up(expand, name, &value))
		return false;
	if (value)
		return replace(expand, name.len + 1, value);
	bool whole = name.len + 1 == expand->whole.len;
	bool stray = !whole || str_is(name, "oauthtoken");
	if (expand->mode == EXPAND_CREDENTIAL && stray)
		return keep(expand, name.len + 1);
	return missing(expand, name);
}

/* Handles a $ before anything but a name or a brace. */
static bool expand_stray(struct expand *expand)
{
	struct str behind = str_from(expand->rest, 1);
	bool special = behind.len && behind.at[0] && strchr("0123456789-*#@!?", behind.at[0]);
	if (special && expand->mode == EXPAND_DESTINATION)
		return error_set(
			expand->err, ERROR_CONFIG,
			"$%c is not a variable: names begin with a letter or _; write $$ for a $",
			behind.at[0]);
	return keep(expand, 1);
}

static bool expand_dollar(struct expand *expand)
{
	struct str behind = str_from(expand->rest, 1);
	struct str name = name_at(behind);
	if (str_starts(behind, "$"))
		return replace(expand, 2, "$");
	if (str_starts(behind, "{"))
		return expand_braces(expand);
	return name.len ? expand_name(expand, name) : expand_stray(expand);
}

bool expand_text(struct arena *arena, struct str text, enum expand_mode mode,
		 const struct expand_lookup *lookup, const char **out, struct error *err)
{
	scoped(buf_wipe) struct buf result = {0};
	struct expand expand = {arena, text, text, mode, lookup, &result, err};
	while (expand.rest.len) {
		keep(&expand, str_find(expand.rest, '$'));
		if (expand.rest.len && !expand_dollar(&expand))
			return false;
	}
	*out = buf_ok(&result) ? arena_copy(arena, buf_string(&result), result.len) : NULL;
	return *out || error_memory(err);
}
