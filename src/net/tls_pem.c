/*
 * CA files are edited by hand, concatenated and carried between systems, so one bad certificate or
 * line end must not make the whole file useless: unusable certificates are left out and reported.
 *
 * Limits that an anchor states for itself are obeyed, although it is in the file: its owner set
 * them. Conditions that depend on the chain or the date are checked with each chain.
 */
#include "net/tls_pem.h"

#include "base/base64.h"
#include "base/buf.h"
#include "net/tls_der.h"
#include "net/tls_extensions.h"

struct pem_reading {
	struct arena *arena;
	struct buf armor;   /* base64 of the current object, without white space */
	struct buf der;     /* the current object */
	struct buf anchors; /* an array of struct tls_certificate */
	struct buf refused; /* an array of struct tls_refused */
	size_t number;      /* of the current certificate, from 1 */
	bool wanted;        /* inside a certificate */
	bool trusted;       /* it has OpenSSL's TRUSTED form, with settings after the certificate */
	bool failed;        /* out of memory */
};

static void reading_finish(struct pem_reading *reading)
{
	buf_finish(&reading->armor);
	buf_finish(&reading->der);
	buf_finish(&reading->anchors);
	buf_finish(&reading->refused);
}

/*
 * Checks the settings made by "openssl x509 -addtrust" and "-addreject". As in OpenSSL, a rejected
 * purpose is refused, and a list of trusted purposes excludes all others.
 */
static enum tls_fault check_settings(struct str settings)
{
	struct str fields, trusted, rejected;
	if (!settings.len)
		return TLS_FAULT_NONE;
	if (!tls_der_expect(&settings, TLS_DER_SEQUENCE, &fields) || settings.len)
		return TLS_FAULT_MALFORMED;
	bool limited = tls_der_expect(&fields, TLS_DER_SEQUENCE, &trusted);
	if (tls_der_expect(&fields, TLS_DER_REJECTED, &rejected) &&
	    tls_extensions_list_servers(rejected))
		return TLS_FAULT_DISTRUSTED;
	return limited && !tls_extensions_list_servers(trusted) ? TLS_FAULT_DISTRUSTED
								: TLS_FAULT_NONE;
}

static void refuse(struct pem_reading *reading, enum tls_fault fault,
		   const struct tls_certificate *certificate)
{
	struct tls_refused refused = {.number = reading->number, .fault = fault};
	if (certificate)
		tls_certificate_title(certificate, refused.title);
	buf_add(&reading->refused, &refused, sizeof(refused));
}

static void take_certificate(struct pem_reading *reading, struct str der, struct str settings)
{
	struct tls_certificate certificate;
	der.at = arena_copy(reading->arena, der.at, der.len);
	if (!der.at) {
		reading->failed = true;
		return;
	}
	if (!tls_certificate_read(der, &certificate)) {
		refuse(reading, TLS_FAULT_MALFORMED, NULL);
		return;
	}
	enum tls_fault fault = certificate.fault ? certificate.fault : check_settings(settings);
	if (!fault && !certificate.for_servers)
		fault = TLS_FAULT_PURPOSE;
	if (fault)
		refuse(reading, fault, &certificate);
	else
		buf_add(&reading->anchors, &certificate, sizeof(certificate));
}

static void decode(struct pem_reading *reading)
{
	struct tls_der object;
	buf_reset(&reading->der);
	bool decoded = base64_decode(buf_str(&reading->armor), &reading->der);
	if (!buf_ok(&reading->armor) || !buf_ok(&reading->der)) {
		reading->failed = true;
		return;
	}
	if (!decoded) {
		refuse(reading, TLS_FAULT_MALFORMED, NULL);
		return;
	}
	struct str der = buf_str(&reading->der), settings = {0};
	if (reading->trusted) {
		struct str rest = der;
		if (tls_der_next(&rest, &object)) {
			der = object.whole;
			settings = rest;
		}
	}
	take_certificate(reading, der, settings);
}

static void end_object(struct pem_reading *reading, bool complete)
{
	if (reading->wanted && complete)
		decode(reading);
	else if (reading->wanted)
		refuse(reading, TLS_FAULT_MALFORMED, NULL);
	reading->wanted = false;
}

static void begin_object(struct pem_reading *reading, struct str label)
{
	end_object(reading, false);
	reading->trusted = str_is(label, "TRUSTED CERTIFICATE");
	reading->wanted = reading->trusted || str_is(label, "CERTIFICATE") ||
			  str_is(label, "X509 CERTIFICATE");
	reading->number += reading->wanted;
	buf_reset(&reading->armor);
}

static void take_line(struct pem_reading *reading, struct str line)
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
	scoped(reading_finish) struct pem_reading reading = {.arena = arena};
	if (str_starts(pem, "\xef\xbb\xbf"))
		pem = str_from(pem, 3);
	while (pem.len)
		take_line(&reading, next_line(&pem));
	end_object(&reading, false);

	struct str all = buf_str(&reading.anchors), refused = buf_str(&reading.refused);
	void *anchors = arena_records(arena, all.at, all.len);
	void *list = arena_records(arena, refused.at, refused.len);
	if (reading.failed || !buf_ok(&reading.anchors) || !buf_ok(&reading.refused) || !anchors ||
	    !list)
		return error_memory(err);
	out->at = anchors;
	out->count = all.len / sizeof(*out->at);
	out->refused = list;
	out->refused_count = refused.len / sizeof(*out->refused);
	return true;
}
