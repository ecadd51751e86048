/* A line for each step, in the order in which they are taken, so that the last one is the one that
 * failed. */
#include "report/probe_report.h"

#include "base/clock.h"
#include "base/log.h"
#include "doc/json_writer.h"

#include <inttypes.h>
#include <string.h>

enum { DAY = 24 * 3600 };

/* --- text ---------------------------------------------------------------------------------- */

/* Appends a line, made harmless. */
static printf_like(3, 4) void add_line(struct buf *out, const char *name, const char *format, ...)
{
	scoped(buf_finish) struct buf line = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&line, format, args);
	va_end(args);
	buf_printf(out, "  %-9s ", name);
	out->failed |= !buf_ok(&line);
	log_clean(buf_str(&line), 0, out);
	buf_add_char(out, '\n');
}

static void add_address(const struct probe_report *report, struct buf *out)
{
	scoped(buf_finish) struct buf times = {0};
	if (!report->address)
		return;
	if (report->lookup_ms > 0)
		buf_printf(&times, ", looked up in %" PRId64 " ms", report->lookup_ms);
	if (report->connect_ms >= 0)
		buf_printf(&times, ", connected in %" PRId64 " ms", report->connect_ms);
	out->failed |= !buf_ok(&times);
	add_line(out, "address", "%s%s", report->address, buf_string(&times));
}

static void add_tls(const struct probe_report *report, struct buf *out)
{
	scoped(buf_finish) struct buf time = {0};
	if (report->scheme && strcmp(report->scheme, "http") == 0) {
		add_line(out, "TLS", "none: plain http");
		return;
	}
	if (!report->version || !report->suite)
		return;
	if (report->tls_ms >= 0)
		buf_printf(&time, ", in %" PRId64 " ms", report->tls_ms);
	out->failed |= !buf_ok(&time);
	add_line(out, "TLS", "%s, %s%s%s", report->version, report->suite, buf_string(&time),
		 report->unchecked ? ", certificate not checked (insecure)" : "");
}

static void add_chain(const struct probe_report *report, int64_t now, struct buf *out)
{
	scoped(buf_finish) struct buf chain = {0};
	for (size_t i = 0; i < report->certificate_count; i++) {
		const struct probe_certificate *each = &report->certificates[i];
		int64_t days = (each->not_after - now) / DAY;
		char date[CLOCK_TEXT_SIZE];
		clock_rfc3339(each->not_after, date);
		buf_printf(&chain, "%s%s", i ? " < " : "", each->subject);
		if (!i && *each->names && strcmp(each->names, each->subject) != 0)
			buf_printf(&chain, " (%s)", each->names);
		if (each->not_after < now)
			buf_printf(&chain, " EXPIRED %.10s", date);
		else
			buf_printf(&chain, " until %.10s (%" PRId64 " days)", date, days);
	}
	if (!report->certificate_count)
		return;
	const struct probe_certificate *last = &report->certificates[report->certificate_count - 1];
	if (strcmp(last->issuer, last->subject) != 0)
		buf_printf(&chain, " < %s", last->issuer);
	out->failed |= !buf_ok(&chain);
	add_line(out, "chain", "%s", buf_string(&chain));
}

static void add_challenge(const struct probe_report *report, struct buf *out)
{
	if (!report->challenge)
		return;
	if (!*report->challenge)
		add_line(out, "asks for", "no login");
	else if (strcmp(report->challenge, "bearer") == 0)
		add_line(out, "asks for", "a token of %s%s%s%s%s", report->realm,
			 report->service ? ", service " : "",
			 report->service ? report->service : "",
			 report->token_server ? ", at " : "",
			 report->token_server ? report->token_server : "");
	else
		add_line(out, "asks for", "user name and password");
}

static void add_login(const struct probe_report *report, struct buf *out)
{
	if (!report->challenge || (!*report->challenge && !report->login))
		return;
	const char *sent = report->unsent ? ", not sent" : report->accepted ? ", accepted" : "";
	if (report->login)
		add_line(out, "login", "%s%s%s%s", report->user ? report->user : "",
			 report->user ? ", from " : "from ", report->login, sent);
	else
		add_line(out, "login", "none, anonymous%s", sent);
	if (report->scope)
		add_line(out, "scope", "%s", report->scope);
}

static void add_reading(const struct probe_report *report, struct buf *out)
{
	if (report->listed)
		add_line(out, "tags", "%zu%s%s%s", report->tags,
			 report->more ? " on the first page" : "",
			 report->tag ? ", asked for " : "", report->tag ? report->tag : "");
	if (report->next == 0)
		add_line(out, "a tag", "costs no request: the list says its digest");
	else if (report->next > 0)
		add_line(out, "a tag", "costs %d request%s%s", report->next,
			 report->next == 1 ? "" : "s", report->next == 1 ? " (HEAD)" : "");
}

static void add_limits(const struct probe_report *report, struct buf *out)
{
	scoped(buf_finish) struct buf limits = {0};
	for (size_t i = 0; i < report->limit_count; i++)
		buf_printf(&limits, "%s%s: %s", i ? ", " : "", report->limits[i].header,
			   report->limits[i].value);
	out->failed |= !buf_ok(&limits);
	if (report->limit_count)
		add_line(out, "limits", "%s", buf_string(&limits));
	else if (report->reads)
		add_line(out, "limits", "none stated");
	if (report->listing)
		add_line(out, "lists", "%s", report->listing);
}

