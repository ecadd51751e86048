/* Two filters are the same when their texts are; every part ends in a byte that none contains. */
#include "plan/filter.h"

static void print_part(struct str part, struct buf *out)
{
	buf_add_str(out, part);
	buf_add_char(out, '/');
}

static void print_patterns(const char *name, const struct platform_pattern *patterns, size_t count,
			   struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, " %s=", name);
		print_part(patterns[i].value, out);
		print_part(patterns[i].extra, out);
	}
}

void filter_print(const struct platform_filter *filter, struct buf *out)
{
	if (!filter)
		return;
	print_patterns("os", filter->os, filter->os_count, out);
	print_patterns("arch", filter->arch, filter->arch_count, out);
	for (size_t i = 0; i < filter->platform_count; i++) {
		const struct platform *platform = &filter->platforms[i];
		buf_add_string(out, " platform=");
		print_part(platform->os, out);
		print_part(platform->os_version, out);
		print_part(platform->architecture, out);
		print_part(platform->variant, out);
	}
}

bool filter_equal(const struct platform_filter *a, const struct platform_filter *b)
{
	scoped(buf_finish) struct buf left = {0};
	scoped(buf_finish) struct buf right = {0};
	filter_print(a, &left);
	filter_print(b, &right);
	return buf_ok(&left) && buf_ok(&right) && str_equal(buf_str(&left), buf_str(&right));
}
