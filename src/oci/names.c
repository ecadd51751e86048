/*
 * Go folds case as Unicode does, and two letters outside ASCII fold to ASCII ones: U+017F to s and
 * U+212A to k.
 */
#include "oci/names.h"

#include "base/utf8.h"

enum { LONG_S = 0x17f, KELVIN = 0x212a };

static uint32_t fold(uint32_t code)
{
	if (code == LONG_S)
		return 's';
	if (code == KELVIN)
		return 'k';
	return code >= 'A' && code <= 'Z' ? code | 0x20 : code;
}

/* True when a reader that ignores case takes key for name. */
static bool folds_to(struct str key, const char *name)
{
	for (; *name; name++) {
		uint32_t code = 0;
		size_t len = utf8_decode(key, &code);
		if (!len || fold(code) != fold((unsigned char)*name))
			return false;
		key = str_from(key, len);
	}
	return !key.len;
}

static bool check_member(struct str key, const struct node *value, const char *name,
			 const char *where, struct error *err)
{
	if (!folds_to(key, name))
		return true;
	if (!str_is(key, name))
		return error_set(err, ERROR_CORRUPT, "%s: \"%.*s\" instead of \"%s\"", where,
				 STR_ARGS(key), name);
	return value->kind != NODE_REPEATED ||
	       error_set(err, ERROR_CORRUPT, "%s: \"%s\" is given twice", where, name);
}

bool names_check(const struct node *map, const char *const *names, size_t count, const char *where,
		 struct error *err)
{
	for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
		for (size_t j = 0; j < count; j++)
			if (!check_member(node_string(map->keys[i]), map->items[i], names[j], where,
					  err))
				return false;
	return true;
}
