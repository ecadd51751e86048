/*
 * Certificates made to order, also such as no program would issue: DER by hand, signed by BearSSL.
 *
 * What is wanted is a text of words, "n=leaf dns=reg.test ku!=S to=-1". A word is a name, "!" for a
 * critical extension, and a value:
 *
 *	n, o, e	common name (in UTF-8), organisation (printable), mail address of the subject
 *	v	version, 1 to 3
 *	k	name of the key, see maker_open()
 *	from, to	days from now; -1 and 1
 *	h	hash of the signature: sha1 to sha512
 *	sig	bad: a bit of the signature is wrong; inner: the signed algorithm is another one
 *	pss	MASK/SALT: RSA-PSS with this hash in the mask and so many bytes of salt
 *	flaw	of that, see test_tls_pss.h
 *	params	HEX, says something else about it than is true; none: nothing
 *	bc	ca, ca/N, no
 *	ku	letters: S digitalSignature, E keyEncipherment, C keyCertSign
 *	eku	server, client, mail, any, joined by "+"
 *	dns, ip, mail, uri, dir	a name in subjectAltName; san! makes that critical
 *	permit-, deny-	in front of one of these: a subtree; an address has a mask,
 *		10.0.0.0/255.0.0.0; nc! makes nameConstraints critical, nc=distance gives each
 *		subtree a minimum
 *	raw	OID:HEX, any extension
 */
#pragma once

#include "test_tls_signer.h"

#include <arpa/inet.h>
#include <time.h>

static inline void maker_put_attribute(struct buf *name, const char *oid, unsigned char tag,
				       struct str value)
{
	struct buf set = {0};
	maker_put_oid(&set, str_of(oid));
	maker_put(&set, tag, value);
	maker_wrap(&set, 0x30);
	maker_move(name, 0x31, &set);
}

static inline void maker_put_name(struct buf *out, const char *words)
{
	struct buf name = {0};
	struct str organisation = maker_word(words, "o", ""), mail = maker_word(words, "e", "");
	if (organisation.len)
		maker_put_attribute(&name, "2.5.4.10", 0x13, organisation);
	maker_put_attribute(&name, "2.5.4.3", 0x0c, maker_word(words, "n", "leaf"));
	if (mail.len)
		maker_put_attribute(&name, "1.2.840.113549.1.9.1", 0x16, mail);
	maker_move(out, 0x30, &name);
}

static inline void maker_put_time(struct buf *out, struct str days)
{
	char text[32];
	time_t moment = time(NULL) + 86400 * strtol(days.at, NULL, 10);
	struct tm date;
	gmtime_r(&moment, &date);
	bool late = date.tm_year >= 150;
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &date);
	maker_put(out, late ? 0x18 : 0x17, str_of(late ? text : text + 2));
}

static inline void maker_put_address(struct buf *out, struct str text)
{
	struct str part;
	while (str_cut(&text, '/', &part)) {
		char copy[64];
		unsigned char bytes[16];
		snprintf(copy, sizeof(copy), "%.*s", STR_ARGS(part));
		bool six = strchr(copy, ':') != NULL;
		assert_int_equal(1, inet_pton(six ? AF_INET6 : AF_INET, copy, bytes));
		buf_add(out, bytes, six ? 16 : 4);
	}
}

/* A GeneralName; false when kind is none of those known. */
static inline bool maker_put_general(struct buf *out, struct str kind, struct str value)
{
	struct buf inner = {0};
	if (str_is(kind, "dns"))
		maker_put(out, 0x82, value);
	else if (str_is(kind, "mail"))
		maker_put(out, 0x81, value);
	else if (str_is(kind, "uri"))
		maker_put(out, 0x86, value);
	else if (str_is(kind, "ip"))
		maker_put_address(&inner, value), maker_move(out, 0x87, &inner);
	else if (str_is(kind, "dir"))
		maker_put_attribute(&inner, "2.5.4.10", 0x0c, value), maker_wrap(&inner, 0x30),
			maker_move(out, 0xa4, &inner);
	else
		return false;
	return true;
}

static inline void maker_put_subtree(struct buf *out, struct str kind, struct str value,
				     bool distance)
{
	struct buf subtree = {0};
	assert_true(maker_put_general(&subtree, kind, value));
	if (distance)
		maker_put(&subtree, 0x80, STR("\x01"));
	maker_move(out, 0x30, &subtree);
}

/* Appends an extension; value is emptied. */
static inline void maker_put_extension(struct buf *out, struct str oid, bool critical,
				       struct buf *value)
{
	struct buf extension = {0};
	maker_put_oid(&extension, oid);
	if (critical)
		maker_put(&extension, 0x01, STR("\xff"));
	maker_move(&extension, 0x04, value);
	maker_move(out, 0x30, &extension);
}

static inline void maker_put_basic(struct buf *out, bool critical, struct str value)
{
	struct buf fields = {0};
	char limit = 0;
	if (str_starts(value, "ca"))
		maker_put(&fields, 0x01, STR("\xff"));
	if (str_starts(value, "ca/")) {
		limit = (char)strtol(value.at + 3, NULL, 10);
		maker_put(&fields, 0x02, (struct str){&limit, 1});
	}
	maker_wrap(&fields, 0x30);
	maker_put_extension(out, STR("2.5.29.19"), critical, &fields);
}

