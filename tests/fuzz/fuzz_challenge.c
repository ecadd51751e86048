/* WWW-Authenticate: each line of the input is one header value of the same answer. */
#include "fuzz.h"

#include "registry/challenge.h"

static void check_text(const char *text)
{
	if (text)
		require(input_printable(str_of(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	struct challenge best = {0};
	require(arena);
	while (rest.len) {
		struct challenge before = best;
		require(challenge_parse(arena, input_part(&rest, '\n'), &best));
		require(best.scheme >= before.scheme);
		require(!challenge_better(&before, &best));
	}
	require(best.scheme != CHALLENGE_BEARER || best.realm);
	check_text(best.realm);
	check_text(best.service);
	check_text(best.scope);
	check_text(best.error);
	return 0;
}
