/*
 * Whole documents are looked through, since a name can be quoted by a message about anything beside
 * it. A '@' counts that stands in front of the first '/': digests and addresses of people have
 * none behind them, and patterns of tags begin with one.
 */
#include "config/userinfo.h"

#include "base/secret.h"

/* Cuts text at its last '@' into what is in front of it and what is behind; false: it has none. */
static bool cut_last(struct str text, struct str *front, struct str *behind)
{
	size_t at = text.len;
	while (at && text.at[at - 1] != '@')
		at--;
	if (!at)
		return false;
	*front = str_head(text, at - 1);
	*behind = str_from(text, at);
	return true;
}

static void register_password(struct str front)
{
	struct str user, password = front;
	str_cut(&password, ':', &user);
	secret_register(password);
	secret_register_basic(user, password);
}

void userinfo_register(struct str authority)
{
	struct str front, host;
	if (cut_last(authority, &front, &host))
		register_password(front);
}

/* What is behind "://", or all of text. */
static struct str without_scheme(struct str text)
{
	size_t colon = str_find(text, ':');
	return str_starts(str_from(text, colon), "://") ? str_from(text, colon + 3) : text;
}

void userinfo_register_name(struct str name)
{
	struct str text = without_scheme(name), front, host;
	struct str authority = str_head(text, str_find(text, '/'));
	bool one_word = str_find(name, ' ') == name.len && str_find(name, '\n') == name.len;
	if (one_word && authority.len < text.len && cut_last(authority, &front, &host) &&
	    str_find(front, ':') < front.len)
		register_password(front);
}

void userinfo_register_all(const struct node *root)
{
	if (root->kind == NODE_STRING)
		userinfo_register_name(root->text);
	for (size_t i = 0; i < root->count; i++) {
		if (root->keys)
			userinfo_register_all(root->keys[i]);
		userinfo_register_all(root->items[i]);
	}
}
