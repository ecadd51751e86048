/*
 * A registry states no size for a whole image, so its manifests are read. Sizes are those that
 * manifests state: a blob of another size fails when it is copied.
 */
#include "copy/judge/size.h"

#include "copy/judge/contents.h"

#include <stdint.h>

static bool add(void *ctx, const struct descriptor *blob, struct error *err)
{
	int64_t *bytes = ctx;
	(void)err;
	*bytes = blob->size > INT64_MAX - *bytes ? INT64_MAX : *bytes + blob->size;
	return true;
}

/* Appends "4.2 GB". */
static void print_size(int64_t bytes, struct buf *out)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double number = (double)bytes;
	size_t unit = 0;
	for (; number >= 1000 && unit + 1 < array_count(units); unit++)
		number /= 1000;
	buf_printf(out, "%.4g %s", number, units[unit]);
}

bool size_check(struct image *image, struct error *err)
{
	int64_t most = rule_terms(image->task->rule)->max_bytes;
	int64_t bytes = 0;
	scoped(buf_finish) struct buf size = {0}, allowed = {0};
	if (!most)
		return true;
	if (!contents_each(image, add, &bytes, err))
		return false;
	if (bytes <= most)
		return true;
	print_size(bytes, &size);
	print_size(most, &allowed);
	return error_set(err, ERROR_REFUSED, "the image has %s, and max-bytes allows %s",
			 buf_string(&size), buf_string(&allowed));
}
