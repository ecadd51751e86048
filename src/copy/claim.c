/*
 * A failure is shared with all claims for bytes from the same registry, since each of them would
 * fail in the same way.
 */
#include "copy/claim.h"

#include <stdarg.h>

static const void *cause_of(const struct claim *claim)
{
	const struct image *image = claim->image;
	return claim->reads_back ? image->to->party : image->from->party;
}

bool claim_begin(struct claim *claim, const struct image *image, struct error *err,
		 const char *format, ...)
{
	va_list args;
	claim->image = image;
	va_start(args, format);
	buf_vprintf(&claim->key, format, args);
	va_end(args);
	if (!buf_ok(&claim->key))
		return error_memory(err);
	enum inflight_role role =
		inflight_claim(image->copier->inflight, buf_str(&claim->key), cause_of(claim), err);
	claim->leads = role == INFLIGHT_LEADS;
	claim->done = role == INFLIGHT_DONE;
	return claim->leads;
}

bool claim_settle(struct claim *claim, bool ok, const struct error *err)
{
	struct inflight *inflight = claim->image->copier->inflight;
	if (claim->leads && ok)
		inflight_done(inflight, buf_str(&claim->key));
	else if (claim->leads)
		inflight_failed(inflight, buf_str(&claim->key), cause_of(claim), err);
	claim->leads = false;
	return ok;
}

bool claim_pass_on(struct claim *claim, bool ok)
{
	if (claim->leads)
		inflight_drop(claim->image->copier->inflight, buf_str(&claim->key));
	claim->leads = false;
	return ok;
}

void claim_end(struct claim *claim)
{
	claim_pass_on(claim, false);
	buf_finish(&claim->key);
}
