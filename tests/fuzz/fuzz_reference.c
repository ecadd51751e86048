/* Names of images: what is accepted prints as a text that means the same, and fits into a URL. */
#include "fuzz.h"

#include "oci/digest.h"
#include "oci/reference.h"

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_path(const char *path)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
	require(strlen(path) <= REFERENCE_PATH_MAX && strspn(path, letters) == strlen(path));
	require(*path != '/' && !strstr(path, "//") && !strstr(path, "/../"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ref, again;
	struct error err = {0};
	require(arena);
	if (!reference_parse(arena, input_text(data, size), &ref, &err)) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		return 0;
	}
	require(ref.host && *ref.host && ref.repository && *ref.repository);
	check_path(ref.repository);
	require(!ref.tag || reference_tag_valid(str_of(ref.tag)));
	require(!ref.digest || digest_valid(str_of(ref.digest)));
	require(*reference_target(&ref) && *reference_api_host(ref.host));
	const char *text = reference_string(arena, &ref);
	require(text && reference_parse(arena, str_of(text), &again, &err));
	require(same(ref.host, again.host) && same(ref.repository, again.repository));
	require(same(ref.tag, again.tag) && same(ref.digest, again.digest));
	return 0;
}
