/*
 * The text is a fixed array inside the struct: reporting an error allocates nothing, so running out
 * of memory can always be reported, and no error path has anything to free.
 */
#include "base/error.h"

#include "base/cancel.h"
#include "base/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that was cut must not end in half a secret, which the mask would not recognise. */
static void end_whole(char *text)
{
	text[secret_whole(str_of(text))] = '\0';
}

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	char text[ERROR_TEXT_SIZE]; /* the words may have err's own text in them */
	va_list args;
	err->kind = kind;
	err->http_status = 0;
	err->retry_after = -1;
	err->exhausted = err->awaited = err->stopped = false;
	err->shared = 0;
	va_start(args, format);
	int wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(err->text, sizeof(err->text), "%s", text);
	if (wanted >= ERROR_TEXT_SIZE)
		end_whole(err->text);
	return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
	char text[ERROR_TEXT_SIZE];
	va_list args;
	va_start(args, format);
	int used = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (used >= 0 && used < ERROR_TEXT_SIZE)
		used += snprintf(text + used, (size_t)(ERROR_TEXT_SIZE - used), ": %s", err->text);
	snprintf(err->text, sizeof(err->text), "%s", text);
	if (used < 0 || used >= ERROR_TEXT_SIZE) {
		err->shared = 0;
		end_whole(err->text);
	}
	return false;
}

bool error_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "out of memory");
}

bool error_canceled(struct error *err)
{
	int reason = cancel_reason();
	return error_set(err, ERROR_CANCELED, "stopped by %s",
			 cancel_name(reason ? reason : cancel_signal()));
}

bool error_stopped(struct error *err)
{
	int reason = cancel_reason();
	size_t len = strlen(err->text), room = sizeof(err->text) - len;
	int more = snprintf(err->text + len, room, "; stopped by %s before the next try",
			    cancel_name(reason ? reason : cancel_signal()));
	if (more < 0 || (size_t)more >= room)
		err->text[len] = '\0';
	else if (err->shared)
		err->shared += (unsigned)more;
	err->stopped = true;
	return false;
}

bool error_is_corrupt(const struct error *err)
{
	return err->kind == ERROR_CORRUPT || err->kind == ERROR_DAMAGED;
}

bool error_is_stop(const struct error *err)
{
	return err->kind == ERROR_CANCELED || err->stopped;
}

static const char *const names[] = {
	[ERROR_NONE] = "none",
	[ERROR_CONFIG] = "config",
	[ERROR_DENIED] = "denied",
	[ERROR_MISSING] = "missing",
	[ERROR_LIMITED] = "limited",
	[ERROR_UNAVAILABLE] = "unavailable",
	[ERROR_NETWORK] = "network",
	[ERROR_UNREACHABLE] = "unreachable",
	[ERROR_TLS] = "tls",
	[ERROR_NOT_TLS] = "tls",
	[ERROR_CORRUPT] = "corrupt",
	[ERROR_DAMAGED] = "corrupt",
	[ERROR_IMMUTABLE] = "immutable",
	[ERROR_MOVED] = "moved",
	[ERROR_PLATFORM] = "platform-missing",
	[ERROR_REFERRER] = "referrer-missing",
	[ERROR_UNSIGNED] = "unsigned",
	[ERROR_UNSUPPORTED] = "unsupported",
	[ERROR_REFUSED] = "refused",
	[ERROR_FULL] = "full",
	[ERROR_REJECTED] = "rejected",
	[ERROR_MEMORY] = "memory",
	[ERROR_IO] = "io",
	[ERROR_CANCELED] = "canceled",
};

const char *error_kind_name(enum error_kind kind)
{
	return (size_t)kind < array_count(names) && names[kind] ? names[kind] : "unknown";
}

bool error_kind_named(struct str word, enum error_kind *out)
{
	for (size_t i = ERROR_CONFIG; i < array_count(names); i++)
		if (str_is(word, names[i])) {
			*out = (enum error_kind)i;
			return true;
		}
	return false;
}
