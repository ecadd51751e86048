/*
 * Errors quote names of repositories: "quota" and "throttled" are words of a registry,
 * "team/quota-tool" and "throttled-app" are not.
 */
#include "registry/wording.h"

#include "doc/json.h"

#include <string.h>

enum { UNREADABLE = 0x7f }; /* what json_blank.h puts for bytes that are no text */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

/* True when the character may be a part of a name. */
static bool is_of_name(char c)
{
	return c == '-' || c == '_' || c == '/' || (c >= '0' && c <= '9') || is_letter(c);
}

/* True when the word ends here; an open one may continue with letters and '_'. */
static bool ends(struct str text, size_t at, bool open)
{
	while (open && at < text.len && (is_letter(text.at[at]) || text.at[at] == '_'))
		at++;
	return at >= text.len || !is_of_name(text.at[at]);
}

bool wording_has(struct str text, const char *word)
{
	size_t len = strlen(word);
	bool open = word[len - 1] == '*';
	len -= open;
	for (size_t at = 0; at + len <= text.len; at++) {
		size_t same = 0;
		while (same < len && lower(text.at[at + same]) == lower(word[same]))
			same++;
		if (same == len && (!at || !is_of_name(text.at[at - 1])) &&
		    ends(text, at + len, open))
			return true;
	}
	return false;
}

static void add_pair(struct str code, struct str message, struct buf *out)
{
	if (!code.len && !message.len)
		return;
	buf_printf(out, "%s%.*s%s%.*s", out->len ? "; " : "", STR_ARGS(code),
		   code.len && message.len ? ": " : "", STR_ARGS(message));
}

/* The value of the first of the members that is a text. */
static struct str first_text(const struct node *root, const char *const *names, size_t count)
{
	struct str text = {0};
	for (size_t i = 0; i < count && !text.len; i++)
		text = node_string(node_get(root, names[i]));
	return text;
}

/* Reads the members of AWS, OAuth2 (RFC 6749, 5.2), problem details (RFC 9457) and most others. */
static void add_error(const struct node *error, struct buf *out)
{
	static const char *const codes[] = {"code", "__type", "error", "status", "title"};
	static const char *const messages[] = {"message", "Message", "error_description", "detail",
					       "details"};
	add_pair(first_text(error, codes, array_count(codes)),
		 first_text(error, messages, array_count(messages)), out);
}

bool wording_of_json(struct str body, struct buf *out)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf words = {0};
	const struct node *root = NULL;
	struct error ignored;
	if (!arena || !json_read_foreign(arena, body, &root, &ignored))
		return false;
	const struct node *list = node_get(root, "errors");
	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		add_error(list->items[i], &words);
	const struct node *inner = node_get(root, "error");
	if (!words.len)
		add_error(inner && inner->kind == NODE_MAP ? inner : root, &words);
	for (size_t i = 0; i < words.len; i++)
		if (words.at[i] == UNREADABLE)
			words.at[i] = '?';
	buf_add_str(out, buf_str(&words));
	return words.len > 0;
}
