/*
 * GitHub makes mentions and links of text after entities have become signs, so escaping signs is
 * not enough; in code it makes none. Nothing in the text of a span can end it: backticks are
 * written as numbers.
 */
#include "request/answer.h"

#include "base/log.h"

#include <string.h>

enum { WHY_MAX = 400 };

/* What an image that was refused or failed, and one that is there, counts. */
struct count {
	size_t there, refused, failed;
};

static bool is_there(const struct request_image *image)
{
	switch (image->state) {
	case REQUEST_ACCEPTED:
	case REQUEST_COPIED:
	case REQUEST_PRESENT:
	case REQUEST_WOULD_COPY:
		return true;
	case REQUEST_REFUSED:
	case REQUEST_FAILED:
		break;
	}
	return false;
}

static struct count count_all(const struct mirror_request *request)
{
	struct count count = {0};
	for (size_t i = 0; i < request->count; i++) {
		count.there += is_there(&request->items[i]);
		count.refused += request->items[i].state == REQUEST_REFUSED;
		count.failed += request->items[i].state == REQUEST_FAILED;
	}
	return count;
}

bool answer_good(const struct mirror_request *request)
{
	const struct count count = count_all(request);
	return count.there && !count.refused && !count.failed && !request->more && !request->broken;
}

const char *answer_result(const struct mirror_request *request)
{
	if (answer_good(request))
		return "success";
	return count_all(request).there && !request->broken ? "partial" : "failure";
}

void answer_labels(const struct mirror_request *request, struct buf *out)
{
	const struct count count = count_all(request);
	const struct {
		const char *name;
		bool applies;
	} labels[] = {
		{"mirrored", count.there && !request->broken && !request->tentative},
		{"refused", count.refused || request->more || request->barred},
		{"failed", count.failed || request->broken},
		{"nothing-found", !request->count && !request->broken && !request->barred},
	};
	for (size_t i = 0, written = 0; i < array_count(labels); i++)
		if (labels[i].applies)
			buf_printf(out, "%s%s", written++ ? "," : "", labels[i].name);
}

/* --- the comment ------------------------------------------------------------------------------ */

static void add_code(const char *text, struct buf *out)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(str_of(text), WHY_MAX, &clean);
	out->failed |= !buf_ok(&clean);
	buf_add_char(out, '`');
	mentions_show(buf_str(&clean), out);
	buf_add_string(out, clean.len ? "`" : " `");
}

static void add_reference(const struct reference *ref, struct buf *out)
{
	scoped(buf_finish) struct buf text = {0};
	reference_print(ref, &text);
	out->failed |= !buf_ok(&text);
	add_code(buf_string(&text), out);
}

static void add_head(const struct mirror_request *request, const struct count *count,
		     struct buf *out)
{
	if (request->barred)
		buf_add_string(out, "**You may not ask this mirror for images.** Its maintainers "
				    "can: the policy says who may.\n");
	else if (request->broken)
		buf_printf(out, "**Nothing was tried:** %s.\n", request->broken);
	else if (!request->count)
		buf_add_string(out, "**No image was found in the text.**\n");
	else if (request->count == 1)
		buf_printf(out, "**The image %s.**\n",
			   request->tentative
				   ? count->there ? "would be mirrored" : "would not be mirrored"
			   : count->there ? "is mirrored"
					  : "is not mirrored");
	else if (count->there == request->count && !request->more)
		buf_printf(out, "**All %zu images %s mirrored.**\n", request->count,
			   request->tentative ? "would be" : "are");
	else if (!count->there)
		buf_printf(out, "**None of the %zu images %s mirrored.**\n", request->count,
			   request->tentative ? "would be" : "is");
	else
		buf_printf(out, "**%zu of %zu images %s mirrored.**\n", count->there,
			   request->count, request->tentative ? "would be" : "are");
}

