/* Names are compared in their full form, so each is parsed first. */
#include "oci/signer.h"

#include <string.h>

static const char source_word[] = "source";

bool signer_name(struct arena *arena, struct str text, struct signer *out, struct error *err)
{
	struct reference ref;
	out->source = str_is(text, source_word);
	if (out->source)
		return true;
	if (!reference_parse(arena, text, &ref, err))
		return false;
	if (ref.tag || ref.digest)
		return error_set(err, ERROR_CONFIG,
				 "\"%.*s\": write the repository without tag and digest",
				 STR_ARGS(str_head(text, 200)));
	out->repository = reference_string(arena, &ref);
	return out->repository || error_memory(err);
}

const char *signer_named(const struct signer *signer)
{
	return signer->source ? source_word : signer->repository;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool signer_equal(const struct signer *a, const struct signer *b)
{
	if (!a || !b)
		return a == b;
	return public_key_equal(&a->key, &b->key) && same_text(signer_named(a), signer_named(b));
}

/* The repository of ref in full. */
static const char *repository_of(struct arena *arena, struct reference ref)
{
	ref.tag = ref.digest = NULL;
	return reference_string(arena, &ref);
}

const char *signer_repository(struct arena *arena, const struct signer *signer,
			      const struct reference *source)
{
	return signer->source ? repository_of(arena, *source) : signer->repository;
}

bool signer_accepts(const struct signer *signer, const struct reference *source, struct str claimed)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference named;
	struct error ignored;
	if (!signer_named(signer))
		return true;
	if (!arena || !claimed.len || !reference_parse(arena, claimed, &named, &ignored))
		return false;
	const char *wanted = signer_repository(arena, signer, source);
	const char *found = repository_of(arena, named);
	return wanted && found && strcmp(wanted, found) == 0;
}
