/*
 * An extension this program decides by is read whether it is critical or not: an authority that
 * forgot to mark its constraints meant them all the same.
 *
 * Certificate policies matter only where one is required. So their extensions are recognised and
 * ignored, and a certificate with requireExplicitPolicy, which would need them evaluated, has a
 * fault.
 */
#include "net/tls_extensions.h"

#include "base/scoped.h"
#include "net/tls_der.h"
#include "net/tls_names.h"
#include "net/tls_subtree.h"

#include <limits.h>

enum { EXTENSIONS_MAX = 64, CERT_SIGN = 0x04, DIGITAL_SIGNATURE = 0x80 };

static const struct str server_auth = STR("\x2b\x06\x01\x05\x05\x07\x03\x01");
static const struct str any_purpose = STR("\x55\x1d\x25\x00");

/* DER omits a default value, but many certificates contain an explicit FALSE. */
static bool is_boolean(struct str value, bool *out)
{
	*out = str_is(value, "\xff");
	return *out || str_equal(value, STR("\0"));
}

static enum tls_fault read_basic(struct str value, struct tls_certificate *out)
{
	struct str fields, flag, limit;
	if (!tls_der_expect(&value, TLS_DER_SEQUENCE, &fields) || value.len)
		return TLS_FAULT_MALFORMED;
	if (tls_der_expect(&fields, TLS_DER_BOOLEAN, &flag) && !is_boolean(flag, &out->authority))
		return TLS_FAULT_MALFORMED;
	if (tls_der_expect(&fields, TLS_DER_INTEGER, &limit)) {
		bool padded = limit.len > 1 && !limit.at[0] && !(limit.at[1] & 0x80);
		if (!limit.len || (limit.at[0] & 0x80) || padded)
			return TLS_FAULT_MALFORMED;
		/* A value of two bytes is longer than any chain. */
		out->path_length = limit.len == 1 ? limit.at[0] : INT_MAX;
	}
	return fields.len ? TLS_FAULT_MALFORMED : TLS_FAULT_NONE;
}

static enum tls_fault read_key_usage(struct str value, struct tls_certificate *out)
{
	struct str bits;
	if (!tls_der_expect(&value, TLS_DER_BITS, &bits) || value.len || bits.len < 2)
		return TLS_FAULT_MALFORMED;
	unsigned unused = (unsigned char)bits.at[0];
	if (unused > 7 || ((unsigned char)bits.at[bits.len - 1] & ((1u << unused) - 1)))
		return TLS_FAULT_MALFORMED;
	out->may_certify = bits.at[1] & CERT_SIGN;
	out->may_sign = bits.at[1] & DIGITAL_SIGNATURE;
	return TLS_FAULT_NONE;
}

bool tls_extensions_list_servers(struct str purposes)
{
	struct str purpose;
	while (tls_der_expect(&purposes, TLS_DER_OID, &purpose))
		if (str_equal(purpose, server_auth) || str_equal(purpose, any_purpose))
			return true;
	return false;
}

static enum tls_fault read_purposes(struct str value, struct tls_certificate *out)
{
	struct str purposes, purpose;
	if (!tls_der_expect(&value, TLS_DER_SEQUENCE, &purposes) || value.len || !purposes.len)
		return TLS_FAULT_MALFORMED;
	out->for_servers = tls_extensions_list_servers(purposes);
	while (purposes.len)
		if (!tls_der_expect(&purposes, TLS_DER_OID, &purpose))
			return TLS_FAULT_MALFORMED;
	return TLS_FAULT_NONE;
}

static enum tls_fault read_names(struct str value, struct tls_certificate *out)
{
	if (!tls_der_expect(&value, TLS_DER_SEQUENCE, &out->names) || value.len)
		return TLS_FAULT_MALFORMED;
	struct tls_der name;
	for (struct str rest = out->names; rest.len;)
		if (!tls_der_next(&rest, &name) || !tls_subtree_is_name(name.tag))
			return TLS_FAULT_MALFORMED;
	return TLS_FAULT_NONE;
}

