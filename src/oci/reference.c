/*
 * The text is cut from the right, digest, then tag, then host, and each part is checked by its own
 * function, because the message has to name the part that is wrong; one regular expression could
 * only say "no". A text that Docker takes for a Hub image but that is hardly meant as one
 * (`reg.io`, `reg.io:5000`) is refused.
 */
#include "oci/reference.h"

#include "oci/digest.h"
#include "oci/layout_name.h"
#include "oci/transport.h"

#include <string.h>

/* The longest part of the user's text that an error quotes. */
enum { QUOTE_MAX = 300, HEX_ID_LEN = 64 };

static bool lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool any_upper(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (upper(text.at[i]))
			return true;
	return false;
}

static char *lower_copy(struct arena *arena, struct str text)
{
	char *copy = arena_copy(arena, text.at, text.len);
	for (size_t i = 0; copy && i < text.len; i++)
		if (upper(copy[i]))
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return copy;
}

bool reference_tag_valid(struct str tag)
{
	if (tag.len == 0 || tag.len > REFERENCE_TAG_MAX || tag.at[0] == '.' || tag.at[0] == '-')
		return false;
	for (size_t i = 0; i < tag.len; i++) {
		char c = tag.at[i];
		if (!lower_or_digit(c) && !upper(c) && c != '_' && c != '.' && c != '-')
			return false;
	}
	return true;
}

bool reference_check_tag(struct str tag, struct error *err)
{
	if (reference_tag_valid(tag))
		return true;
	if (tag.len == 0)
		return error_set(err, ERROR_CONFIG,
				 "empty tag: remove the ':' or name a tag after it");
	if (tag.len > REFERENCE_TAG_MAX)
		return error_set(err, ERROR_CONFIG, "tag of %zu characters: at most %d are allowed",
				 tag.len, REFERENCE_TAG_MAX);
	if (tag.at[0] == '.' || tag.at[0] == '-')
		return error_set(err, ERROR_CONFIG,
				 "tag starts with '%c': it must start with a letter, "
				 "a digit or '_'",
				 tag.at[0]);
	return error_set(err, ERROR_CONFIG,
			 "invalid tag: only letters, digits, '_', '.' and '-' are allowed in it");
}

bool reference_check_digest(struct str digest, struct error *err)
{
	struct str rest = digest;
	struct str algorithm;
	if (digest_valid(digest))
		return true;
	if (str_find(digest, '/') < digest.len)
		return error_set(
			err, ERROR_CONFIG,
			"no '@' allowed before a '/': leave out user and password, which are "
			"fields of the registry's entry in --auth");
	if (!str_cut(&rest, ':', &algorithm) || !rest.len || !algorithm.len)
		return error_set(
			err, ERROR_CONFIG,
			"invalid digest after '@': write sha256: and 64 hexadecimal digits");
	if (!str_is(algorithm, "sha256") && !str_is(algorithm, "sha512"))
		return error_set(err, ERROR_CONFIG,
				 "unsupported digest algorithm \"%.*s\": use sha256 or sha512",
				 STR_ARGS(str_head(algorithm, 32)));
	if (any_upper(rest))
		return error_set(err, ERROR_CONFIG,
				 "invalid digest: its hexadecimal digits must be "
				 "lowercase");
	return error_set(
		err, ERROR_CONFIG,
		"invalid digest: %.*s takes exactly %d lowercase hexadecimal digits, not %zu "
		"characters",
		STR_ARGS(algorithm), str_is(algorithm, "sha256") ? 64 : 128, rest.len);
}

/* [a-z0-9]+ joined by one '.', one or two '_', or any number of '-'. */
static bool component_valid(struct str text)
{
	size_t i = 0;
	for (;;) {
		size_t start = i;
		while (i < text.len && lower_or_digit(text.at[i]))
			i++;
		if (i == start)
			return false;
		if (i == text.len)
			return true;
		char c = text.at[i];
		size_t most = c == '.' ? 1 : c == '_' ? 2 : c == '-' ? text.len : 0;
		size_t run = 0;
		while (i < text.len && text.at[i] == c && run < most) {
			i++;
			run++;
		}
	}
}

static bool check_repository(struct str repository, struct error *err)
{
	struct str rest = repository;
	struct str component;
	if (any_upper(repository))
		return error_set(err, ERROR_CONFIG, "repository name must be lowercase");
	while (str_cut(&rest, '/', &component)) {
		if (!component.len)
			return error_set(err, ERROR_CONFIG,
					 "empty component in the repository name: "
					 "remove the extra '/'");
		if (!component_valid(component))
			return error_set(
				err, ERROR_CONFIG,
				"invalid repository name component \"%.*s\": "
				"only a-z and 0-9 are allowed, joined by '.', '_', '__' or '-'",
				STR_ARGS(str_head(component, QUOTE_MAX)));
	}
	return true;
}

