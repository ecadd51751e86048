/*
 * What a vendor can send decides. Harbor sends a text of the user's choice as Authorization; Azure,
 * distribution, GitLab's registry and zot send any header. Quay has no setting for headers, but a
 * login that is written into its URL arrives as Basic. GitHub and Nexus sign the body; Nexus means
 * its JSON without white space between the tokens, which is how it sends it, so the bytes that
 * came are what counts. Docker Hub and Alibaba Cloud prove nothing: there the path is the secret.
 *
 * The form of a header is its sender's own and no secret, so only values are compared with care.
 */
#include "serve/events/proof.h"

#include "base/base64.h"
#include "net/hmac.h"
#include "serve/events/payload.h"
#include "serve/login.h"

#include <string.h>

/* Longer values are not looked at. */
enum { HEADER_MAX = 4096 };

/* What follows the scheme; the empty slice for another scheme. */
static struct str behind_scheme(struct str value, struct str scheme)
{
	struct str head = str_head(value, scheme.len);
	struct str rest = str_from(value, scheme.len);
	bool fits = str_equal_nocase(head, scheme) && rest.len && rest.at[0] == ' ';
	return fits ? str_trim(rest) : (struct str){0};
}

static bool password_equals(struct str encoded, struct str secret)
{
	scoped(buf_wipe) struct buf plain = buf_limit(HEADER_MAX);
	if (!encoded.len || !base64_decode(encoded, &plain) || !buf_ok(&plain))
		return false;
	struct str text = buf_str(&plain);
	size_t colon = str_find(text, ':');
	return colon < text.len && login_equal(str_from(text, colon + 1), secret);
}

bool proof_authorization(const struct event_message *message, struct str secret)
{
	struct str value = payload_header(message, "Authorization");
	if (!secret.len || !value.len || value.len > HEADER_MAX)
		return false;
	bool plain = login_equal(value, secret);
	struct str token = behind_scheme(value, STR("Bearer"));
	bool bearer = token.len && login_equal(token, secret);
	return plain || bearer || password_equals(behind_scheme(value, STR("Basic")), secret);
}

/* Whether given is mac in hexadecimal digits, whose case does not matter. */
static bool hex_equals(struct str given, const char *mac, size_t size)
{
	char wanted[2 * HMAC_SIZE + 1];
	char lower[2 * HMAC_SIZE];
	if (given.len != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++)
		snprintf(wanted + 2 * i, 3, "%02x", (unsigned char)mac[i]);
	for (size_t i = 0; i < given.len; i++) {
		char c = given.at[i];
		lower[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
	}
	return login_equal((struct str){lower, given.len}, (struct str){wanted, 2 * size});
}

bool proof_github(const struct event_message *message, struct str secret)
{
	char mac[HMAC_SIZE];
	struct str value = payload_header(message, "X-Hub-Signature-256");
	if (!secret.len || !str_starts(value, "sha256="))
		return false;
	hmac_sha256(secret, message->body, mac);
	return hex_equals(str_from(value, strlen("sha256=")), mac, sizeof(mac));
}

bool proof_gitlab(const struct event_message *message, struct str secret)
{
	struct str value = payload_header(message, "X-Gitlab-Token");
	if (!secret.len)
		return false;
	if (!value.len)
		return proof_authorization(message, secret);
	return value.len <= HEADER_MAX && login_equal(value, secret);
}

bool proof_nexus(const struct event_message *message, struct str secret)
{
	char mac[HMAC_SHA1_SIZE];
	struct str value = payload_header(message, "X-Nexus-Webhook-Signature");
	if (!secret.len || !value.len)
		return false;
	hmac_sha1(secret, message->body, mac);
	return hex_equals(value, mac, sizeof(mac));
}