static inline void maker_put_usage(struct buf *out, bool critical, struct str letters)
{
	struct buf bits = {0};
	char value[2] = {0};
	for (size_t i = 0; i < letters.len; i++)
		value[1] |= (char)(letters.at[i] == 'S'   ? 0x80
				   : letters.at[i] == 'E' ? 0x20
							  : 0x04);
	while (!(value[1] >> value[0] & 1))
		value[0]++;
	maker_put(&bits, 0x03, (struct str){value, 2});
	maker_put_extension(out, STR("2.5.29.15"), critical, &bits);
}

static inline void maker_put_purposes(struct buf *out, bool critical, struct str names)
{
	static const char *const purposes[][2] = {
		{"server", "1.3.6.1.5.5.7.3.1"},
		{"client", "1.3.6.1.5.5.7.3.2"},
		{"mail", "1.3.6.1.5.5.7.3.4"},
		{"any", "2.5.29.37.0"},
	};
	struct buf list = {0};
	struct str name;
	while (str_cut(&names, '+', &name))
		for (size_t i = 0; i < array_count(purposes); i++)
			if (str_is(name, purposes[i][0]))
				maker_put_oid(&list, str_of(purposes[i][1]));
	maker_wrap(&list, 0x30);
	maker_put_extension(out, STR("2.5.29.37"), critical, &list);
}

static inline void maker_put_raw(struct buf *out, bool critical, struct str value)
{
	struct buf bytes = {0};
	struct str oid;
	str_cut(&value, ':', &oid);
	maker_put_hex(&bytes, value);
	maker_put_extension(out, oid, critical, &bytes);
}

struct maker_lists {
	struct buf names, permitted, excluded;
};

static inline void maker_take_word(struct buf *out, struct maker_lists *lists, struct str word,
				   bool distance)
{
	struct str name;
	if (!str_cut(&word, '=', &name) || !word.at)
		return;
	bool critical = str_ends(name, "!");
	name.len -= critical;
	if (str_is(name, "bc"))
		maker_put_basic(out, critical, word);
	else if (str_is(name, "ku"))
		maker_put_usage(out, critical, word);
	else if (str_is(name, "eku"))
		maker_put_purposes(out, critical, word);
	else if (str_is(name, "raw"))
		maker_put_raw(out, critical, word);
	else if (str_starts(name, "permit-"))
		maker_put_subtree(&lists->permitted, str_from(name, 7), word, distance);
	else if (str_starts(name, "deny-"))
		maker_put_subtree(&lists->excluded, str_from(name, 5), word, distance);
	else
		maker_put_general(&lists->names, name, word);
}

static inline void maker_put_extensions(struct buf *out, const char *words)
{
	struct buf all = {0}, fields = {0};
	struct maker_lists lists = {0};
	struct str rest = str_of(words), word;
	while (str_cut(&rest, ' ', &word))
		maker_take_word(&all, &lists, word, maker_has(words, "nc=distance"));
	if (lists.names.len) {
		maker_wrap(&lists.names, 0x30);
		maker_put_extension(&all, STR("2.5.29.17"), maker_has(words, "san!"), &lists.names);
	}
	if (lists.permitted.len)
		maker_move(&fields, 0xa0, &lists.permitted);
	if (lists.excluded.len)
		maker_move(&fields, 0xa1, &lists.excluded);
	if (fields.len) {
		maker_wrap(&fields, 0x30);
		maker_put_extension(&all, STR("2.5.29.30"), maker_has(words, "nc!"), &fields);
	}
	if (!all.len)
		return;
	maker_wrap(&all, 0x30);
	maker_move(out, 0xa3, &all);
}

/* The certificate that words describes, in DER, signed as issuer (its words) would. */
static inline struct buf maker_certificate(const char *words, const char *issuer)
{
	struct buf body = {0}, dates = {0}, all = {0};
	const struct maker_key *signer = maker_key(maker_word(issuer, "k", "leaf"));
	const struct maker_hash *hash = maker_hash(maker_word(words, "h", "sha256"));
	bool rsa = br_skey_decoder_key_type(&signer->secret) == BR_KEYTYPE_RSA;
	char version = (char)(maker_word(words, "v", "3").at[0] - '1');
	static unsigned char serial;
	if (version) {
		maker_put(&body, 0x02, (struct str){&version, 1});
		maker_wrap(&body, 0xa0);
	}
	serial = (unsigned char)(serial % 100 + 1);
	maker_put(&body, 0x02, (struct str){(const char *)&serial, 1});
	maker_put_algorithm(&body, words,
			    maker_has(words, "sig=inner") ? maker_hash(STR("sha384")) : hash, rsa);
	maker_put_name(&body, issuer);
	maker_put_time(&dates, maker_word(words, "from", "-1"));
	maker_put_time(&dates, maker_word(words, "to", "1"));
	maker_move(&body, 0x30, &dates);
	maker_put_name(&body, words);
	buf_add_str(&body, buf_str(&maker_key(maker_word(words, "k", "leaf"))->info));
	maker_put_extensions(&body, words);
	maker_wrap(&body, 0x30);
	buf_add_str(&all, buf_str(&body));
	maker_put_algorithm(&all, words, hash, rsa);
	maker_put_signature(&all, words, buf_str(&body), signer, hash);
	maker_wrap(&all, 0x30);
	buf_finish(&body);
	return all;
}
