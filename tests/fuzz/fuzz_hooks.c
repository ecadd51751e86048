/*
 * What a hook says. The first byte chooses whether the rest is a form or JSON, and whether a name
 * of two parts is enough.
 */
#include "fuzz.h"

#include "serve/hook_names.h"
#include "serve/record.h"

enum { FORM = 1, SHORT_TOO = 2 };

/* A name that was taken is the name of an image, and the record holds it as it is. */
static void check_image(struct arena *arena, const struct hook_image *image)
{
	struct record_key key;
	struct error err;
	char *text =
		arena_printf(arena, "%s/%s:%s&r.io/a", image->host, image->repository, image->tag);
	require(text && record_split(str_of(text), &key, &err));
	require(str_is(key.path, image->repository) && str_is(key.tag, image->tag));
	require(str_is(str_head(key.source, str_find(key.source, '/')), image->host));
	require(str_is(key.destination, "r.io/a"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str body = input_text(data, size);
	unsigned choice = input_byte(&body);
	struct hook_names names;
	struct hook_image image;
	enum hook_verdict verdict;
	struct error err;
	require(arena);
	if (!(choice & FORM ? hook_names_form : hook_names_json)(arena, body, &names, &err)) {
		require(err.kind == ERROR_CONFIG && *err.text);
		return 0;
	}
	require(names.count <= HOOK_NAMES_MAX);
	for (size_t i = 0; i < names.count && i < 16; i++) {
		require(hook_names_judge(arena, &names.items[i], choice & SHORT_TOO, &verdict,
					 &image, &err));
		require(verdict == HOOK_GOOD || (err.kind == ERROR_CONFIG && *err.text));
		if (verdict == HOOK_GOOD || verdict == HOOK_SNAPSHOT)
			check_image(arena, &image);
	}
	return 0;
}