static void add_verdict(const struct probe_report *report, struct buf *out)
{
	if (report->error)
		add_line(out, "error", "%s", report->error);
	if (report->pushing && report->pushes)
		add_line(out, "push", "possible: an upload was opened and cancelled");
	if (report->reads)
		add_line(out, "read", "possible");
}

void probe_report_text(const struct probe_report *report, int64_t now, struct buf *out)
{
	log_clean(str_of(report->target), 0, out);
	buf_add_char(out, '\n');
	if (report->proxy)
		add_line(out, "proxy", "%s", report->proxy);
	add_address(report, out);
	add_tls(report, out);
	add_chain(report, now, out);
	add_challenge(report, out);
	add_login(report, out);
	add_reading(report, out);
	add_limits(report, out);
	add_verdict(report, out);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void name_text(struct json_writer *json, const char *name, const char *text)
{
	scoped(buf_finish) struct buf clean = {0};
	if (!text)
		return;
	log_clean(str_of(text), 0, &clean);
	json_writer_name(json, name);
	json_writer_string(json, buf_string(&clean));
	json->out->failed |= !buf_ok(&clean);
}

static void name_count(struct json_writer *json, const char *name, int64_t value)
{
	if (value < 0)
		return;
	json_writer_name(json, name);
	json_writer_int(json, value);
}

static void name_bool(struct json_writer *json, const char *name, bool value)
{
	json_writer_name(json, name);
	json_writer_bool(json, value);
}

static void write_certificate(struct json_writer *json, const struct probe_certificate *certificate)
{
	char date[CLOCK_TEXT_SIZE];
	clock_rfc3339(certificate->not_after, date);
	json_writer_open_object(json);
	name_text(json, "subject", certificate->subject);
	name_text(json, "issuer", certificate->issuer);
	name_text(json, "names", certificate->names);
	name_text(json, "not_after", date);
	json_writer_close_object(json);
}

static void write_tls(struct json_writer *json, const struct probe_report *report)
{
	if (!report->suite && !report->certificate_count)
		return;
	json_writer_name(json, "tls");
	json_writer_open_object(json);
	name_text(json, "version", report->version);
	name_text(json, "suite", report->suite);
	name_count(json, "milliseconds", report->tls_ms);
	name_bool(json, "checked", !report->unchecked);
	json_writer_name(json, "certificates");
	json_writer_open_list(json);
	for (size_t i = 0; i < report->certificate_count; i++)
		write_certificate(json, &report->certificates[i]);
	json_writer_close_list(json);
	json_writer_close_object(json);
}

static void write_login(struct json_writer *json, const struct probe_report *report)
{
	if (!report->challenge)
		return;
	json_writer_name(json, "login");
	json_writer_open_object(json);
	name_text(json, "challenge", *report->challenge ? report->challenge : "none");
	name_text(json, "realm", report->realm);
	name_text(json, "service", report->service);
	name_text(json, "token_server", report->token_server);
	name_text(json, "place", report->login);
	name_text(json, "user", report->user);
	name_bool(json, "sent", report->login && !report->unsent);
	name_bool(json, "accepted", report->accepted);
	name_text(json, "scope", report->scope);
	json_writer_close_object(json);
}

static void write_limits(struct json_writer *json, const struct probe_report *report)
{
	json_writer_name(json, "limits");
	json_writer_open_object(json);
	for (size_t i = 0; i < report->limit_count; i++)
		name_text(json, report->limits[i].header, report->limits[i].value);
	json_writer_close_object(json);
}

static void write_tags(struct json_writer *json, const struct probe_report *report)
{
	if (report->listed) {
		name_count(json, "tags", (int64_t)report->tags);
		name_bool(json, "more_tags", report->more);
	}
	name_text(json, "tag", report->tag);
	name_count(json, "first_tag_requests", report->first);
	name_count(json, "tag_requests", report->next);
}

static void write_report(struct json_writer *json, const struct probe_report *report)
{
	json_writer_open_object(json);
	name_text(json, "target", report->target);
	name_text(json, "proxy", report->proxy);
	name_text(json, "address", report->address);
	name_text(json, "scheme", report->scheme);
	name_count(json, "lookup_milliseconds", report->lookup_ms);
	name_count(json, "connect_milliseconds", report->connect_ms);
	write_tls(json, report);
	write_login(json, report);
	write_tags(json, report);
	write_limits(json, report);
	name_text(json, "lists", report->listing);
	name_bool(json, "reads", report->reads);
	if (report->pushing)
		name_bool(json, "pushes", report->pushes);
	name_text(json, "error", report->error);
	json_writer_close_object(json);
}

void probe_report_json(const struct probe_report *reports, size_t count, struct buf *out)
{
	struct json_writer json = {.out = out};
	json_writer_open_object(&json);
	name_count(&json, "version", 1);
	json_writer_name(&json, "targets");
	json_writer_open_list(&json);
	for (size_t i = 0; i < count; i++)
		write_report(&json, &reports[i]);
	json_writer_close_list(&json);
	json_writer_close_object(&json);
	buf_add_char(out, '\n');
}
