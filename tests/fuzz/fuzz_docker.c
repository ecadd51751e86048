/* Docker's files with logins. The first byte: .dockercfg or config.json. */
#include "fuzz.h"

#include "base/base64.h"
#include "base/secret.h"
#include "config/auth/docker_config.h"
#include "config/auth/logins.h"
#include "doc/json.h"

static void check_base64(struct str text)
{
	scoped(buf_finish) struct buf decoded = {0};
	scoped(buf_finish) struct buf encoded = {0};
	scoped(buf_finish) struct buf again = {0};
	if (!base64_decode(text, &decoded))
		return;
	base64_encode(buf_str(&decoded), &encoded);
	require(base64_decode(buf_str(&encoded), &again));
	require(str_equal(buf_str(&decoded), buf_str(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct str rest = input_text(data, size);
	struct document document = {.name = "config.json", .json = true};
	struct docker_logins logins = {0};
	struct credentials list = {0};
	struct error err = {0};
	require(arena);
	bool flat = input_byte(&rest) % 2;
	check_base64(rest);
	if (!json_read(arena, rest, &document.root, &err))
		return 0;
	docker_config_read(arena, &document, flat, &logins, &problems);
	for (size_t i = 0; i < logins.list.count; i++) {
		const struct credential *entry = &logins.list.items[i];
		require(entry->key.len && entry->place);
		require(!entry->password || entry->username);
	}
	require(logins_join(arena, &list, &logins.list));
	secret_forget();
	return 0;
}
