/*
 * Lines are logfmt-like, as the original's: time="2006-01-02 15:04:05" level=info msg="...". The
 * quotes inside a message are escaped; everything else was made harmless by log_clean(). Or they
 * are JSON: then the time is that of RFC 3339, with milliseconds, and whoever writes the line may
 * add fields. What log_clean() has made of a text is UTF-8 without control characters, so quotes
 * and backslashes are all there is to escape.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	pthread_mutex_t lock;
	FILE *stream;
	enum log_level level;
	bool colour, json;
	bool holding, failed, given_up;
	struct buf held;
	int64_t written_ms; /* clock_ms() of the last line */
	void (*before)(void *ctx);
	void (*after)(void *ctx);
	void *ctx;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO};

/* A stream without a descriptor writes to memory. */
static bool put(FILE *stream, struct str text)
{
	int fd = fileno(stream);
	if (fd >= 0)
		return file_put(fd, text);
	return fwrite(text.at, 1, text.len, stream) == text.len && fflush(stream) == 0;
}

/*
 * The first lost line is reported on stderr; after that, a reader that has stopped gets no second
 * wait.
 */
static void write_out(struct str text)
{
	static const char lost[] =
		"level=error msg=\"the log cannot be written: lines are lost\"\n";
	FILE *stream = sink.stream ? sink.stream : stderr;
	if (sink.given_up || !text.len || put(stream, text))
		return;
	sink.given_up = errno == ETIMEDOUT && stream != stderr;
	if (stream != stderr && !sink.failed)
		put(stderr, str_of(lost));
	sink.failed = true;
}

void log_open(FILE *stream, enum log_level level)
{
	pthread_mutex_lock(&sink.lock);
	sink.stream = stream;
	sink.level = level;
	sink.written_ms = clock_ms();
	sink.holding = sink.failed = sink.given_up = false;
	write_out(buf_str(&sink.held));
	buf_finish(&sink.held);
	pthread_mutex_unlock(&sink.lock);
}

void log_hold(enum log_level level)
{
	pthread_mutex_lock(&sink.lock);
	sink.level = level;
	sink.holding = true;
	pthread_mutex_unlock(&sink.lock);
}

int64_t log_quiet_ms(void)
{
	pthread_mutex_lock(&sink.lock);
	int64_t quiet = clock_ms() - sink.written_ms;
	pthread_mutex_unlock(&sink.lock);
	return quiet;
}

void log_colour(bool wanted)
{
	pthread_mutex_lock(&sink.lock);
	sink.colour = wanted;
	pthread_mutex_unlock(&sink.lock);
}

void log_json(bool wanted)
{
	pthread_mutex_lock(&sink.lock);
	sink.json = wanted;
	pthread_mutex_unlock(&sink.lock);
}

bool log_is_json(void)
{
	pthread_mutex_lock(&sink.lock);
	bool json = sink.json;
	pthread_mutex_unlock(&sink.lock);
	return json;
}

bool log_level_named(const char *name, enum log_level *out)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	for (size_t i = 0; i < array_count(names); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*out = (enum log_level)i;
		return true;
	}
	return false;
}

bool log_debugging(void)
{
	pthread_mutex_lock(&sink.lock);
	bool yes = sink.level >= LOG_DEBUG;
	pthread_mutex_unlock(&sink.lock);
	return yes;
}

void log_hook(void (*before)(void *ctx), void (*after)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&sink.lock);
	sink.before = before;
	sink.after = after;
	sink.ctx = ctx;
	pthread_mutex_unlock(&sink.lock);
}

/* Characters that reorder or hide what a person reads. */
static bool deceptive(uint32_t code)
{
	return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void add_clean_char(struct str *text, struct buf *out)
{
	uint32_t code = 0;
	size_t len = utf8_decode(*text, &code);
	unsigned char byte = (unsigned char)text->at[0];
	if (!len || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
		buf_printf(out, code == '\n' && len ? "\\n" : "\\x%02x", byte);
		for (size_t i = 1; i < len; i++)
			buf_printf(out, "\\x%02x", (unsigned char)text->at[i]);
	} else if (deceptive(code)) {
		buf_printf(out, "\\u{%x}", code);
	} else {
		buf_add(out, text->at, len);
	}
	*text = str_from(*text, len ? len : 1);
}

/*
 * True when a runner that trims leading white space would see a command. White space exists outside
 * ASCII, so any non-ASCII character counts as such.
 */
static bool starts_command(struct str text)
{
	while (text.len && (text.at[0] == ' ' || text.at[0] == '\t' || (text.at[0] & 0x80)))
		text = str_from(text, 1);
	return str_starts(text, "::");
}

void log_clean(struct str text, size_t limit, struct buf *out)
{
	scoped(buf_wipe) struct buf masked = {0};
	secret_mask(text, &masked);
	out->failed |= !buf_ok(&masked);
	struct str rest = buf_str(&masked);
	size_t start = out->len;
	if (starts_command(rest))
		buf_add_char(out, '\\');
	while (rest.len && (!limit || out->len - start < limit)) {
		if (str_starts(rest, "##[")) {
			buf_add_string(out, "##\\[");
			rest = str_from(rest, 3);
		} else {
			add_clean_char(&rest, out);
		}
	}
	if (rest.len)
		buf_add_string(out, "...");
}

enum { MESSAGE_MAX = 4096 };

/* A line on its way. */
struct log_entry {
	enum log_level level;
	struct str message;
	const struct log_field *fields;
	size_t count;
};

static const char *const names[] = {"error", "warning", "info", "debug"};

/* False without memory, as add_text() and add_json(). */
static bool add_quoted(struct buf *out, struct str text, const char *special)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(text, MESSAGE_MAX, &clean);
	for (size_t i = 0; i < clean.len; i++) {
		if (strchr(special, clean.at[i]))
			buf_add_char(out, '\\');
		buf_add_char(out, clean.at[i]);
	}
	return buf_ok(&clean);
}

