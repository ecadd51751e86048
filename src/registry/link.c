/*
 * Servers write links without angle brackets, with single quotes, with blanks for semicolons or
 * without a relation, and a page that is missed is missing from a copy that claims to be complete.
 * So every form that can mean only one thing is accepted.
 *
 * Targets contain commas and semicolons (`last=a,b`), so the value cannot be cut at them first: it
 * is read from left to right, a target and then its parameters.
 */
#include "registry/link.h"

#include "base/scoped.h"

/* One link: its target, and what its parameters say. */
struct link {
	struct str target; /* "" when there is none */
	bool related;      /* it has a parameter rel */
	bool next;         /* whose value includes "next" */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct str *text)
{
	while (text->len && is_blank(text->at[0]))
		*text = str_from(*text, 1);
}

static bool starts_nocase(struct str text, const char *prefix)
{
	struct str wanted = str_of(prefix);
	return str_equal_nocase(str_head(text, wanted.len), wanted);
}

/* True when text may begin another link, and is not the rest of a target with a comma. */
static bool begins_link(struct str text)
{
	static const char *const beginnings[] = {"<", "/", "?", "\"", "'", "http:", "https:"};
	if (!text.len || is_blank(text.at[0]))
		return true;
	for (size_t i = 0; i < array_count(beginnings); i++)
		if (starts_nocase(text, beginnings[i]))
			return true;
	return false;
}

/* True for a parameter rel at the start of text. */
static bool is_relation(struct str text)
{
	if (!starts_nocase(text, "rel"))
		return false;
	text = str_from(text, 3);
	skip_blanks(&text);
	return text.len && text.at[0] == '=';
}

/* Takes the part up to the stop, and the stop; all of it when there is no stop. */
static struct str take_to(struct str *text, char stop)
{
	struct str taken = {0};
	str_cut(text, stop, &taken);
	return taken;
}

/* A target without brackets ends at a semicolon, a blank or where another link may begin. */
static struct str take_bare(struct str *text)
{
	size_t len = 0;
	for (; len < text->len; len++) {
		char c = text->at[len];
		if (c == ';' || is_blank(c) || (c == ',' && begins_link(str_from(*text, len + 1))))
			break;
	}
	struct str taken = str_head(*text, len);
	*text = str_from(*text, len);
	return taken;
}

static struct str take_target(struct str *text)
{
	char first = text->at[0];
	bool closed = first == '<' && str_find(*text, '>') < text->len;
	if (first == '<')
		*text = str_from(*text, 1);
	if (closed)
		return str_trim(take_to(text, '>'));
	if (first != '"' && first != '\'')
		return take_bare(text);
	*text = str_from(*text, 1);
	return str_trim(take_to(text, first));
}

/* Takes a value in quotes of either kind; false when it has none, or no closing one. */
static bool take_quoted(struct str *text, struct str *out)
{
	char quote = text->len ? text->at[0] : 0;
	if (quote != '"' && quote != '\'')
		return false;
	for (size_t at = 1; at < text->len; at++) {
		if (text->at[at] == quote) {
			*out = str_head(str_from(*text, 1), at - 1);
			*text = str_from(*text, at + 1);
			return true;
		}
		if (text->at[at] == '\\')
			at++;
	}
	*text = str_from(*text, 1);
	return false;
}

/* Takes the value of a parameter. */
static struct str take_value(struct str *text)
{
	struct str value = {0};
	size_t len = 0;
	if (take_quoted(text, &value))
		return value;
	while (len < text->len && text->at[len] != ';' && text->at[len] != ',' &&
	       !is_blank(text->at[len]))
		len++;
	value = str_head(*text, len);
	*text = str_from(*text, len);
	return value;
}

/* True when "next" is among the relation types of a rel parameter's value. */
static bool has_next(struct str value)
{
	while (value.len) {
		size_t len = 0;
		while (len < value.len && !is_blank(value.at[len]) && value.at[len] != ',')
			len++;
		if (str_equal_nocase(str_head(value, len), STR("next")))
			return true;
		value = str_from(value, len + 1);
	}
	return false;
}

static void take_parameter(struct str *text, struct link *link)
{
	size_t len = 0;
	while (len < text->len && !is_blank(text->at[len]) && text->at[len] != '=' &&
	       text->at[len] != ';' && text->at[len] != ',')
		len++;
	struct str name = str_head(*text, len);
	*text = str_from(*text, len);
	skip_blanks(text);
	if (!text->len || text->at[0] != '=')
		return;
	*text = str_from(*text, 1);
	skip_blanks(text);
	struct str value = take_value(text);
	if (!str_equal_nocase(name, STR("rel")))
		return;
	link->related = true;
	link->next |= has_next(value);
}

/* Reads the parameters after a target, up to the next link. */
static void take_parameters(struct str *text, struct link *link)
{
	while (text->len && text->at[0] != ',' && text->at[0] != '<') {
		if (text->at[0] == ';' || is_blank(text->at[0]))
			*text = str_from(*text, 1);
		else
			take_parameter(text, link);
	}
	/* A comma instead of a semicolon. */
	struct str rest = str_from(*text, 1);
	skip_blanks(&rest);
	if (!link->related && text->len && text->at[0] == ',' && is_relation(rest)) {
		*text = rest;
		take_parameters(text, link);
	}
}

/* True when the target's query shows that it is the next page of a list. */
static bool continues(struct str target)
{
	static const char *const words[] = {"last=",   "next_page=", "page_token=",  "pageToken=",
					    "marker=", "cursor=",    "continuation="};
	struct str query = str_from(target, str_find(target, '?'));
	for (; query.len; query = str_from(query, 1))
		for (size_t i = 0; i < array_count(words); i++)
			if (str_starts(str_from(query, 1), words[i]) &&
			    (query.at[0] == '?' || query.at[0] == '&'))
				return true;
	return false;
}

enum link_found link_next(struct str value, struct str *target)
{
	enum link_found found = LINK_NONE;
	if (value.len > LINK_BYTES_MAX)
		return LINK_UNREADABLE;
	while (value.len) {
		struct link link = {0};
		if (value.at[0] == ',' || is_blank(value.at[0])) {
			value = str_from(value, 1);
			continue;
		}
		if (!is_relation(value))
			link.target = take_target(&value);
		take_parameters(&value, &link);
		if (link.next || (!link.related && continues(link.target)))
			found = link.target.len ? LINK_NEXT : LINK_UNREADABLE;
		*target = link.target;
		if (found == LINK_NEXT)
			return found;
	}
	*target = (struct str){0};
	return found;
}
