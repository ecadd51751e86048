/*
 * Certificates as a server may send them: a chain through a handshake, as the
 * engines report it, each certificate alone, and each as an authority above each, since no mutation
 * leaves a signature that holds. The signature of one by the next is checked. The engine's own
 * decoders, which libcurl has, are fed as well.
 *
 * First byte: insecure or not, name or address; second: size of the pieces; then certificates, each
 * behind two bytes of length. The trust is the file that lies beside the corpus.
 */
#include "certificate_engine.h"
#include "fuzz.h"

#include "net/tls_der.h"
#include "net/tls_engine.h"
#include "net/tls_handshake.h"
#include "net/tls_names.h"

enum { CHAIN_MAX = 8 };

static struct str take_certificate(struct str *rest)
{
	size_t len = input_byte(rest);
	len = len << 8 | input_byte(rest);
	struct str certificate = str_head(*rest, len);
	*rest = str_from(*rest, certificate.len);
	return certificate;
}

static void feed(struct tls_handshake *handshake, struct str certificate, size_t piece)
{
	tls_handshake_certificate(handshake);
	while (certificate.len) {
		struct str part = str_head(certificate, piece);
		tls_handshake_bytes(handshake, part.at, part.len);
		certificate = str_from(certificate, part.len);
	}
	tls_handshake_certificate_end(handshake);
}

static void check_chain(struct tls_trust *trust, struct str rest, unsigned choice, size_t piece)
{
	static const unsigned char address[] = {127, 0, 0, 1};
	struct tls_handshake handshake = {0};
	struct tls_certificate server;
	bool named = choice & 2;
	struct str expected = {(const char *)address, named ? 0 : sizeof(address)};
	tls_handshake_init(&handshake, trust, named ? "reg.test" : "127.0.0.1", expected,
			   choice & 1);
	tls_handshake_begin(&handshake);
	tls_handshake_chain(&handshake, named ? "reg.test" : NULL);
	for (int i = 0; i < CHAIN_MAX && rest.len; i++)
		feed(&handshake, take_certificate(&rest), piece);
	enum tls_fault fault = tls_handshake_judge(&handshake, &server);
	require(!fault == handshake.accepted && (fault || server.key.kind));
	tls_handshake_forget(&handshake);
	tls_handshake_finish(&handshake);
}

static void require_within(struct str part, struct str whole)
{
	require(!part.at || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

/* What a certificate holds, whether anybody trusts it or not. */
static bool read_certificate(struct str der, struct tls_certificate *out)
{
	static const char address[] = {127, 0, 0, 1};
	char title[TLS_CERTIFICATE_TITLE_SIZE];
	if (!tls_certificate_read(der, out))
		return false;
	const struct str parts[] = {out->body,      out->issuer,     out->subject,   out->key.info,
				    out->algorithm, out->signature,  out->names,     out->allowed,
				    out->denied,    out->key.limits, out->parameters};
	for (size_t i = 0; i < array_count(parts); i++)
		require_within(parts[i], der);
	require(out->fault || out->key.kind);
	require(out->path_length >= 0 && out->version >= 1 && out->version <= 3);
	tls_certificate_title(out, title);
	require(*title && strlen(title) < sizeof(title));
	tls_names_match(out, STR("reg.test"), (struct str){0});
	tls_names_match(out, (struct str){0}, (struct str){address, sizeof(address)});
	return true;
}

/* Each above each: whatever the constraints say, there is an answer, and none gives none. */
static void check_constraints(const struct tls_certificate *certificates, size_t count)
{
	for (size_t a = 0; a < count; a++) {
		for (size_t b = 0; b < count; b++) {
			const struct tls_certificate *above = &certificates[a];
			unsigned effort = 5000;
			bool allowed = tls_names_allowed(above, &certificates[b], &effort);
			require(allowed || above->allowed.at || above->denied.at);
		}
	}
}

static void check_signatures(const struct tls_certificate *certificates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct tls_certificate *above = &certificates[(i + 1) % count];
		enum tls_fault kind = tls_engine_signature_kind(&certificates[i]);
		enum tls_fault fault = tls_engine_signature_check(&certificates[i], &above->key);
		require(!kind || fault == kind);
		engine_check_encoding(&certificates[i]);
	}
}

/* Elements lie one behind the other, within what they were taken from. */
static void check_elements(struct str der, int depth)
{
	struct tls_der element;
	while (tls_der_next(&der, &element)) {
		require(element.whole.at + element.whole.len == der.at || !der.len);
		require(element.value.at >= element.whole.at);
		require(element.value.len < element.whole.len);
		if (depth < 8)
			check_elements(element.value, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tls_trust *trust;
	static struct arena *arena;
	struct str rest = input_text(data, size);
	struct tls_anchors anchors;
	struct error err;
	if (!arena)
		arena = arena_new();
	if (!trust)
		trust = tls_trust_new(arena, FUZZ_FOLDER "/trust.pem");
	require(trust && tls_trust_get(trust, &anchors, &err));
	unsigned choice = input_byte(&rest);
	size_t piece = 1 + input_byte(&rest) * 4;
	check_chain(trust, rest, choice, piece);
	struct tls_certificate certificates[CHAIN_MAX];
	size_t count = 0;
	for (int i = 0; i < CHAIN_MAX && rest.len; i++) {
		struct str certificate = take_certificate(&rest);
		check_elements(certificate, 0);
		engine_check_decoders(certificate, piece);
		count += read_certificate(certificate, &certificates[count]);
	}
	check_constraints(certificates, count);
	check_signatures(certificates, count);
	return 0;
}
