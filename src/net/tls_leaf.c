/*
 * BearSSL's engine ignores extendedKeyUsage, falls back to the common name and knows no addresses.
 * The certificate is read once more here, after the engine has accepted its chain, so these bytes
 * are signed by somebody trusted; the reading is bounded and strict all the same.
 */
#include "net/tls_leaf.h"

#include "base/scoped.h"
#include "net/tls_der.h"

#include <string.h>

static const struct str subject_alt_name = STR("\x55\x1d\x11");
static const struct str extended_key_usage = STR("\x55\x1d\x25");
static const struct str server_auth = STR("\x2b\x06\x01\x05\x05\x07\x03\x01");
static const struct str any_usage = STR("\x55\x1d\x25\x00");

/* The content of the extensions' sequence; empty when the certificate has none. */
static bool find_extensions(struct str der, struct str *extensions)
{
	static const unsigned char before[] = {
		TLS_DER_INTEGER,  /* serial number */
		TLS_DER_SEQUENCE, /* signature algorithm */
		TLS_DER_SEQUENCE, /* issuer */
		TLS_DER_SEQUENCE, /* validity */
		TLS_DER_SEQUENCE, /* subject */
		TLS_DER_SEQUENCE, /* public key */
	};
	struct str certificate, fields, skipped;
	struct tls_der element;
	*extensions = (struct str){0};
	if (!tls_der_expect(&der, TLS_DER_SEQUENCE, &certificate) ||
	    !tls_der_expect(&certificate, TLS_DER_SEQUENCE, &fields))
		return false;
	tls_der_expect(&fields, TLS_DER_VERSION, &skipped);
	for (size_t i = 0; i < array_count(before); i++)
		if (!tls_der_expect(&fields, before[i], &skipped))
			return false;
	while (fields.len) {
		if (!tls_der_next(&fields, &element))
			return false;
		if (element.tag == TLS_DER_EXTENSIONS)
			return tls_der_expect(&element.value, TLS_DER_SEQUENCE, extensions) &&
			       !element.value.len && !fields.len;
	}
	return true;
}

/* Takes one extension off the list: its identifier and the content of its octet string. */
static bool next_extension(struct str *list, struct str *id, struct str *value)
{
	struct str extension, critical;
	if (!tls_der_expect(list, TLS_DER_SEQUENCE, &extension) ||
	    !tls_der_expect(&extension, TLS_DER_OID, id))
		return false;
	tls_der_expect(&extension, TLS_DER_BOOLEAN, &critical);
	return tls_der_expect(&extension, TLS_DER_OCTETS, value) && !extension.len;
}

static enum tls_leaf_verdict check_usage(struct str value)
{
	struct str usages, usage;
	bool found = false;
	if (!tls_der_expect(&value, TLS_DER_SEQUENCE, &usages) || value.len)
		return TLS_LEAF_MALFORMED;
	while (usages.len) {
		if (!tls_der_expect(&usages, TLS_DER_OID, &usage))
			return TLS_LEAF_MALFORMED;
		if (str_equal(usage, server_auth) || str_equal(usage, any_usage))
			found = true;
	}
	return found ? TLS_LEAF_OK : TLS_LEAF_NOT_SERVER;
}

static enum tls_leaf_verdict check_names(struct str value, struct str address)
{
	struct str names;
	struct tls_der name;
	bool found = !address.len;
	if (!tls_der_expect(&value, TLS_DER_SEQUENCE, &names) || value.len)
		return TLS_LEAF_MALFORMED;
	while (names.len) {
		if (!tls_der_next(&names, &name))
			return TLS_LEAF_MALFORMED;
		if (name.tag == TLS_DER_IP_ADDRESS && address.len && str_equal(name.value, address))
			found = true;
	}
	return found ? TLS_LEAF_OK : TLS_LEAF_NOT_ADDRESS;
}

enum tls_leaf_verdict tls_leaf_check(struct str der, struct str address)
{
	struct str list, id, value, usage = {0}, names = {0};
	if (!find_extensions(der, &list))
		return TLS_LEAF_MALFORMED;
	while (list.len) {
		if (!next_extension(&list, &id, &value))
			return TLS_LEAF_MALFORMED;
		struct str *wanted = str_equal(id, subject_alt_name)     ? &names
				     : str_equal(id, extended_key_usage) ? &usage
									 : NULL;
		if (wanted && wanted->at)
			return TLS_LEAF_MALFORMED;
		if (wanted)
			*wanted = value;
	}
	enum tls_leaf_verdict verdict = usage.at ? check_usage(usage) : TLS_LEAF_OK;
	if (verdict != TLS_LEAF_OK)
		return verdict;
	return names.at ? check_names(names, address) : TLS_LEAF_NO_NAMES;
}
