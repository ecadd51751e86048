/*
 * Messages quote what users and other people's files say, so each passes the same sanitizer as a
 * log line: a newline in a quoted key cannot forge a line of its own.
 */
#include "config/problem.h"

#include "base/log.h"
#include "base/secret.h"

#include <stdarg.h>
#include <stdio.h>

void problem_finish(struct problems *problems)
{
	buf_finish(&problems->errors);
	buf_finish(&problems->warnings);
	*problems = (struct problems){0};
}

static printf_like(3, 0) void add_line(struct buf *out, const char *place, const char *format,
				       va_list args)
{
	char text[2048];
	scoped(buf_finish) struct buf line = {0};
	if (place)
		buf_printf(&line, "%s: ", place);
	bool cut = vsnprintf(text, sizeof(text), format, args) >= (int)sizeof(text);
	buf_add_str(&line, cut ? str_head(str_of(text), secret_whole(str_of(text))) : str_of(text));
	out->failed |= !buf_ok(&line);
	log_clean(buf_str(&line), 0, out);
	buf_add_char(out, '\n');
}

void problem_add(struct problems *problems, const char *place, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_line(&problems->errors, place, format, args);
	va_end(args);
	problems->error_count++;
}

void problem_warn(struct problems *problems, const char *place, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_line(&problems->warnings, place, format, args);
	va_end(args);
}

void problem_demote(const struct problems *found, struct problems *problems)
{
	buf_add_str(&problems->warnings, buf_str(&found->errors));
	buf_add_str(&problems->warnings, buf_str(&found->warnings));
}

bool problem_keep(struct arena *arena, const struct problems *found, const char **lines)
{
	if (!found->error_count)
		return true;
	*lines = arena_printf(arena, "%s%s", *lines ? *lines : "", buf_string(&found->errors));
	return *lines && buf_ok(&found->errors);
}

void problem_add_lines(struct problems *problems, const char *lines)
{
	for (const char *at = lines; *at; at++)
		problems->error_count += *at == '\n';
	buf_add_string(&problems->errors, lines);
}

void problem_print(const struct problems *problems, FILE *stream)
{
	fputs(buf_string(&problems->errors), stream);
	if (!buf_ok(&problems->errors))
		fputs("out of memory\n", stream);
}

void problem_log(const struct problems *problems)
{
	struct str rest = buf_str(&problems->warnings);
	struct str line;
	while (str_cut(&rest, '\n', &line))
		if (line.len)
			log_warn("%.*s", STR_ARGS(line));
}

void problem_log_errors(const struct problems *problems)
{
	struct str rest = buf_str(&problems->errors);
	struct str line;
	while (str_cut(&rest, '\n', &line))
		if (line.len)
			log_error("%.*s", STR_ARGS(line));
	if (!buf_ok(&problems->errors))
		log_error("out of memory");
}
