/* Whoever reads only the first line on a telephone knows whether to read on. */
#include "notify/message.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/utf8.h"
#include "report/format.h"
#include "report/summary.h"

enum { REASON_MAX = 300, NAME_MAX_SHOWN = 280, LAST_LINE_MAX = 200 };

/* --- the text ------------------------------------------------------------------------------ */

static void add_result(const struct tally *tally, const char *title, bool failed, struct buf *out)
{
	log_clean(str_of(title), 0, out);
	if (tally->stopped)
		buf_printf(out, ": stopped by %s", cancel_name(tally->stopped));
	else if (failed && tally_clean(tally))
		buf_add_string(out, ": failure, a file of the report could not be written");
	else
		buf_printf(out, ": %s", tally_result(tally));
	buf_add_char(out, '\n');
	summary_counts(tally, out);
}

static void add_transfer(const struct tally *tally, struct buf *out)
{
	char size[FORMAT_SIZE], duration[FORMAT_SIZE];
	format_bytes(tally->bytes, size);
	format_duration(tally->milliseconds, duration);
	buf_printf(out, "%s sent in %s\n", size, duration);
}

static void add_image(const struct tally_image *image, char mark, struct buf *out)
{
	scoped(buf_finish) struct buf name = {0};
	tally_source(image, &name);
	buf_add_string(&name, " -> ");
	tally_destination(image, &name);
	buf_printf(out, "%c ", mark);
	log_clean(buf_ok(&name) ? buf_str(&name) : STR("(out of memory)"), NAME_MAX_SHOWN, out);
	if (image->outcome.status == OUTCOME_FAILED) {
		buf_add_string(out, ": ");
		log_clean(str_of(tally_failure(image)), REASON_MAX, out);
	}
	buf_add_char(out, '\n');
}

static void add_images(const struct tally *tally, enum outcome_status status, char mark,
		       struct buf *out)
{
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);)
		if (walk.image.outcome.status == status)
			add_image(&walk.image, mark, out);
}

void message_write(const struct tally *tally, const char *title, bool failed, struct buf *out)
{
	add_result(tally, title, failed, out);
	add_transfer(tally, out);
	add_images(tally, OUTCOME_FAILED, 'x', out);
	add_images(tally, OUTCOME_COPIED, '+', out);
	add_images(tally, OUTCOME_WOULD_COPY, '+', out);
}

/* --- its length ---------------------------------------------------------------------------- */

size_t message_bytes(struct str text)
{
	return text.len;
}

size_t message_json(struct str text)
{
	size_t count = text.len;
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == '"' || text.at[i] == '\\' || text.at[i] == '\n';
	return count;
}

/* The length of the first character; a byte that begins none is one. */
static size_t step(struct str text, uint32_t *code)
{
	size_t len = utf8_decode(text, code);
	return len ? len : 1;
}

size_t message_characters(struct str text)
{
	size_t count = 0;
	uint32_t code;
	for (; text.len; count++)
		text = str_from(text, step(text, &code));
	return count;
}

size_t message_units(struct str text)
{
	size_t count = 0;
	uint32_t code = 0;
	for (; text.len; count += code > 0xffff ? 2 : 1)
		text = str_from(text, step(text, &code));
	return count;
}

/* The first characters of text that fit into max, at least one. */
static struct str fitting(struct str text, size_t max, message_measure *measure)
{
	size_t len = 0, used = 0;
	uint32_t code;
	while (len < text.len) {
		struct str rest = str_from(text, len);
		struct str first = str_head(rest, step(rest, &code));
		used += measure(first);
		if (len && used > max)
			break;
		len += first.len;
	}
	return str_head(text, len);
}

bool message_part(struct str *text, size_t max, message_measure *measure, struct str *part)
{
	struct str rest = *text, line;
	size_t len = 0, used = 0;
	if (!text->len)
		return false;
	while (str_cut(&rest, '\n', &line) && line.at < text->at + text->len) {
		size_t next = (size_t)(line.at - text->at) + line.len;
		used += measure(str_head(str_from(*text, len), next - len));
		if (used > max)
			break;
		len = next;
	}
	*part = len ? str_head(*text, len) : fitting(*text, max, measure);
	*text = str_from(*text, part->len);
	if (str_starts(*text, "\n"))
		*text = str_from(*text, 1);
	return true;
}

static size_t count_lines(struct str text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == '\n' || i + 1 == text.len;
	return count;
}

void message_cut(struct str text, size_t max, message_measure *measure, const char *report,
		 struct buf *out)
{
	struct str part = {0};
	if (measure(text) <= max) {
		buf_add_str(out, text);
		return;
	}
	/* A path may be long, and has at most as many units as bytes. */
	scoped(buf_finish) struct buf where = {0};
	if (report)
		buf_add_string(&where, "; the report has them: ");
	if (report)
		log_clean(str_of(report), LAST_LINE_MAX, &where);
	out->failed |= !buf_ok(&where);
	size_t last = where.len + sizeof("\n... and 18446744073709551615 more lines");
	message_part(&text, max > last ? max - last : 1, measure, &part);
	buf_add_str(out, part);
	buf_printf(out, "\n... and %zu more lines%s", count_lines(text), buf_string(&where));
}