static bool add_text(const struct log_entry *line, struct buf *out)
{
	char when[CLOCK_TEXT_SIZE];
	time_t now = (time_t)clock_unix();
	struct tm local = {0};
	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
	bool coloured = sink.colour && line->level <= LOG_WARN;
	buf_add_string(out, !coloured ? "" : line->level == LOG_ERROR ? "\033[31m" : "\033[33m");
	buf_printf(out, "time=\"%s\" level=%s msg=\"", when, names[line->level]);
	bool good = add_quoted(out, line->message, "\"");
	buf_add_string(out, coloured ? "\"\033[0m\n" : "\"\n");
	return good && buf_ok(out);
}

/* "2006-01-02T15:04:05.123+02:00" */
static void add_time(struct buf *out)
{
	enum { ZONE_HOURS = 3 }; /* "+02" of "+0200" */
	char when[CLOCK_TEXT_SIZE], zone[CLOCK_TEXT_SIZE];
	struct timespec now;
	struct tm local = {0};
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	buf_printf(out, "%s.%03d%.3s:%s", when, (int)(now.tv_nsec / 1000000), zone,
		   zone + ZONE_HOURS);
}

static bool add_json(const struct log_entry *line, struct buf *out)
{
	buf_add_string(out, "{\"time\":\"");
	add_time(out);
	buf_printf(out, "\",\"level\":\"%s\",\"msg\":\"", names[line->level]);
	bool good = add_quoted(out, line->message, "\"\\");
	buf_add_char(out, '"');
	for (size_t i = 0; i < line->count; i++) {
		const struct log_field *field = &line->fields[i];
		const char *quote = field->number ? "" : "\"";
		if (!field->text)
			continue;
		buf_printf(out, ",\"%s\":%s", field->name, quote);
		good = add_quoted(out, str_of(field->text), "\"\\") && good;
		buf_add_string(out, quote);
	}
	buf_add_string(out, "}\n");
	return good && buf_ok(out);
}

static void write_line(const struct log_entry *line)
{
	static const char no_text[] = "level=error msg=\"out of memory\"\n";
	static const char no_json[] = "{\"level\":\"error\",\"msg\":\"out of memory\"}\n";
	scoped(buf_finish) struct buf text = {0};
	bool whole = sink.json ? add_json(line, &text) : add_text(line, &text);
	struct str out = whole ? buf_str(&text) : str_of(sink.json ? no_json : no_text);
	if (sink.before)
		sink.before(sink.ctx);
	if (sink.holding)
		buf_add_str(&sink.held, out);
	else
		write_out(out);
	if (sink.after)
		sink.after(sink.ctx);
	sink.written_ms = clock_ms();
}

static void log_line(struct log_entry *line, const char *format, va_list args)
{
	pthread_mutex_lock(&sink.lock);
	if (line->level <= sink.level) {
		char text[2048];
		int len = vsnprintf(text, sizeof(text), format, args);
		bool cut = len >= (int)sizeof(text);
		line->message =
			str_head(str_of(text), cut ? secret_whole(str_of(text)) : sizeof(text));
		write_line(line);
	}
	pthread_mutex_unlock(&sink.lock);
}

void log_fields(enum log_level level, const struct log_field *fields, size_t count,
		const char *format, ...)
{
	struct log_entry line = {.level = level, .fields = fields, .count = count};
	va_list args;
	va_start(args, format);
	log_line(&line, format, args);
	va_end(args);
}

#define LOG_FUNCTION(name, importance)                                                             \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
		va_start(args, format);                                                            \
		log_line(&(struct log_entry){.level = (importance)}, format, args);                \
		va_end(args);                                                                      \
	}

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)
