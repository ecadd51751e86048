/* Files of certificate authorities, and what libcurl says about a handshake that failed. */
#include "fuzz.h"

#include "net/tls_failure.h"
#include "net/tls_pem.h"

static void check_failure(const char *text)
{
	char words[TLS_FAILURE_SIZE] = "";
	struct tls_failure failure = {.code = tls_failure_code(text), .peer = "reg.test"};
	tls_failure_not_tls(failure.code);
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
		const br_x509_trust_anchor *anchor = &anchors.at[i];
		require(anchor->dn.len && anchor->dn.data);
		require(anchor->pkey.key_type == BR_KEYTYPE_RSA ||
			anchor->pkey.key_type == BR_KEYTYPE_EC);
	}
	check_failure(input_string(arena, text));
	return 0;
}
