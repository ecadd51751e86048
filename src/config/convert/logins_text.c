/* A name is made of the registry's, so that it is the same each time and says what it is for. */
#include "config/convert/logins_text.h"

#include "base/secret.h"

static bool is_secret(struct str field)
{
	return str_is(field, "password") || str_is(field, "token");
}

/* True for ${NAME} and nothing else. */
static bool is_variable(struct str text)
{
	return str_starts(text, "${") && str_find(text, '}') == text.len - 1;
}

void logins_text_hide(const struct translation *translation)
{
	const struct node *auth = translation->auth;
	for (size_t i = 0; i < auth->count; i++)
		for (size_t at = 0; at < auth->items[i]->count; at++)
			if (is_secret(auth->items[i]->keys[at]->text) &&
			    !is_variable(auth->items[i]->items[at]->text))
				secret_register(auth->items[i]->items[at]->text);
}

static bool within(const struct node *entry, int line)
{
	for (size_t i = 0; i < entry->count; i++)
		if (entry->items[i]->line == line)
			return true;
	return false;
}

bool logins_text_has(const struct translation *translation, int line)
{
	const struct node *auth = translation->auth;
	if (translation->auth_first && line >= translation->auth_first &&
	    line <= translation->auth_last)
		return true;
	for (size_t i = 0; i < auth->count; i++)
		if (within(auth->items[i], line))
			return true;
	return false;
}

/* "${REGISTRY_EXAMPLE_COM_PASSWORD}" */
static void add_name(struct str registry, struct str field, struct buf *out)
{
	const struct str parts[] = {registry, field};
	bool digit = registry.len && registry.at[0] >= '0' && registry.at[0] <= '9';
	buf_add_string(out, digit ? "${_" : "${");
	for (size_t part = 0; part < array_count(parts); part++) {
		for (size_t i = 0; i < parts[part].len; i++) {
			char c = parts[part].at[i];
			bool small = c >= 'a' && c <= 'z';
			bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
			buf_add_char(out, small ? (char)(c - 'a' + 'A') : plain ? c : '_');
		}
		buf_add_char(out, part ? '}' : '_');
	}
}

static struct node *make_entry(struct translation *translation, const struct node *registry,
			       const struct node *entry, struct problems *notes)
{
	struct node *map = translation_map(translation, registry);
	for (size_t i = 0; i < entry->count; i++) {
		const struct node *key = entry->keys[i], *value = entry->items[i];
		scoped(buf_finish) struct buf name = {0};
		if (!is_secret(key->text) || is_variable(value->text)) {
			translation_put(translation, map, key, value);
			continue;
		}
		add_name(registry->text, key->text, &name);
		translation->failed |= !buf_ok(&name);
		translation_put(translation, map, key,
				translation_text(translation, value, buf_str(&name)));
		problem_warn(notes,
			     document_place(translation->arena, translation->document, value),
			     "the %.*s that is written here became %s: set that variable",
			     STR_ARGS(key->text), buf_string(&name));
	}
	return map;
}

struct node *logins_text_make(struct translation *translation, struct problems *notes)
{
	const struct node *auth = translation->auth;
	struct node *logins = translation_map(translation, translation->document->root);
	for (size_t i = 0; i < auth->count; i++)
		translation_put(translation, logins, auth->keys[i],
				make_entry(translation, auth->keys[i], auth->items[i], notes));
	return translation->failed ? NULL : logins;
}
