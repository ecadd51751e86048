/*
 * Targets contain commas and semicolons (`last=a,b`), so the value cannot be cut at them first: it
 * is read from left to right, <target> and then its parameters. A link that cannot be read is
 * passed over up to the next comma outside of quotes.
 */
#include "registry/link.h"

/* Takes everything up to one of the two stops that is not in quotes; the stop stays. */
static struct str take_until(struct str *text, char stop, char other_stop)
{
	bool quoted = false;
	size_t len = 0;
	for (; len < text->len; len++) {
		char c = text->at[len];
		if (!quoted && (c == stop || c == other_stop))
			break;
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted && len + 1 < text->len)
			len++;
	}
	struct str taken = str_head(*text, len);
	*text = str_from(*text, len);
	return taken;
}

/* True when "next" is among the relation types of a rel parameter's value. */
static bool has_next(struct str value)
{
	struct str relation;
	if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
		value = str_head(str_from(value, 1), value.len - 2);
	while (str_cut(&value, ' ', &relation))
		if (str_equal_nocase(relation, STR("next")))
			return true;
	return false;
}

/* Reads the parameters behind a target. Only the first rel counts (RFC 8288, 3.3). */
static bool take_parameters(struct str *text)
{
	bool seen = false;
	bool next = false;
	while (text->len && text->at[0] != ',') {
		struct str parameter = take_until(text, ';', ',');
		size_t equals = str_find(parameter, '=');
		struct str name = str_trim(str_head(parameter, equals));
		if (!seen && str_equal_nocase(name, STR("rel"))) {
			seen = true;
			next = has_next(str_trim(str_from(parameter, equals + 1)));
		}
		if (text->len && text->at[0] == ';')
			*text = str_from(*text, 1);
	}
	return next;
}

bool link_next(struct str value, struct str *target)
{
	if (value.len > LINK_BYTES_MAX)
		return false;
	while (value.len) {
		struct str before = take_until(&value, '<', ',');
		bool opened = value.len && value.at[0] == '<';
		size_t end = str_find(value, '>');
		if (opened && end < value.len) {
			struct str found = str_head(str_from(value, 1), end - 1);
			value = str_from(value, end + 1);
			bool next = take_parameters(&value);
			if (next && found.len && str_trim(before).len == 0) {
				*target = found;
				return true;
			}
		}
		take_until(&value, ',', ',');
		value = str_from(value, 1);
	}
	return false;
}