/* Checks the length of the name as the registry gets it, "library/" included. */
static bool check_length(const char *repository, struct error *err)
{
	size_t len = strlen(repository);
	return len <= REFERENCE_PATH_MAX ||
	       error_set(err, ERROR_CONFIG,
			 "repository name must not be more than %d characters, this one has %zu",
			 REFERENCE_PATH_MAX, len);
}

static bool port_valid(struct str port)
{
	int64_t number;
	return str_to_int64(port, &number) && number >= 1 && number <= 65535;
}

/* Letters, digits and inner '-' joined by single '.'. */
static bool host_name_valid(struct str name)
{
	struct str label;
	if (!name.len)
		return false;
	while (str_cut(&name, '.', &label)) {
		if (!label.len || label.at[0] == '-' || label.at[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!lower_or_digit(label.at[i]) && !upper(label.at[i]) &&
			    label.at[i] != '-')
				return false;
	}
	return true;
}

/* "[" hexadecimal digits, ':' and, for embedded IPv4, '.' "]". */
static bool host_address_valid(struct str name)
{
	size_t colons = 0;
	for (size_t i = 1; i + 1 < name.len; i++) {
		char c = name.at[i];
		bool hex = digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		colons += c == ':';
		if (!hex && c != ':' && c != '.')
			return false;
	}
	return colons >= 2 && str_ends(name, "]");
}

static bool check_host(struct str host, struct error *err)
{
	bool address = str_starts(host, "[");
	size_t end = address ? str_find(host, ']') + 1 : str_find(host, ':');
	struct str name = str_head(host, end);
	struct str behind = str_from(host, end);
	if (behind.len && (behind.at[0] != ':' || !port_valid(str_from(behind, 1))))
		return error_set(err, ERROR_CONFIG,
				 "invalid port in registry \"%.*s\": write host:port "
				 "with a number from 1 to 65535",
				 STR_ARGS(str_head(host, QUOTE_MAX)));
	if (address ? host_address_valid(name) : host_name_valid(name))
		return true;
	return error_set(err, ERROR_CONFIG,
			 "invalid registry name \"%.*s\": only letters, digits, '-' "
			 "and '.' are allowed",
			 STR_ARGS(str_head(host, QUOTE_MAX)));
}

/*
 * Refuses the web site of Docker Hub, which is not a registry; the message names the image of the
 * page.
 */
static bool refuse_web_page(struct str path, struct error *err)
{
	const char *home = "docker.io/";
	if (str_starts(path, "_/")) {
		home = "docker.io/library/";
		path = str_from(path, 2);
	} else if (str_starts(path, "r/")) {
		path = str_from(path, 2);
	}
	return error_set(err, ERROR_CONFIG,
			 "hub.docker.com is the web site of Docker Hub, not a "
			 "registry: write %s%.*s",
			 home, STR_ARGS(str_head(path, QUOTE_MAX)));
}

static bool no_repository(struct str registry, struct error *err)
{
	struct str shown = str_head(registry, QUOTE_MAX);
	return error_set(err, ERROR_CONFIG, "registry without repository: write %.*s/<repository>",
			 STR_ARGS(shown));
}

static bool names_host(struct str component)
{
	return str_find(component, '.') < component.len ||
	       str_find(component, ':') < component.len || str_is(component, "localhost");
}

/* A folder is named like one in a shell; nothing else begins so. */
static bool refuse_folder(struct str name, struct str host, struct error *err)
{
	struct str shown = str_head(name, QUOTE_MAX);
	if (!host.len)
		return error_set(err, ERROR_CONFIG,
				 "starts with '/': remove it, or write oci:%.*s for a folder",
				 STR_ARGS(shown));
	if (str_is(host, "~"))
		return error_set(err, ERROR_CONFIG, "write oci:$HOME%.*s for a folder",
				 STR_ARGS(str_from(shown, 1)));
	return error_set(err, ERROR_CONFIG, "write oci:%.*s for a folder", STR_ARGS(shown));
}

/* Splits name, without tag and digest, into host and repository. */
static bool parse_name(struct arena *arena, struct str name, struct reference *out,
		       struct error *err)
{
	size_t slash = str_find(name, '/');
	struct str host = str_head(name, slash);
	struct str repository = str_from(name, slash + 1);
	if (!name.len)
		return error_set(err, ERROR_CONFIG, "empty repository name");
	if (!host.len || str_is(host, ".") || str_is(host, "..") || str_is(host, "~"))
		return refuse_folder(name, host, err);
	bool has_host = names_host(host);
	if (has_host && !repository.len)
		return no_repository(host, err);
	if (!has_host) {
		host = STR("docker.io");
		repository = name;
	}
	if (str_equal_nocase(host, STR("hub.docker.com")))
		return refuse_web_page(repository, err);
	if (!check_host(host, err) || !check_repository(repository, err))
		return false;
	out->host = lower_copy(arena, host);
	if (out->host && strcmp(out->host, "index.docker.io") == 0)
		out->host = "docker.io";
	bool official = out->host && strcmp(out->host, "docker.io") == 0 &&
			str_find(repository, '/') == repository.len;
	out->repository =
		arena_printf(arena, "%s%.*s", official ? "library/" : "", STR_ARGS(repository));
	if (!out->host || !out->repository)
		return error_memory(err);
	return check_length(out->repository, err);
}

/* Finds mistakes of the whole text, which would give a confusing message about a part. */
static bool check_text(struct str text, struct error *err)
{
	size_t hex = 0;
	if (!text.len)
		return error_set(err, ERROR_CONFIG, "empty image name");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		hex += digit((char)c) || (c >= 'a' && c <= 'f');
		if (c == ' ' || (c >= '\t' && c <= '\r'))
			return error_set(err, ERROR_CONFIG, "must not contain blanks");
		if (c < 0x21 || c > 0x7e)
			return error_set(err, ERROR_CONFIG,
					 "invalid character: only printable ASCII is "
					 "allowed");
		if (c == ':' && str_starts(str_from(text, i), "://"))
			return error_set(err, ERROR_CONFIG, "no scheme allowed: leave out \"%.*s\"",
					 STR_ARGS(str_head(text, i + 3)));
	}
	if (hex == HEX_ID_LEN && text.len == HEX_ID_LEN)
		return error_set(
			err, ERROR_CONFIG,
			"cannot specify 64-byte hexadecimal strings: that is an image ID, write "
			"a repository name");
	return true;
}

