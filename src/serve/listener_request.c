/*
 * Two programs that read one request differently are how requests are smuggled past the one in
 * front. So whatever has two meanings is refused here, before a byte of the body is read: headers
 * that may be there once and are there twice, a length beside a transfer coding, a length that is
 * not all digits. libmicrohttpd takes the first of two lengths.
 *
 * A path is decoded once. What is a control character after that is refused, so that no path and no
 * query can end early, or write a line of their own into a log.
 */
#include "serve/listener_request.h"

#include <string.h>

/* --- the target ----------------------------------------------------------------------------- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes text into the arena. NULL: malformed, or out of memory (head->failed). */
static const char *decode(struct listener_head *head, struct str text, bool plus)
{
	char *out = arena_copy(head->arena, text.len ? text.at : "", text.len);
	size_t len = 0;
	head->failed |= !out;
	for (size_t i = 0; out && i < text.len; i++, len++) {
		char c = text.at[i];
		if (c == '%') {
			int high = i + 2 < text.len ? hex(text.at[i + 1]) : -1;
			int low = i + 2 < text.len ? hex(text.at[i + 2]) : -1;
			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return NULL;
		out[len] = c;
	}
	if (out)
		out[len] = '\0';
	return out;
}

/* Without scheme and host, which a proxy's client sends; NULL: it is none of the forms. */
static const char *path_of(const char *target)
{
	static const char scheme[] = "http://";
	if (target[0] == '/' || strcmp(target, "*") == 0)
		return target;
	if (strncmp(target, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	target += sizeof(scheme) - 1;
	target += strcspn(target, "/?");
	return target[0] == '/' ? target : NULL;
}

static bool parse_fields(struct listener_head *head, struct str query)
{
	size_t most = 1;
	for (size_t i = 0; i < query.len; i++)
		most += query.at[i] == '&';
	head->fields = arena_array(head->arena, most, sizeof(*head->fields));
	head->failed |= !head->fields;
	struct str field;
	while (head->fields && str_cut(&query, '&', &field)) {
		if (field.len == 0)
			continue;
		size_t sign = str_find(field, '=');
		struct str name = str_head(field, sign), value = str_from(field, sign + 1);
		struct listener_header *to = &head->fields[head->field_count++];
		to->name = decode(head, name, true);
		to->value = decode(head, value, true);
		if (!to->name || !to->value)
			return false;
	}
	return head->fields;
}

bool listener_request_target(struct listener_head *head, const char *target)
{
	const char *path = path_of(target);
	if (!path)
		return false;
	struct str query = str_of(path), part;
	str_cut(&query, '?', &part);
	head->path = decode(head, part, false);
	return head->path && parse_fields(head, query);
}

/* --- headers -------------------------------------------------------------------------------- */

enum { HEADERS_FIRST = 16 };

static bool room(struct listener_head *head)
{
	if (head->header_count < head->header_space)
		return true;
	size_t space = head->header_space ? 2 * head->header_space : HEADERS_FIRST;
	struct listener_header *more = arena_array(head->arena, space, sizeof(*more));
	if (!more)
		return false;
	if (head->header_count)
		memcpy(more, head->headers, head->header_count * sizeof(*more));
	head->headers = more;
	head->header_space = space;
	return true;
}

void listener_request_header(struct listener_head *head, struct str name, struct str value)
{
	if (!room(head)) {
		head->failed = true;
		return;
	}
	struct listener_header *to = &head->headers[head->header_count];
	to->name = arena_copy(head->arena, name.len ? name.at : "", name.len);
	to->value = arena_copy(head->arena, value.len ? value.at : "", value.len);
	if (to->name && to->value)
		head->header_count++;
	else
		head->failed = true;
}

const char *listener_request_find(const struct listener_header *entries, size_t count,
				  const char *name, bool any_case)
{
	for (size_t i = 0; i < count; i++) {
		struct str its = str_of(entries[i].name), wanted = str_of(name);
		if (any_case ? str_equal_nocase(its, wanted) : str_equal(its, wanted))
			return entries[i].value;
	}
	return NULL;
}

/* How often a header is there. */
static unsigned count_of(const struct listener_head *head, const char *name)
{
	unsigned count = 0;
	for (size_t i = 0; i < head->header_count; i++)
		count += str_equal_nocase(str_of(head->headers[i].name), str_of(name));
	return count;
}

static const char *header_of(const struct listener_head *head, const char *name)
{
	return listener_request_find(head->headers, head->header_count, name, true);
}

static bool ambiguous(const struct listener_head *head)
{
	static const char *const single[] = {"Host", "Content-Length", "Transfer-Encoding",
					     "Content-Type", "Authorization"};
	for (size_t i = 0; i < array_count(single); i++)
		if (count_of(head, single[i]) > 1)
			return true;
	const char *coding = header_of(head, "Transfer-Encoding");
	return coding && (!str_equal_nocase(str_of(coding), STR("chunked")) ||
			  header_of(head, "Content-Length"));
}

unsigned listener_request_refusal(struct listener_head *head, size_t size,
				  const struct listener_options *options)
{
	const char *length = header_of(head, "Content-Length");
	int64_t bytes = 0;
	if (head->failed)
		return 503;
	if (size > options->header_bytes)
		return 431;
	if (ambiguous(head) || (length && !str_to_int64(str_of(length), &bytes)))
		return 400;
	head->body_bytes = (uint64_t)bytes;
	return head->body_bytes > options->body_bytes ? 413 : 0;
}

struct str listener_request_words(unsigned status)
{
	switch (status) {
	case 400:
		return STR("the request is malformed\n");
	case 413:
		return STR("the body is too large\n");
	case 431:
		return STR("the headers are too large\n");
	default:
		return STR("not available at the moment, try again later\n");
	}
}