/* How images are named, for whoever has not. */
static void add_forms(struct buf *out)
{
	buf_add_string(out, "\nName images like this, one in each line:\n"
			    "\n"
			    "```\n"
			    "registry.k8s.io/pause:3.10\n"
			    "docker.io/library/nginx:1.28\n"
			    "docker pull nginx:1.28\n"
			    "https://hub.docker.com/_/nginx\n"
			    "```\n");
}

static void add_guesses(const struct request_image *image, struct buf *out)
{
	const struct mention *mention = image->mention;
	const char *page = mention->form == MENTION_PAGE ? "from the address of its page" : NULL;
	const char *host = mention->guessed_host ? "no registry was named, so Docker Hub" : NULL;
	const char *tag = mention->guessed_tag ? "no tag was named, so `latest`" : NULL;
	const char *const all[] = {page, host, tag};
	size_t said = 0;
	for (size_t i = 0; i < array_count(all); i++)
		if (all[i])
			buf_printf(out, "%s%s", said++ ? "; " : " (guessed: ", all[i]);
	if (said)
		buf_add_char(out, ')');
	if (image->by_digest)
		buf_add_string(out, " (by its digest: the tag beside it is left out)");
}

static void add_reason(const struct request_image *image, struct buf *out)
{
	if (image->why)
		buf_printf(out, "%s%s", image->why, image->detail ? " " : "");
	if (image->detail || !image->why)
		add_code(image->detail ? image->detail : "no reason is known", out);
}

static void add_result(const struct request_image *image, struct buf *out)
{
	static const char *const words[] = {
		[REQUEST_REFUSED] = "refused: ",
		[REQUEST_FAILED] = "failed: ",
		[REQUEST_ACCEPTED] = "goes to ",
		[REQUEST_COPIED] = "copied to ",
		[REQUEST_PRESENT] = "already there as ",
		[REQUEST_WOULD_COPY] = "would be copied to ",
	};
	buf_add_string(out, words[image->state]);
	if (is_there(image))
		add_reference(&image->copy, out);
	else
		add_reason(image, out);
}

static void add_row(const struct request_image *image, struct buf *out)
{
	buf_add_string(out, "| ");
	if (image->image.host)
		add_reference(&image->image, out);
	else
		add_code(image->mention->shown, out);
	add_guesses(image, out);
	buf_add_string(out, " | ");
	add_result(image, out);
	buf_add_string(out, " |\n");
}

/* Images that are there come first. */
static void add_table(const struct mirror_request *request, struct buf *out)
{
	size_t rows = 0;
	buf_add_string(out, "\n| image | result |\n| --- | --- |\n");
	for (int there = 1; there >= 0; there--)
		for (size_t i = 0; i < request->count; i++)
			if (is_there(&request->items[i]) == there && rows++ < ANSWER_IMAGES)
				add_row(&request->items[i], out);
	if (rows > ANSWER_IMAGES)
		buf_printf(out, "\nand %zu more\n", rows - ANSWER_IMAGES);
	if (request->more)
		buf_printf(out,
			   "\nThe text names more than %d images: those behind them were not "
			   "looked at.\n",
			   MENTIONS_MAX);
}

/* Names that were parsed have no sign that a shell or a block of code takes for its own. */
static void add_pulls(const struct mirror_request *request, struct buf *out)
{
	size_t rows = 0;
	for (size_t i = 0; i < request->count; i++) {
		const struct request_image *image = &request->items[i];
		if (!is_there(image) || rows++ >= ANSWER_IMAGES)
			continue;
		buf_add_string(out, rows == 1 ? "\n```sh\ndocker pull " : "docker pull ");
		reference_print(&image->copy, out);
		buf_add_char(out, '\n');
	}
	if (rows)
		buf_add_string(out, "```\n");
}

void answer_comment(const struct mirror_request *request, struct buf *out)
{
	const struct count count = count_all(request);
	add_head(request, &count, out);
	if (request->barred)
		return;
	if (request->count)
		add_table(request, out);
	else if (!request->broken)
		add_forms(out);
	if (!request->broken && !request->tentative)
		add_pulls(request, out);
}
