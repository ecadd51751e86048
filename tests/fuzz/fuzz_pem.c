/* Files of certificate authorities, and what libcurl says about a handshake that failed. */
#include "fuzz.h"

#include "net/tls_engine.h"
#include "net/tls_failure.h"
#include "net/tls_pem.h"

static void check_failure(const char *text)
{
	char words[TLS_FAILURE_SIZE] = "";
	struct tls_handshake handshake = {0};
	tls_engine_note(&handshake, text);
	struct tls_failure failure = {.reason = handshake.reason, .peer = "reg.test"};
	if (tls_failure_explain(&failure, words))
		require(words[0] && strlen(words) < sizeof(words));
	else
		require(!words[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str text = input_text(data, size);
	struct tls_anchors anchors = {0};
	struct error err = {0};
	require(arena);
	require(tls_pem_anchors(arena, text, &anchors, &err));
	for (size_t i = 0; i < anchors.count; i++) {
		const struct tls_certificate *anchor = &anchors.at[i];
		require(!anchor->fault && anchor->for_servers && anchor->subject.len);
		require(anchor->key.kind != TLS_KEY_NONE);
	}
	for (size_t i = 0; i < anchors.refused_count; i++) {
		require(anchors.refused[i].fault && anchors.refused[i].number > i);
		require(*tls_fault_predicate(anchors.refused[i].fault));
	}
	check_failure(input_string(arena, text));
	return 0;
}
