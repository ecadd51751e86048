/*
 * CA files are edited by hand, concatenated and carried between systems, so one bad certificate or
 * line end must not take all trust away: what cannot be used is skipped and counted.
 *
 * BearSSL's certificate decoder goes on behind the check that failed when it is fed after an error,
 * and writes out of bounds then (build.md section 2). It is fed whole objects here, in one push.
 */
#include "net/tls_pem.h"

#include "base/base64.h"
#include "base/buf.h"
#include "net/tls_der.h"

enum { OBJECT_MAX = 1024 * 1024 };

struct reading {
	struct arena *arena;
	struct buf armor;   /* base64 of the current object, without white space */
	struct buf der;     /* the current object */
	struct buf name;    /* subject of the current object, in DER */
	struct buf anchors; /* array of br_x509_trust_anchor */
	size_t skipped;
	bool wanted;  /* inside a certificate */
	bool trusted; /* of OpenSSL's TRUSTED form: something stands behind the certificate */
	bool failed;  /* out of memory */
};

static void reading_finish(struct reading *reading)
{
	buf_finish(&reading->armor);
	buf_finish(&reading->der);
	buf_finish(&reading->name);
	buf_finish(&reading->anchors);
}

static void append_name(void *ctx, const void *bytes, size_t len)
{
	struct reading *reading = ctx;
	buf_add(&reading->name, bytes, len);
}

static unsigned char *copy_bytes(struct reading *reading, const void *bytes, size_t len)
{
	char *copy = arena_copy(reading->arena, bytes, len);
	if (!copy)
		reading->failed = true;
	return (unsigned char *)copy;
}

static void add_anchor(struct reading *reading, const br_x509_pkey *key, bool authority)
{
	struct str name = buf_str(&reading->name);
	br_x509_trust_anchor anchor = {.flags = authority ? BR_X509_TA_CA : 0, .pkey = *key};
	anchor.dn.data = copy_bytes(reading, name.at, name.len);
	anchor.dn.len = name.len;
	if (key->key_type == BR_KEYTYPE_RSA) {
		const br_rsa_public_key *rsa = &key->key.rsa;
		anchor.pkey.key.rsa.n = copy_bytes(reading, rsa->n, rsa->nlen);
		anchor.pkey.key.rsa.e = copy_bytes(reading, rsa->e, rsa->elen);
	} else {
		anchor.pkey.key.ec.q = copy_bytes(reading, key->key.ec.q, key->key.ec.qlen);
	}
	buf_add(&reading->anchors, &anchor, sizeof(anchor));
}

static bool decode(struct reading *reading)
{
	br_x509_decoder_context decoder;
	buf_reset(&reading->der);
	buf_reset(&reading->name);
	if (!buf_ok(&reading->armor) || !base64_decode(buf_str(&reading->armor), &reading->der))
		return false;
	struct str der = buf_str(&reading->der), rest = der;
	struct tls_der object;
	if (reading->trusted && tls_der_next(&rest, &object))
		der = object.whole;
	br_x509_decoder_init(&decoder, append_name, reading);
	br_x509_decoder_push(&decoder, der.at, der.len);
	if (br_x509_decoder_last_error(&decoder) != 0 || !buf_ok(&reading->name))
		return false;
	add_anchor(reading, br_x509_decoder_get_pkey(&decoder), br_x509_decoder_isCA(&decoder));
	return true;
}

static void end_object(struct reading *reading, bool complete)
{
	if (reading->wanted && !(complete && decode(reading)))
		reading->skipped++;
	reading->wanted = false;
}

static void begin_object(struct reading *reading, struct str label)
{
	end_object(reading, false);
	reading->trusted = str_is(label, "TRUSTED CERTIFICATE");
	reading->wanted = reading->trusted || str_is(label, "CERTIFICATE") ||
			  str_is(label, "X509 CERTIFICATE");
	buf_reset(&reading->armor);
}

static void take_line(struct reading *reading, struct str line)
{
	static const size_t begin = sizeof("-----BEGIN ") - 1, dashes = sizeof("-----") - 1;
	if (str_starts(line, "-----BEGIN ") && str_ends(line, "-----") && line.len > begin + dashes)
		begin_object(reading, (struct str){line.at + begin, line.len - begin - dashes});
	else if (str_starts(line, "-----END "))
		end_object(reading, true);
	else if (reading->wanted)
		buf_add_str(&reading->armor, line);
}

/* Takes the next line off text: up to CR or LF, without blanks around it. */
static struct str next_line(struct str *text)
{
	size_t end = 0;
	while (end < text->len && text->at[end] != '\n' && text->at[end] != '\r')
		end++;
	struct str line = str_trim(str_head(*text, end));
	*text = str_from(*text, end < text->len ? end + 1 : end);
	return line;
}

bool tls_pem_anchors(struct arena *arena, struct str pem, struct tls_anchors *out,
		     struct error *err)
{
	scoped(reading_finish) struct reading reading = {
		.arena = arena,
		.armor = buf_limit(OBJECT_MAX),
		.der = buf_limit(OBJECT_MAX),
		.name = buf_limit(OBJECT_MAX),
	};
	if (str_starts(pem, "\xef\xbb\xbf"))
		pem = str_from(pem, 3);
	while (pem.len)
		take_line(&reading, next_line(&pem));
	end_object(&reading, false);

	struct str all = buf_str(&reading.anchors);
	void *anchors = arena_copy(arena, all.at, all.len);
	if (reading.failed || !buf_ok(&reading.anchors) || !anchors)
		return error_memory(err);
	out->at = anchors;
	out->count = all.len / sizeof(*out->at);
	out->skipped = reading.skipped;
	return true;
}
