/*
 * A depth-first search from the server's certificate upwards. Anchors are tried before the
 * certificates that were sent, since the shortest path is the intended one: a server may also send
 * a cross-signed root whose other issuer has expired. A fault is reported only when all paths fail.
 * An anchor is judged like any authority, by its dates, its purposes and its constraints. But a
 * certificate that is itself an anchor, byte for byte, needs no authority: a self-signed one can be
 * trusted this way, and vouches for nothing else.
 *
 * Each step costs a signature, so a limit on signatures bounds the cost of a hostile chain.
 */
#include "net/tls_path.h"

#include "net/tls_engine.h"
#include "net/tls_memo.h"
#include "net/tls_names.h"

#include <stdio.h>

enum { SIGNATURES_MAX = 100 };

struct path_search {
	const struct tls_path_query *query;
	const struct tls_certificate *path[TLS_PATH_SENT_MAX];
	size_t length;
	unsigned signatures; /* signatures checked so far */
	unsigned effort;     /* remaining comparisons for name constraints */
	struct tls_path_verdict *verdict;
};

/*
 * The first fault is kept, since the first path is probably the one the server meant. Only a wrong
 * signature gives way to a later fault, since another authority of the same name may be meant.
 */
static bool refuse(struct path_search *search, enum tls_fault fault,
		   const struct tls_certificate *authority)
{
	struct tls_path_verdict *verdict = search->verdict;
	if (verdict->fault != TLS_FAULT_UNTRUSTED && verdict->fault != TLS_FAULT_SIGNATURE)
		return false;
	*verdict = (struct tls_path_verdict){.fault = fault};
	if (authority)
		tls_certificate_title(authority, verdict->authority);
	return false;
}

/*
 * A certificate of version 1 cannot state that it is an authority; as an anchor it may act as one.
 */
static bool is_authority(const struct tls_certificate *certificate, bool anchor)
{
	return certificate->authority ||
	       (anchor && certificate->version == 1 && tls_certificate_self_issued(certificate));
}

/* What forbids authority at the end of the path, apart from signatures. */
static enum tls_fault judge(struct path_search *search, const struct tls_certificate *authority,
			    bool anchor)
{
	enum tls_fault date = tls_certificate_date(authority, search->query->now);
	if (authority->fault)
		return authority->fault;
	if (!is_authority(authority, anchor))
		return TLS_FAULT_NOT_AUTHORITY;
	if (!authority->may_certify)
		return TLS_FAULT_NO_CERT_SIGN;
	if (!authority->for_servers)
		return TLS_FAULT_PURPOSE;
	if (date)
		return date;
	if (search->length - 1 > (size_t)authority->path_length)
		return TLS_FAULT_PATH_LENGTH;
	for (size_t i = 0; i < search->length; i++) {
		const struct tls_certificate *below = search->path[i];
		/* A self-issued certificate, made when an authority changes its key, is exempt. */
		if (i > 0 && tls_certificate_self_issued(below))
			continue;
		if (!tls_names_allowed(authority, below, &search->effort))
			return TLS_FAULT_CONSTRAINED;
	}
	return TLS_FAULT_NONE;
}

/* True when authority signed the last certificate of the path, and was entitled to. */
static bool is_issuer(struct path_search *search, const struct tls_certificate *authority,
		      bool anchor)
{
	const struct tls_certificate *last = search->path[search->length - 1];
	if (!str_equal(last->issuer, authority->subject))
		return false;
	if (search->signatures == SIGNATURES_MAX)
		return refuse(search, TLS_FAULT_TOO_LARGE, NULL);
	search->signatures++;
	enum tls_fault fault = tls_memo_check(search->query->memo, last, &authority->key);
	if (fault && anchor)
		return false; /* another authority of that name */
	if (fault && authority->key.kind)
		return refuse(search, fault, search->length > 1 ? last : NULL);
	fault = judge(search, authority, anchor);
	return !fault || refuse(search, fault, authority);
}

/*
 * True also for another certificate of the same authority, so that two that sign each other make no
 * circle.
 */
static bool is_on_path(const struct path_search *search, const struct tls_certificate *certificate)
{
	for (size_t i = 0; i < search->length; i++)
		if (str_equal(search->path[i]->subject, certificate->subject) &&
		    str_equal(search->path[i]->key.info, certificate->key.info))
			return true;
	return false;
}

/* Looks for the rest of the path. */
static bool extend(struct path_search *search)
{
	const struct tls_path_query *query = search->query;
	const struct tls_certificate *last = search->path[search->length - 1];
	enum tls_fault fault = tls_engine_signature_kind(last);
	if (fault)
		return refuse(search, fault, search->length > 1 ? last : NULL);
	for (size_t i = 0; i < query->anchor_count; i++)
		if (!is_on_path(search, &query->anchors[i]) &&
		    is_issuer(search, &query->anchors[i], true))
			return true;
	for (size_t i = 1; i < query->count; i++) {
		const struct tls_certificate *candidate = &query->sent[i];
		if (is_on_path(search, candidate) || !is_issuer(search, candidate, false))
			continue;
		search->path[search->length++] = candidate;
		if (extend(search))
			return true;
		search->length--;
	}
	return false;
}

static bool is_anchor(const struct tls_path_query *query, const struct tls_certificate *certificate)
{
	for (size_t i = 0; i < query->anchor_count; i++)
		if (str_equal(query->anchors[i].whole, certificate->whole))
			return true;
	return false;
}

static enum tls_fault judge_server(const struct tls_path_query *query)
{
	const struct tls_certificate *server = &query->sent[0];
	if (server->fault)
		return server->fault;
	if (!tls_names_match(server, query->host, query->address))
		return TLS_FAULT_SERVER_NAME;
	if (!server->for_servers)
		return TLS_FAULT_PURPOSE;
	if (!server->may_sign)
		return TLS_FAULT_NO_SIGNATURE;
	return tls_certificate_date(server, query->now);
}

void tls_path_check(const struct tls_path_query *query, struct tls_path_verdict *out)
{
	struct path_search search = {
		.query = query,
		.path = {&query->sent[0]},
		.length = 1,
		.effort = TLS_NAMES_EFFORT,
		.verdict = out,
	};
	*out = (struct tls_path_verdict){.fault = judge_server(query)};
	if (out->fault || is_anchor(query, &query->sent[0]))
		return;
	out->fault = TLS_FAULT_UNTRUSTED;
	if (extend(&search))
		*out = (struct tls_path_verdict){0};
}
