/*
 * The C library takes what it does not understand for UTC, in silence. So a zone is looked at here
 * first. A static program brings no zones along: in an image that has none, names do not work, but
 * offsets and the strings of POSIX do.
 */
#include "serve/zone.h"

#include "base/buf.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Where the C library looks. */
static const char *const folders[] = {"/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo"};

/* --- the strings of POSIX ------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_char(struct str *rest, char c)
{
	if (!rest->len || rest->at[0] != c)
		return false;
	*rest = str_from(*rest, 1);
	return true;
}

/* Takes up to three digits that are a number of that size. */
static bool take_number(struct str *rest, int64_t min, int64_t max)
{
	int64_t number;
	size_t len = 0;
	while (len < rest->len && len < 3 && is_digit(rest->at[len]))
		len++;
	if (!str_to_int64(str_head(*rest, len), &number) || number < min || number > max)
		return false;
	*rest = str_from(*rest, len);
	return true;
}

/* Takes CET or <+02>: three characters at least. */
static bool take_name(struct str *rest)
{
	bool quoted = take_char(rest, '<');
	size_t len = 0;
	while (len < rest->len && (is_letter(rest->at[len]) ||
				   (quoted && (is_digit(rest->at[len]) || rest->at[len] == '+' ||
					       rest->at[len] == '-'))))
		len++;
	*rest = str_from(*rest, len);
	return len >= 3 && (!quoted || take_char(rest, '>'));
}

/* Takes hours, with minutes and seconds if there are any. */
static bool take_time(struct str *rest, int64_t hours_max)
{
	if (!take_char(rest, '-'))
		take_char(rest, '+');
	if (!take_number(rest, 0, hours_max))
		return false;
	for (int i = 0; i < 2 && take_char(rest, ':'); i++)
		if (!take_number(rest, 0, 59))
			return false;
	return true;
}

/* Takes a day on which summer time begins or ends. */
static bool take_day(struct str *rest)
{
	bool good;
	if (take_char(rest, 'M'))
		good = take_number(rest, 1, 12) && take_char(rest, '.') &&
		       take_number(rest, 1, 5) && take_char(rest, '.') && take_number(rest, 0, 6);
	else if (take_char(rest, 'J'))
		good = take_number(rest, 1, 365);
	else
		good = take_number(rest, 0, 365);
	return good && (!take_char(rest, '/') || take_time(rest, 167));
}

/* Summer time without its days means something else on each system. */
static bool is_posix(struct str text)
{
	if (!take_name(&text) || !take_time(&text, 24))
		return false;
	if (!text.len)
		return true;
	return take_name(&text) && ((text.len && text.at[0] == ',') || take_time(&text, 24)) &&
	       take_char(&text, ',') && take_day(&text) && take_char(&text, ',') &&
	       take_day(&text) && !text.len;
}

/* --- others --------------------------------------------------------------------------------- */

/* An offset as people write it: east of Greenwich is plus. For POSIX it is minus. */
static bool read_offset(struct str text, struct buf *out)
{
	enum { HOURS_LEN = 3 };
	struct str rest = text;
	if (str_find(text, ':') != HOURS_LEN || (text.at[0] != '+' && text.at[0] != '-') ||
	    !take_time(&rest, 14) || rest.len)
		return false;
	buf_printf(out, "<%.*s>%c%.*s", HOURS_LEN, text.at, text.at[0] == '+' ? '-' : '+',
		   STR_ARGS(str_from(text, 1)));
	return true;
}

static bool is_path_safe(const char *name)
{
	return *name && *name != '/' && *name != '.' && !strstr(name, "..");
}

static bool has_file(const char *name)
{
	for (size_t i = 0; i < array_count(folders); i++) {
		scoped(buf_finish) struct buf path = {0};
		struct stat info;
		buf_printf(&path, "%s/%s", folders[i], name);
		if (buf_ok(&path) && stat(buf_string(&path), &info) == 0 && S_ISREG(info.st_mode) &&
		    access(buf_string(&path), R_OK) == 0)
			return true;
	}
	return false;
}

static bool use(const struct buf *value, struct error *err)
{
	if (!buf_ok(value) || setenv("TZ", buf_string(value), 1) != 0)
		return error_memory(err);
	tzset();
	return true;
}

bool zone_set(const char *text, struct error *err)
{
	scoped(buf_finish) struct buf value = {0};
	if (*text == ':')
		text++;
	struct str zone = str_of(text);
	if (str_equal_nocase(zone, STR("UTC")) || str_is(zone, "Z"))
		buf_add_string(&value, "UTC0");
	else if (is_posix(zone))
		buf_add_string(&value, text);
	else if (is_path_safe(text) && has_file(text))
		buf_printf(&value, ":%s", text);
	else if (!read_offset(zone, &value))
		return error_set(err, ERROR_CONFIG,
				 "%.100s is no time zone that this system knows (%s): write UTC, "
				 "an offset as in +02:00, or the rules themselves as in "
				 "CET-1CEST,M3.5.0,M10.5.0/3",
				 text, folders[0]);
	return use(&value, err);
}