static enum tls_fault read_constraints(struct str value, struct tls_certificate *out)
{
	struct str fields;
	if (!tls_der_expect(&value, TLS_DER_SEQUENCE, &fields) || value.len)
		return TLS_FAULT_MALFORMED;
	tls_der_expect(&fields, TLS_DER_PERMITTED, &out->allowed);
	tls_der_expect(&fields, TLS_DER_EXCLUDED, &out->denied);
	bool good = !fields.len && (out->allowed.at || out->denied.at) &&
		    (!out->allowed.at || tls_names_are_subtrees(out->allowed)) &&
		    (!out->denied.at || tls_names_are_subtrees(out->denied));
	return good ? TLS_FAULT_NONE : TLS_FAULT_MALFORMED;
}

static enum tls_fault read_policy_constraints(struct str value, struct tls_certificate *out)
{
	struct str fields, number;
	(void)out;
	if (!tls_der_expect(&value, TLS_DER_SEQUENCE, &fields) || value.len)
		return TLS_FAULT_MALFORMED;
	bool demanded = tls_der_expect(&fields, TLS_DER_EXPLICIT_POLICY, &number);
	tls_der_expect(&fields, TLS_DER_POLICY_MAPPING, &number);
	return fields.len ? TLS_FAULT_MALFORMED : demanded ? TLS_FAULT_POLICY : TLS_FAULT_NONE;
}

/* Extensions that may be critical. Those without a reader are ignored. */
static const struct {
	struct str id;
	enum tls_fault (*read)(struct str value, struct tls_certificate *out);
} known[] = {
	{STR("\x55\x1d\x13"), read_basic},
	{STR("\x55\x1d\x0f"), read_key_usage},
	{STR("\x55\x1d\x25"), read_purposes},
	{STR("\x55\x1d\x11"), read_names},
	{STR("\x55\x1d\x1e"), read_constraints},
	{STR("\x55\x1d\x24"), read_policy_constraints},
	{STR("\x55\x1d\x20"), NULL}, /* certificatePolicies */
	{STR("\x55\x1d\x21"), NULL}, /* policyMappings */
	{STR("\x55\x1d\x36"), NULL}, /* inhibitAnyPolicy */
	{STR("\x55\x1d\x1f"), NULL}, /* cRLDistributionPoints */
};

struct extension {
	struct str id;
	bool critical;
	struct str value; /* the content of its octet string */
};

/* True when each number of the identifier is complete and in its shortest form. */
static bool is_identifier(struct str id)
{
	bool first = true;
	for (size_t i = 0; i < id.len; i++) {
		unsigned char byte = (unsigned char)id.at[i];
		if (first && byte == 0x80)
			return false;
		first = byte < 0x80;
	}
	return id.len && first;
}

static bool take_extension(struct str *list, struct extension *out)
{
	struct str fields, flag;
	out->critical = false;
	if (!tls_der_expect(list, TLS_DER_SEQUENCE, &fields) ||
	    !tls_der_expect(&fields, TLS_DER_OID, &out->id) || !is_identifier(out->id))
		return false;
	if (tls_der_expect(&fields, TLS_DER_BOOLEAN, &flag) && !is_boolean(flag, &out->critical))
		return false;
	return tls_der_expect(&fields, TLS_DER_OCTETS, &out->value) && !fields.len;
}

static enum tls_fault read_extension(const struct extension *extension, struct tls_certificate *out)
{
	for (size_t i = 0; i < array_count(known); i++)
		if (str_equal(known[i].id, extension->id))
			return known[i].read ? known[i].read(extension->value, out)
					     : TLS_FAULT_NONE;
	return extension->critical ? TLS_FAULT_CRITICAL : TLS_FAULT_NONE;
}

enum tls_fault tls_extensions_read(struct str list, struct tls_certificate *out)
{
	struct extension extensions[EXTENSIONS_MAX];
	enum tls_fault first = TLS_FAULT_NONE;
	for (size_t count = 0; list.len; count++) {
		struct extension *extension = &extensions[count];
		if (count == EXTENSIONS_MAX || !take_extension(&list, extension))
			return TLS_FAULT_MALFORMED;
		for (size_t i = 0; i < count; i++)
			if (str_equal(extensions[i].id, extension->id))
				return TLS_FAULT_MALFORMED;
		enum tls_fault fault = read_extension(extension, out);
		first = first ? first : fault;
	}
	return first;
}
