/*
 * Requests to the hook. The first byte chooses: JSON or a form, and whether a name of two parts is
 * good; the rest is the body. What is good is an image that the record can hold as it was named.
 */
#include "fuzz.h"

#include "oci/reference.h"
#include "serve/hook_names.h"

static void check_good(struct arena *arena, const struct hook_name *name,
		       const struct hook_image *image, bool short_too)
{
	scoped(buf_finish) struct buf text = {0};
	struct reference ref;
	struct error err;
	size_t slashes = 0;
	buf_printf(&text, "%s/%s:%s", image->host, image->repository, image->tag);
	require(buf_ok(&text) && reference_parse(arena, buf_str(&text), &ref, &err));
	require(strcmp(ref.host, image->host) == 0);
	require(strcmp(ref.repository, image->repository) == 0);
	require(ref.tag && strcmp(ref.tag, name->tag) == 0);
	require(input_printable(buf_str(&text)) && !strpbrk(buf_string(&text), "& \\\"@%"));
	for (const char *at = name->name; *at; at++)
		slashes += *at == '/';
	require(slashes >= (short_too ? 1 : 2));
}

static void check_name(struct arena *arena, const struct hook_name *name, bool short_too)
{
	enum hook_verdict verdict;
	struct hook_image image;
	struct error err = {0};
	require(!name->name || *name->name);
	require(!name->tag || *name->tag);
	require(hook_names_judge(arena, name, short_too, &verdict, &image, &err));
	require((verdict == HOOK_NAMELESS) == !name->name);
	require(name->tag || verdict == HOOK_NAMELESS || verdict == HOOK_TAGLESS);
	if (verdict == HOOK_GOOD || verdict == HOOK_SNAPSHOT)
		check_good(arena, name, &image, short_too);
	if (verdict != HOOK_GOOD)
		require(err.kind == ERROR_CONFIG && err.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	struct hook_names names;
	struct error err = {0};
	require(arena);
	unsigned choice = input_byte(&rest);
	bool read = choice & 1 ? hook_names_form(arena, rest, &names, &err)
			       : hook_names_json(arena, rest, &names, &err);
	if (!read) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		return 0;
	}
	require(names.count <= HOOK_NAMES_MAX);
	for (size_t i = 0; i < names.count && i < 16; i++)
		check_name(arena, &names.items[i], choice & 2);
	return 0;
}
