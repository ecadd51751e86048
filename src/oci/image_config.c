/*
 * A member of an unexpected kind counts as missing: a filter passes values that an image does not
 * state. Reproducible builds state 1970 or year 1 as their time, which says nothing about it.
 */
#include "oci/image_config.h"

#include "doc/json.h"
#include "oci/media.h"
#include "oci/names.h"
#include "oci/timestamp.h"

bool image_config_known(struct str media_type)
{
	struct str bare = media_bare(media_type);
	return str_equal_nocase(bare, STR("application/vnd.oci.image.config.v1+json")) ||
	       str_equal_nocase(bare, STR("application/vnd.docker.container.image.v1+json"));
}

int64_t image_config_time(struct str text)
{
	int64_t when = 0;
	return timestamp_parse(text, &when) && when > 0 ? when : 0;
}

bool image_config_parse(struct arena *arena, struct str bytes, struct image_config *out,
			struct error *err)
{
	static const char *const names[] = {"os", "os.version", "architecture", "variant"};
	const struct node *root = NULL;
	*out = (struct image_config){0};
	if (!json_read_foreign(arena, bytes, &root, err)) {
		if (err->kind == ERROR_CONFIG)
			err->kind = ERROR_CORRUPT;
		return error_wrap(err, "image configuration is not valid JSON");
	}
	if (root->kind != NODE_MAP)
		return error_set(err, ERROR_CORRUPT, "image configuration is %s, not an object",
				 node_kind_name(root->kind));
	if (!names_check(root, names, array_count(names), "image configuration", err))
		return false;
	out->platform = (struct platform){
		.os = node_string(node_get(root, "os")),
		.os_version = node_string(node_get(root, "os.version")),
		.architecture = node_string(node_get(root, "architecture")),
		.variant = node_string(node_get(root, "variant")),
	};
	out->created = image_config_time(node_string(node_get(root, "created")));
	return true;
}
