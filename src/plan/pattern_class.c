/*
 * As in Go: a ] in front is an ordinary one, a - is where no range can be, and nothing but escapes,
 * \d \s \w and the POSIX names is special inside.
 */
#include "plan/pattern_class.h"

#include <string.h>

static const char *const names[] = {
	"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
	"lower", "print", "punct", "space", "upper", "word",  "xdigit",
};

/* [:alpha:] or [:^alpha:] if that is next. *found tells; false: an unknown name. */
static bool posix_class(struct pattern_scan *scan, bool *found)
{
	struct str rest = str_from(scan->text, scan->at);
	size_t end = 2;
	while (end + 1 < rest.len && (rest.at[end] != ':' || rest.at[end + 1] != ']'))
		end++;
	*found = str_starts(rest, "[:") && end + 1 < rest.len;
	if (!*found)
		return true;
	struct str whole = str_head(rest, end + 2);
	struct str name = str_from(str_head(rest, end), 2);
	bool negated = str_starts(name, "^");
	for (size_t i = 0; i < array_count(names); i++) {
		if (!str_is(str_from(name, negated), names[i]))
			continue;
		buf_add_str(scan->out, whole);
		scan->at += whole.len;
		return true;
	}
	return pattern_scan_refuse(scan, scan->at, scan->at + whole.len, "unknown class");
}

static bool missing_end(struct pattern_scan *scan, size_t start)
{
	return pattern_scan_refuse(scan, start, start + 1, "missing closing ]");
}

static bool read_character(struct pattern_scan *scan, size_t start, unsigned *code)
{
	if (scan->at == scan->text.len)
		return missing_end(scan, start);
	if (scan->text.at[scan->at] == '\\')
		return pattern_scan_escape(scan, code);
	*code = (unsigned char)scan->text.at[scan->at++];
	return true;
}

/* One character, or two with a - between them. */
static bool translate_range(struct pattern_scan *scan, size_t start)
{
	unsigned low = 0, high = 0;
	size_t from = scan->at;
	if (!read_character(scan, start, &low))
		return false;
	pattern_scan_add(scan, low);
	bool range = pattern_scan_sees(scan, "-") && !pattern_scan_sees(scan, "-]") &&
		     scan->at + 1 < scan->text.len;
	if (!range)
		return true;
	scan->at++;
	if (!read_character(scan, start, &high))
		return false;
	if (high < low)
		return pattern_scan_refuse(scan, from, scan->at, "invalid range in a class");
	buf_add_char(scan->out, '-');
	pattern_scan_add(scan, high);
	return true;
}

bool pattern_class_translate(struct pattern_scan *scan)
{
	size_t start = scan->at++;
	bool negated = pattern_scan_sees(scan, "^");
	scan->at += negated;
	buf_add_string(scan->out, negated ? "[^" : "[");
	for (bool first = true; first || !pattern_scan_sees(scan, "]"); first = false) {
		bool found = false;
		if (scan->at == scan->text.len)
			return missing_end(scan, start);
		if (!posix_class(scan, &found))
			return false;
		if (found || pattern_scan_perl_class(scan))
			continue;
		if (!translate_range(scan, start))
			return false;
	}
	buf_add_char(scan->out, ']');
	scan->at++;
	return true;
}