/* The offset of the tag's ':', the first after the last '/', or text.len. */
static size_t tag_offset(struct str text)
{
	size_t start = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '/')
			start = i + 1;
	return start + str_find(str_from(text, start), ':');
}

static bool parse(struct arena *arena, struct str text, struct reference *out, struct error *err)
{
	if (!transport_check(text, err))
		return false;
	if (layout_name_scheme(text))
		return layout_name_parse(arena, text, out, err);
	if (!check_text(text, err))
		return false;
	size_t at = str_find(text, '@');
	struct str name = str_head(text, at);
	struct str digest = str_from(text, at + 1);
	if (at < text.len && !reference_check_digest(digest, err))
		return false;
	struct str host = str_head(name, str_find(name, '/'));
	size_t colon = str_starts(host, "[") && host.len == name.len ? name.len : tag_offset(name);
	struct str plain = str_head(name, colon);
	bool only_host =
		host.len == name.len && plain.len && (names_host(plain) || plain.at[0] == '[');
	if (only_host)
		return no_repository(name, err);
	struct str tag = str_from(name, colon + 1);
	if (!parse_name(arena, plain, out, err) ||
	    (colon < name.len && !reference_check_tag(tag, err)))
		return false;
	out->tag = colon < name.len ? arena_copy(arena, tag.at, tag.len) : NULL;
	out->digest = at < text.len ? arena_copy(arena, digest.at, digest.len) : NULL;
	if ((colon < name.len && !out->tag) || (at < text.len && !out->digest))
		return error_memory(err);
	return true;
}

bool reference_parse(struct arena *arena, struct str text, struct reference *out, struct error *err)
{
	*out = (struct reference){0};
	if (parse(arena, text, out, err))
		return true;
	*out = (struct reference){0};
	if (err->kind == ERROR_MEMORY)
		return false;
	return error_wrap(err, "\"%.*s\"", STR_ARGS(str_head(text, QUOTE_MAX)));
}

const char *reference_api_host(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host;
}

const char *reference_common_host(const char *host)
{
	return strcmp(host, "registry-1.docker.io") == 0 ? "docker.io" : host;
}

const char *reference_target(const struct reference *ref)
{
	if (ref->tag)
		return ref->tag;
	return ref->digest ? ref->digest : "latest";
}

void reference_print(const struct reference *ref, struct buf *out)
{
	buf_printf(out, "%s/%s", ref->host, ref->repository);
	if (ref->tag)
		buf_printf(out, ":%s", ref->tag);
	if (ref->digest)
		buf_printf(out, "@%s", ref->digest);
}

char *reference_string(struct arena *arena, const struct reference *ref)
{
	return arena_printf(arena, "%s/%s%s%s%s%s", ref->host, ref->repository, ref->tag ? ":" : "",
			    ref->tag ? ref->tag : "", ref->digest ? "@" : "",
			    ref->digest ? ref->digest : "");
}
