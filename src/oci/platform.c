/* Comparison is exact and case-sensitive, as everywhere in the field. */
#include "oci/platform.h"

/* A value the image does not state cannot be held against it. */
static bool agrees(struct str wanted, struct str stated)
{
	return !wanted.len || !stated.len || str_equal(wanted, stated);
}

static bool any_pattern(const struct platform_pattern *patterns, size_t count, struct str value,
			struct str extra)
{
	for (size_t i = 0; i < count; i++)
		if (agrees(patterns[i].value, value) && agrees(patterns[i].extra, extra))
			return true;
	return count == 0;
}

static bool any_platform(const struct platform_filter *filter, const struct platform *platform)
{
	for (size_t i = 0; i < filter->platform_count; i++) {
		const struct platform *wanted = &filter->platforms[i];
		if (agrees(wanted->os, platform->os) &&
		    agrees(wanted->os_version, platform->os_version) &&
		    agrees(wanted->architecture, platform->architecture) &&
		    agrees(wanted->variant, platform->variant))
			return true;
	}
	return filter->platform_count == 0;
}

bool platform_matches(const struct platform_filter *filter, const struct platform *platform)
{
	return any_pattern(filter->os, filter->os_count, platform->os, platform->os_version) &&
	       any_pattern(filter->arch, filter->arch_count, platform->architecture,
			   platform->variant) &&
	       any_platform(filter, platform);
}

bool platform_filter_empty(const struct platform_filter *filter)
{
	return !filter->os_count && !filter->arch_count && !filter->platform_count;
}

bool platform_pattern_parse(struct str text, struct platform_pattern *out)
{
	size_t colon = str_find(text, ':');
	*out = (struct platform_pattern){str_head(text, colon), str_from(text, colon + 1)};
	return out->value.len != 0;
}

bool platform_parse(struct str text, struct platform *out)
{
	struct str rest = text;
	struct str *const parts[] = {&out->os, &out->architecture, &out->variant};
	*out = (struct platform){0};
	for (size_t i = 0; rest.at; i++) {
		struct str part;
		if (i == sizeof(parts) / sizeof(parts[0]) || !str_cut(&rest, '/', &part) ||
		    !part.len)
			return false;
		*parts[i] = part;
	}
	return text.len != 0;
}
