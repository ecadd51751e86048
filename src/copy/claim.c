/*
 * All claims of an image share its cause: whoever would have taken the bytes from the same host
 * would fail alike.
 */
#include "copy/claim.h"

#include <stdarg.h>

static const void *cause_of(const struct claim *claim)
{
	const struct image *image = claim->image;
	return claim->reads_back ? image->to.access.host : image->from.access.host;
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
	enum inflight_role role = inflight_claim(image->copier->inflight, buf_str(&claim->key),
						 cause_of(claim), &claim->place, err);
	claim->leads = role == INFLIGHT_LEADS;
	claim->done = role == INFLIGHT_DONE;
	return claim->leads;
}

static void end(struct claim *claim, const char *place, const struct error *err)
{
	if (claim->leads)
		inflight_end(claim->image->copier->inflight, buf_str(&claim->key), place,
			     cause_of(claim), err);
	claim->leads = false;
}

bool claim_settle(struct claim *claim, bool ok, const struct error *err)
{
	end(claim, ok ? claim->image->to.name : NULL, err);
	return ok;
}

bool claim_pass_on(struct claim *claim, bool ok)
{
	const struct error nothing = {0};
	end(claim, NULL, &nothing);
	return ok;
}

void claim_end(struct claim *claim)
{
	claim_pass_on(claim, false);
	buf_finish(&claim->key);
}
