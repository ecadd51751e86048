/*
 * BearSSL's engine keeps no certificate: it decides while the bytes come in, and by fewer rules
 * than authorities rely on. Here a certificate is read once, as a whole; its keys and names are
 * slices of its bytes, and other files decide.
 */
#include "net/tls_certificate.h"

#include "net/tls_der.h"
#include "net/tls_extensions.h"
#include "net/tls_key.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Takes a whole element off *in: with its tag and length. */
static bool take_whole(struct str *in, unsigned char tag, struct str *whole)
{
	struct tls_der element;
	struct str rest = *in;
	if (!tls_der_next(&rest, &element) || element.tag != tag)
		return false;
	*in = rest;
	*whole = element.whole;
	return true;
}

/* Takes a Name: sets of attributes, each an identifier and a value. */
static bool take_name(struct str *in, struct str *whole)
{
	struct str name, sets, set, attribute, id;
	struct tls_der value;
	if (!take_whole(in, TLS_DER_SEQUENCE, whole))
		return false;
	name = *whole;
	tls_der_expect(&name, TLS_DER_SEQUENCE, &sets);
	while (sets.len) {
		if (!tls_der_expect(&sets, TLS_DER_SET, &set) || !set.len)
			return false;
		while (set.len)
			if (!tls_der_expect(&set, TLS_DER_SEQUENCE, &attribute) ||
			    !tls_der_expect(&attribute, TLS_DER_OID, &id) ||
			    !tls_der_next(&attribute, &value) || attribute.len)
				return false;
	}
	return true;
}

static bool take_digits(struct str *text, int *out)
{
	int64_t number;
	if (text->len < 2 || !str_to_int64(str_head(*text, 2), &number))
		return false;
	*text = str_from(*text, 2);
	*out = (int)number;
	return true;
}

/*
 * Takes a UTCTime or a GeneralizedTime as RFC 5280 section 4.1.2.5 requires: to the second, in UTC.
 */
static bool take_time(struct str *in, int64_t *out)
{
	struct tls_der time;
	int century = 0, year, month;
	struct tm date = {0};
	if (!tls_der_next(in, &time))
		return false;
	struct str text = time.value;
	if (time.tag == TLS_DER_GENERALIZED_TIME ? !take_digits(&text, &century)
						 : time.tag != TLS_DER_UTC_TIME)
		return false;
	if (!take_digits(&text, &year) || !take_digits(&text, &month) ||
	    !take_digits(&text, &date.tm_mday) || !take_digits(&text, &date.tm_hour) ||
	    !take_digits(&text, &date.tm_min) || !take_digits(&text, &date.tm_sec) ||
	    !str_is(text, "Z"))
		return false;
	if (time.tag == TLS_DER_UTC_TIME)
		century = year < 50 ? 20 : 19;
	date.tm_year = century * 100 + year - 1900;
	date.tm_mon = month - 1;
	const struct tm given = date;
	*out = timegm(&date);
	/* A date that does not exist, such as the 30th of February, comes back as another one. */
	return date.tm_mon == given.tm_mon && date.tm_mday == given.tm_mday &&
	       date.tm_hour == given.tm_hour && date.tm_min == given.tm_min &&
	       date.tm_sec == given.tm_sec;
}

static bool take_version(struct str *fields, int *out)
{
	struct str wrapped, number;
	*out = 1;
	if (!tls_der_expect(fields, TLS_DER_VERSION, &wrapped))
		return true;
	if (!tls_der_expect(&wrapped, TLS_DER_INTEGER, &number) || wrapped.len || number.len != 1 ||
	    (unsigned char)number.at[0] > 2)
		return false;
	*out = number.at[0] + 1;
	return true;
}

