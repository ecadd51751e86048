/*
 * Permitted subtrees are compared with doubt false and excluded ones with doubt true, so any doubt
 * counts against the certificate.
 */
#include "net/tls_subtree.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * True for the characters of host names; the base of a subtree may begin with a dot, or be empty.
 */
static bool is_domain(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = lower(name.at[i]);
		bool label =
			(c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
		bool dot = c == '.' && i + 1 < name.len && name.at[i + 1] != '.';
		if (!label && !dot)
			return false;
	}
	return true;
}

static bool ends_nocase(struct str name, struct str end)
{
	return name.len >= end.len && str_equal_nocase(str_from(name, name.len - end.len), end);
}

/* Holds the name itself and all names below it; with a leading dot only those below it. */
static bool dns_holds(struct str base, struct str name, bool doubt)
{
	if (!base.len)
		return true;
	if (!is_domain(base))
		return doubt;
	if (ends_nocase(name, base) &&
	    (name.len == base.len || base.at[0] == '.' || name.at[name.len - base.len - 1] == '.'))
		return true;
	/* "*.b.c" also stands for "a.b.c". */
	size_t label = str_find(base, '.');
	return doubt && str_starts(name, "*.") && label > 0 &&
	       str_equal_nocase(str_from(name, 1), str_from(base, label));
}

/* Holds one host or, with a leading dot, all hosts below a domain. */
static bool host_holds(struct str base, struct str host, bool doubt)
{
	if (!base.len || !is_domain(base) || !is_domain(host))
		return doubt;
	return base.at[0] == '.' ? host.len > base.len && ends_nocase(host, base)
				 : str_equal_nocase(host, base);
}

/* Holds one mailbox, or the mailboxes of a host or domain. */
static bool email_holds(struct str base, struct str name, bool doubt)
{
	size_t at = str_find(name, '@'), base_at = str_find(base, '@');
	struct str host = str_from(name, at + 1);
	if (!at || !base_at || !host.len)
		return doubt;
	if (base_at == base.len)
		return host_holds(base, host, doubt);
	return str_equal(str_head(base, base_at), str_head(name, at)) &&
	       host_holds(str_from(base, base_at + 1), host, doubt);
}

/* Holds the URIs with this host, or with a host in this domain. */
static bool uri_holds(struct str base, struct str name, bool doubt)
{
	struct str host = str_from(name, str_find(name, ':'));
	if (!str_starts(host, "://"))
		return doubt;
	host = str_from(host, 3);
	host = str_head(host, str_find(host, '/'));
	host = str_head(host, str_find(host, '?'));
	host = str_head(host, str_find(host, '#'));
	host = str_head(host, str_find(host, ':'));
	return host.len ? host_holds(base, host, doubt) : doubt;
}

static bool address_holds(struct str base, struct str name, bool doubt)
{
	if (name.len != 4 && name.len != 16)
		return doubt;
	if (base.len != 2 * name.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((base.at[i] ^ name.at[i]) & base.at[name.len + i])
			return false;
	return true;
}

/* True for an address followed by a mask whose ones come first. */
static bool is_network(struct str base)
{
	bool zero = false;
	if (base.len != 8 && base.len != 32)
		return false;
	for (size_t i = base.len / 2; i < base.len; i++) {
		for (int bit = 7; bit >= 0; bit--) {
			bool one = (unsigned char)base.at[i] >> bit & 1;
			if (one && zero)
				return false;
			zero = !one;
		}
	}
	return true;
}

/* The texts that RFC 5280 section 7.1 compares without regard to case and to runs of blanks. */
static bool is_text(unsigned char tag)
{
	return tag == TLS_DER_UTF8_STRING || tag == TLS_DER_PRINTABLE_STRING ||
	       tag == TLS_DER_IA5_STRING || tag == TLS_DER_VISIBLE_STRING;
}

static struct str skip_blanks(struct str text)
{
	while (text.len && (text.at[0] == ' ' || (text.at[0] >= '\t' && text.at[0] <= '\r')))
		text = str_from(text, 1);
	return text;
}

/* Takes the next character; a run of blanks counts as one, and none at the end. */
static char next_folded(struct str *text)
{
	struct str rest = skip_blanks(*text);
	bool blank = rest.len < text->len;
	char c = !rest.len ? '\0' : blank ? ' ' : lower(rest.at[0]);
	*text = blank ? rest : str_from(rest, 1);
	return c;
}

static bool same_text(struct str a, struct str b)
{
	a = skip_blanks(a);
	b = skip_blanks(b);
	while (a.len || b.len)
		if (next_folded(&a) != next_folded(&b))
			return false;
	return true;
}

static bool same_attribute(struct str a, struct str b, bool doubt)
{
	struct tls_der x, y;
	struct str id_a, id_b;
	if (!tls_der_expect(&a, TLS_DER_OID, &id_a) || !tls_der_expect(&b, TLS_DER_OID, &id_b) ||
	    !tls_der_next(&a, &x) || !tls_der_next(&b, &y))
		return doubt;
	if (!str_equal(id_a, id_b))
		return false;
	if (is_text(x.tag) && is_text(y.tag))
		return same_text(x.value, y.value);
	return str_equal(x.whole, y.whole) || doubt;
}

/* Names of several attributes, which hardly any have, are compared byte by byte. */
static bool same_relative(struct str a, struct str b, bool doubt)
{
	struct str x, y;
	if (str_equal(a, b))
		return true;
	if (!tls_der_expect(&a, TLS_DER_SEQUENCE, &x) || !tls_der_expect(&b, TLS_DER_SEQUENCE, &y))
		return doubt;
	if (a.len || b.len)
		return doubt;
	return same_attribute(x, y, doubt);
}

/* A directory name lies within every name that is a prefix of it. */
static bool directory_holds(struct str base, struct str name, bool doubt)
{
	struct str bases, sets, a, b;
	if (!tls_der_expect(&base, TLS_DER_SEQUENCE, &bases) || base.len ||
	    !tls_der_expect(&name, TLS_DER_SEQUENCE, &sets) || name.len)
		return doubt;
	while (bases.len) {
		if (!tls_der_expect(&bases, TLS_DER_SET, &a))
			return doubt;
		if (!tls_der_expect(&sets, TLS_DER_SET, &b))
			return sets.len ? doubt : false;
		if (!same_relative(a, b, doubt))
			return false;
	}
	return true;
}

bool tls_subtree_is_name(unsigned char tag)
{
	/* otherName, x400Address, directoryName and ediPartyName are constructed. */
	static const unsigned char forms[] = {0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, 0x87, 0x88};
	return memchr(forms, tag, sizeof(forms)) != NULL;
}

bool tls_subtree_valid(const struct tls_der *base)
{
	return tls_subtree_is_name(base->tag) &&
	       (base->tag != TLS_DER_IP_ADDRESS || is_network(base->value));
}

bool tls_subtree_holds(const struct tls_der *base, const struct tls_der *name, bool doubt)
{
	switch (base->tag) {
	case TLS_DER_DNS_NAME:
		return dns_holds(base->value, name->value, doubt);
	case TLS_DER_IP_ADDRESS:
		return address_holds(base->value, name->value, doubt);
	case TLS_DER_DIRECTORY_NAME:
		return directory_holds(base->value, name->value, doubt);
	case TLS_DER_EMAIL:
		return email_holds(base->value, name->value, doubt);
	case TLS_DER_URI:
		return uri_holds(base->value, name->value, doubt);
	default:
		return doubt;
	}
}
