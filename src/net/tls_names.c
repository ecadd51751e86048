/*
 * A name constraint holds for every name of its form in the certificates below: those of
 * subjectAltName, the subject itself, and the mail addresses in it. The common name does not count:
 * no server is recognised by it.
 */
#include "net/tls_names.h"

#include "net/tls_der.h"
#include "net/tls_subtree.h"

static const struct str email_address = STR("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01");

/* A wildcard stands for exactly one label, the first. */
static bool is_host(struct str name, struct str host)
{
	if (str_equal_nocase(name, host))
		return true;
	size_t label = str_find(host, '.');
	return str_starts(name, "*.") && label > 0 && label < host.len &&
	       str_equal_nocase(str_from(name, 1), str_from(host, label));
}

bool tls_names_match(const struct tls_certificate *certificate, struct str host, struct str address)
{
	struct tls_der name;
	struct str rest = certificate->names;
	while (tls_der_next(&rest, &name)) {
		if (address.len ? name.tag == TLS_DER_IP_ADDRESS && str_equal(name.value, address)
				: name.tag == TLS_DER_DNS_NAME && is_host(name.value, host))
			return true;
	}
	return false;
}

/* Takes the base of the next GeneralSubtree; its distances may not be given. */
static bool take_subtree(struct str *list, struct tls_der *base)
{
	struct str subtree;
	return tls_der_expect(list, TLS_DER_SEQUENCE, &subtree) && tls_der_next(&subtree, base) &&
	       !subtree.len;
}

bool tls_names_are_subtrees(struct str list)
{
	struct tls_der base;
	if (!list.len)
		return false;
	while (list.len)
		if (!take_subtree(&list, &base) || !tls_subtree_valid(&base))
			return false;
	return true;
}

struct name_check {
	const struct tls_certificate *authority;
	unsigned *effort;
	bool allowed; /* the result so far */
};

static bool within(struct name_check *check, struct str list, const struct tls_der *name,
		   bool doubt)
{
	struct tls_der base;
	bool found = false, concerned = false;
	while (!found && take_subtree(&list, &base)) {
		if (!*check->effort) {
			check->allowed = false;
			return doubt;
		}
		--*check->effort;
		if (base.tag != name->tag)
			continue;
		concerned = true;
		found = tls_subtree_holds(&base, name, doubt);
	}
	return found || (!doubt && !concerned);
}

static void check_name(struct name_check *check, const struct tls_der *name)
{
	if (!within(check, check->authority->allowed, name, false) ||
	    within(check, check->authority->denied, name, true))
		check->allowed = false;
}

/* A mail address in a subject must be an IA5String (RFC 5280 section 4.1.2.6). */
static bool check_attribute(struct name_check *check, struct str attribute)
{
	struct str id;
	struct tls_der value;
	if (!tls_der_expect(&attribute, TLS_DER_OID, &id) || !tls_der_next(&attribute, &value))
		return false;
	if (!str_equal(id, email_address))
		return true;
	if (value.tag != TLS_DER_IA5_STRING)
		return false;
	value.tag = TLS_DER_EMAIL;
	check_name(check, &value);
	return check->allowed;
}

static bool check_addresses(struct name_check *check, struct str sets)
{
	struct str attributes, attribute;
	while (sets.len) {
		if (!tls_der_expect(&sets, TLS_DER_SET, &attributes))
			return false;
		while (attributes.len)
			if (!tls_der_expect(&attributes, TLS_DER_SEQUENCE, &attribute) ||
			    !check_attribute(check, attribute))
				return false;
	}
	return true;
}

bool tls_names_allowed(const struct tls_certificate *authority,
		       const struct tls_certificate *certificate, unsigned *effort)
{
	struct name_check check = {.authority = authority, .effort = effort, .allowed = true};
	struct str rest = certificate->subject, sets;
	struct tls_der name = {.tag = TLS_DER_DIRECTORY_NAME, .value = certificate->subject};
	if (!authority->allowed.at && !authority->denied.at)
		return true;
	if (tls_der_expect(&rest, TLS_DER_SEQUENCE, &sets) && sets.len) {
		check_name(&check, &name);
		if (!check_addresses(&check, sets))
			return false;
	}
	rest = certificate->names;
	while (check.allowed && tls_der_next(&rest, &name))
		check_name(&check, &name);
	return check.allowed;
}