/* Reads what may follow the key: unique identifiers, which are ignored, and extensions. */
static bool read_rest(struct str fields, struct tls_certificate *out)
{
	struct str skipped, wrapped, extensions;
	tls_der_expect(&fields, TLS_DER_ISSUER_ID, &skipped);
	tls_der_expect(&fields, TLS_DER_SUBJECT_ID, &skipped);
	if (!fields.len)
		return true;
	if (!tls_der_expect(&fields, TLS_DER_EXTENSIONS, &wrapped) || fields.len ||
	    !tls_der_expect(&wrapped, TLS_DER_SEQUENCE, &extensions) || wrapped.len)
		return false;
	enum tls_fault fault =
		out->version == 3 ? tls_extensions_read(extensions, out) : TLS_FAULT_MALFORMED;
	if (!out->fault)
		out->fault = fault;
	return true;
}

static bool read_fields(struct str fields, struct str algorithm, struct tls_certificate *out)
{
	struct str serial, same, dates, key;
	if (!take_version(&fields, &out->version) ||
	    !tls_der_expect(&fields, TLS_DER_INTEGER, &serial) || !serial.len ||
	    !take_whole(&fields, TLS_DER_SEQUENCE, &same) || !take_name(&fields, &out->issuer) ||
	    !tls_der_expect(&fields, TLS_DER_SEQUENCE, &dates) ||
	    !take_name(&fields, &out->subject) || !take_whole(&fields, TLS_DER_SEQUENCE, &key))
		return false;
	if (!take_time(&dates, &out->not_before) || !take_time(&dates, &out->not_after) ||
	    dates.len)
		return false;
	out->fault =
		str_equal(same, algorithm) ? tls_key_read(key, &out->key) : TLS_FAULT_MALFORMED;
	return read_rest(fields, out);
}

bool tls_certificate_read(struct str der, struct tls_certificate *out)
{
	struct str certificate, rest = der, algorithm, fields, identifier;
	*out = (struct tls_certificate){
		.whole = der,
		.path_length = INT_MAX,
		.may_certify = true,
		.may_sign = true,
		.for_servers = true,
	};
	if (!tls_der_expect(&rest, TLS_DER_SEQUENCE, &certificate) || rest.len ||
	    !take_whole(&certificate, TLS_DER_SEQUENCE, &out->body) ||
	    !take_whole(&certificate, TLS_DER_SEQUENCE, &algorithm) ||
	    !tls_der_bits(&certificate, &out->signature) || certificate.len)
		return false;
	rest = out->body;
	identifier = algorithm;
	return tls_der_expect(&rest, TLS_DER_SEQUENCE, &fields) &&
	       tls_der_expect(&identifier, TLS_DER_SEQUENCE, &out->parameters) &&
	       tls_der_expect(&out->parameters, TLS_DER_OID, &out->algorithm) &&
	       read_fields(fields, algorithm, out);
}

bool tls_certificate_self_issued(const struct tls_certificate *certificate)
{
	return str_equal(certificate->subject, certificate->issuer);
}

enum tls_fault tls_certificate_date(const struct tls_certificate *certificate, int64_t now)
{
	return now < certificate->not_before  ? TLS_FAULT_EARLY
	       : now > certificate->not_after ? TLS_FAULT_EXPIRED
					      : TLS_FAULT_NONE;
}

void tls_certificate_title(const struct tls_certificate *certificate,
			   char title[TLS_CERTIFICATE_TITLE_SIZE])
{
	struct str name = certificate->subject, sets, attributes, attribute, id, text = {0};
	struct tls_der value;
	tls_der_expect(&name, TLS_DER_SEQUENCE, &sets);
	while (tls_der_expect(&sets, TLS_DER_SET, &attributes) &&
	       tls_der_expect(&attributes, TLS_DER_SEQUENCE, &attribute) &&
	       tls_der_expect(&attribute, TLS_DER_OID, &id) && tls_der_next(&attribute, &value)) {
		text = value.value;
		if (str_is(id, "\x55\x04\x03"))
			break;
	}
	if (!text.len)
		text = STR("(no name)");
	snprintf(title, TLS_CERTIFICATE_TITLE_SIZE, "%.*s", STR_ARGS(text));
	for (char *c = title; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = '?';
}
