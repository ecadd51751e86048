/* Digests, media types, platforms and keys of credentials: the small grammars. */
#include "fuzz.h"

#include "config/auth/registry_key.h"
#include "oci/digest.h"
#include "oci/media.h"
#include "oci/platform.h"
#include "registry/credential.h"
#include "registry/ecr.h"
#include "registry/scope.h"

static void check_digest(struct str text)
{
	struct error err = {0};
	if (!digest_valid(text))
		return;
	size_t colon = str_find(text, ':');
	require(text.len < DIGEST_TEXT_SIZE && colon == 6);
	for (size_t i = colon + 1; i < text.len; i++)
		require(strchr("0123456789abcdef", text.at[i]) && text.at[i]);
	/* Nobody finds an input that holds its own digest. */
	require(!digest_verify(text, text, &err) && err.kind == ERROR_CORRUPT);
}

static void check_media(struct str text)
{
	struct str bare = media_bare(text);
	require(str_equal(media_bare(bare), bare));
	require(media_kind(bare) == media_kind(text));
	if (media_kind(text) != MEDIA_OTHER)
		require(!media_is_content(text) && media_valid(bare));
	if (media_valid(text)) {
		require(text.len <= MEDIA_TYPE_MAX && input_printable(text));
		require(str_find(text, ' ') == text.len && str_find(text, '/') < text.len);
	}
}

static void check_platform(struct arena *arena, struct str text)
{
	struct platform platform = {0};
	struct platform_pattern pattern = {0};
	scoped(buf_finish) struct buf out = {0};
	if (platform_pattern_parse(text, &pattern))
		require(pattern.value.len);
	if (!platform_parse(text, &platform))
		return;
	struct platform_filter filter = {.platforms = &platform, .platform_count = 1};
	require(platform_matches(&filter, &platform));
	require(!platform_filter_empty(&filter) && platform_pattern_count(&filter) == 1);
	platform_pattern_print(&filter, 0, &out);
	require(input_printable(buf_str(&out)));
	const char *once = platform_filter_text(arena, &filter);
	require(once && str_is(buf_str(&out), once));
}

static void check_key(struct arena *arena, struct str text)
{
	struct str host = {0}, repository = {0};
	struct ecr_name name;
	struct credential entry = {.key = registry_key_lower(arena, text)};
	struct credentials one = {&entry, 1};
	registry_key_split(text, &host, &repository);
	registry_key_lookalike(host);
	require(registry_key_equal(text, text));
	credential_find(&one, host, repository);
	if (ecr_name_parse(host, &name))
		require(name.region.len && strlen(name.api) < ECR_HOST_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str text = input_text(data, size);
	require(arena);
	check_digest(text);
	check_media(text);
	check_platform(arena, text);
	check_key(arena, text);
	const char *scope = input_string(arena, text);
	require(scope_covers(scope, scope));
	return 0;
}
