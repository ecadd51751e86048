/*
 * The words of a filter stand for the types that tools write today. A sigstore bundle can hold a
 * signature or an attestation and its type does not say which, so both words include it: a
 * superfluous copy does no harm, a missing signature does.
 */
#include "oci/companion.h"

#include "oci/media.h"

#include <stdio.h>
#include <string.h>

enum { FALLBACK_ENCODED_MAX = 64 };

/* Prefixes of artifact types. */
static const char bundle[] = "application/vnd.dev.sigstore.bundle";
static const char *const signature_types[] = {
	bundle,
	"application/vnd.cncf.notary.signature",
	"application/vnd.dev.cosign.artifact.sig.",
	"application/vnd.dev.cosign.simplesigning.",
};
static const char *const attestation_types[] = {
	bundle,
	"application/vnd.in-toto",
	"application/vnd.dsse.envelope",
	"application/vnd.dev.cosign.artifact.att.",
};
static const char *const sbom_types[] = {
	"application/spdx",
	"text/spdx",
	"application/vnd.cyclonedx",
	"application/vnd.syft",
	"application/vnd.dev.cosign.artifact.sbom.",
};

static const char *const suffixes[COMPANION_SUFFIXES] = {
	[COMPANION_SIG] = ".sig", [COMPANION_ATT] = ".att", [COMPANION_SBOM] = ".sbom"};

static const char *const words[] = {"all", "signatures", "attestations", "sboms"};

/* The member of the filter that the word stands for. */
static bool *member_of(struct companion_filter *filter, size_t word)
{
	bool *const members[] = {&filter->all, &filter->signatures, &filter->attestations,
				 &filter->sboms};
	return members[word];
}

bool companion_filter_add(struct companion_filter *filter, struct str word)
{
	for (size_t i = 0; i < array_count(words); i++)
		if (str_is(word, words[i]))
			return *member_of(filter, i) = true;
	if (!media_valid(word) || filter->type_count == COMPANION_TYPES_MAX)
		return false;
	filter->types[filter->type_count++] = word;
	return true;
}

bool companion_filter_part(const struct companion_filter *filter, size_t number,
			   struct companion_filter *part, struct str *word)
{
	struct companion_filter rest = *filter;
	*part = (struct companion_filter){0};
	for (size_t i = 0; i < array_count(words); i++) {
		if (!*member_of(&rest, i) || number--)
			continue;
		*word = str_of(words[i]);
		return companion_filter_add(part, *word);
	}
	if (number >= filter->type_count)
		return false;
	*word = filter->types[number];
	return companion_filter_add(part, *word);
}

bool companion_filter_join(struct companion_filter *filter, const struct companion_filter *other)
{
	struct companion_filter part;
	struct str word;
	for (size_t i = 0; companion_filter_part(other, i, &part, &word); i++) {
		bool known = false;
		for (size_t at = 0; !known && at < filter->type_count; at++)
			known = str_equal(filter->types[at], word);
		if (!known && !companion_filter_add(filter, word))
			return false;
	}
	return true;
}

bool companion_filter_empty(const struct companion_filter *filter)
{
	return !filter->all && !filter->signatures && !filter->attestations && !filter->sboms &&
	       !filter->type_count;
}

bool companion_filter_equal(const struct companion_filter *a, const struct companion_filter *b)
{
	static const struct companion_filter none;
	a = a ? a : &none;
	b = b ? b : &none;
	bool same = a->all == b->all && a->signatures == b->signatures &&
		    a->attestations == b->attestations && a->sboms == b->sboms &&
		    a->type_count == b->type_count;
	for (size_t i = 0; same && i < a->type_count; i++)
		same = str_equal(a->types[i], b->types[i]);
	return same;
}

static bool starts_with_any(struct str type, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_starts(type, list[i]))
			return true;
	return false;
}

bool companion_wanted(const struct companion_filter *filter, struct str type)
{
	type = media_bare(type);
	if (filter->all)
		return true;
	if (filter->signatures &&
	    starts_with_any(type, signature_types, sizeof(signature_types) / sizeof(char *)))
		return true;
	if (filter->attestations &&
	    starts_with_any(type, attestation_types, sizeof(attestation_types) / sizeof(char *)))
		return true;
	if (filter->sboms && starts_with_any(type, sbom_types, sizeof(sbom_types) / sizeof(char *)))
		return true;
	for (size_t i = 0; i < filter->type_count; i++)
		if (str_equal_nocase(filter->types[i], type))
			return true;
	return false;
}

bool companion_tag_wanted(const struct companion_filter *filter, enum companion_suffix suffix)
{
	return filter->all || (suffix == COMPANION_SIG && filter->signatures) ||
	       (suffix == COMPANION_ATT && filter->attestations) ||
	       (suffix == COMPANION_SBOM && filter->sboms);
}

bool companion_is_bundle(struct str artifact_type)
{
	return str_starts(media_bare(artifact_type), bundle);
}

bool companion_tag(const char *digest, enum companion_suffix suffix, char out[COMPANION_TAG_SIZE])
{
	int len = snprintf(out, COMPANION_TAG_SIZE, "%s%s", digest, suffixes[suffix]);
	char *colon = strchr(out, ':');
	if (len < 0 || len >= COMPANION_TAG_SIZE || !colon)
		return false;
	*colon = '-';
	return true;
}

void companion_fallback_tag(const char *digest, char out[COMPANION_TAG_SIZE])
{
	struct str encoded = str_of(digest), algorithm;
	str_cut(&encoded, ':', &algorithm);
	snprintf(out, COMPANION_TAG_SIZE, "%.*s-%.*s", STR_ARGS(algorithm),
		 STR_ARGS(str_head(encoded, FALLBACK_ENCODED_MAX)));
}

bool companion_is_tag(struct str tag)
{
	enum { PREFIX = 7 };
	if (!str_starts(tag, "sha256-") && !str_starts(tag, "sha512-"))
		return false;
	if (tag.len < PREFIX + FALLBACK_ENCODED_MAX)
		return false;
	for (size_t i = PREFIX; i < PREFIX + FALLBACK_ENCODED_MAX; i++)
		if (!(tag.at[i] >= '0' && tag.at[i] <= '9') &&
		    !(tag.at[i] >= 'a' && tag.at[i] <= 'f'))
			return false;
	return true;
}
