/* Comparison is exact and case-sensitive, as in other tools. */
#include "oci/platform.h"

#include <stdlib.h>
#include <string.h>

/* A value that the image does not state does not exclude it. */
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

size_t platform_pattern_count(const struct platform_filter *filter)
{
	return filter->os_count + filter->arch_count + filter->platform_count;
}

/* A pattern of any part, as the platform it asks for. */
static struct platform wanted_by(const struct platform_filter *filter, size_t index)
{
	if (index < filter->os_count)
		return (struct platform){.os = filter->os[index].value,
					 .os_version = filter->os[index].extra};
	index -= filter->os_count;
	if (index < filter->arch_count)
		return (struct platform){.architecture = filter->arch[index].value,
					 .variant = filter->arch[index].extra};
	return filter->platforms[index - filter->arch_count];
}

static void print_text(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c > ' ' && c < 0x7f && c != ';' && c != '%')
			buf_add_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void print_pair(struct str value, struct str extra, struct buf *out)
{
	print_text(value, out);
	if (extra.len)
		buf_add_char(out, ':');
	print_text(extra, out);
}

void platform_pattern_print(const struct platform_filter *filter, size_t index, struct buf *out)
{
	struct platform wanted = wanted_by(filter, index);
	if (index < filter->os_count) {
		buf_add_string(out, "os=");
		print_pair(wanted.os, wanted.os_version, out);
		return;
	}
	if (index < filter->os_count + filter->arch_count) {
		buf_add_string(out, "arch=");
		print_pair(wanted.architecture, wanted.variant, out);
		return;
	}
	buf_add_string(out, "platforms=");
	print_pair(wanted.os, wanted.os_version, out);
	if (wanted.architecture.len || wanted.variant.len)
		buf_add_char(out, '/');
	print_text(wanted.architecture, out);
	if (wanted.variant.len)
		buf_add_char(out, '/');
	print_text(wanted.variant, out);
}

static bool states(struct str wanted, struct str stated)
{
	return !wanted.len || str_equal(wanted, stated);
}

bool platform_pattern_hits(const struct platform_filter *filter, size_t index,
			   const struct platform *platform)
{
	struct platform wanted = wanted_by(filter, index);
	return states(wanted.os, platform->os) && states(wanted.os_version, platform->os_version) &&
	       states(wanted.architecture, platform->architecture) &&
	       states(wanted.variant, platform->variant);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *platform_filter_text(struct arena *arena, const struct platform_filter *filter)
{
	scoped(buf_finish) struct buf out = {0};
	size_t count = platform_pattern_count(filter);
	const char **texts = arena_array(arena, count + 1, sizeof(*texts));
	if (!texts)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		buf_reset(&out);
		platform_pattern_print(filter, i, &out);
		texts[i] = buf_ok(&out) ? arena_string(arena, buf_string(&out)) : NULL;
		if (!texts[i])
			return NULL;
	}
	qsort(texts, count, sizeof(*texts), compare_texts);
	buf_reset(&out);
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(texts[i], texts[i - 1]) != 0)
			buf_printf(&out, "%s%s", i ? ";" : "", texts[i]);
	return buf_ok(&out) ? arena_string(arena, buf_string(&out)) : NULL;
}
