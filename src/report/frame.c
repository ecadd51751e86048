/*
 * Labels come from registries and files, so each passes the sanitizer. The result is printable
 * UTF-8 whose width can be counted: a line that is too wide would wrap, and the next redraw would
 * move up one row too few.
 */
#include "report/frame.h"

#include "base/log.h"
#include "report/format.h"

enum {
	BAR = 16,
	MARGIN = 2,       /* columns before a transfer's label */
	GAP = 2,          /* columns between its parts */
	AMOUNT = 23,      /* columns of " 45%  20.42MB/45.38MB" at its widest */
	COLUMNS_BAR = 72, /* the smallest width with room for a bar */
	COLUMNS_UNKNOWN = 80,
	ROWS_UNKNOWN = 24,
	ROWS_LEFT_ALONE = 3, /* rows left for the lines that scroll above */
};

/* The length in bytes of the first UTF-8 character of text, which is not empty. */
static size_t char_length(struct str text)
{
	size_t len = 1;
	while (len < text.len && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/*
 * Wide characters start at U+1100. Counting all characters from there on as wide is safe: cutting a
 * line early does no harm.
 */
static unsigned char_width(struct str text, size_t len)
{
	if (len < 3)
		return 1;
	unsigned first = (unsigned char)text.at[0] & 0x0fu;
	unsigned second = (unsigned char)text.at[1] & 0x3fu;
	return len > 3 || (first << 6 | second) >= 0x1100 >> 6 ? 2 : 1;
}

unsigned frame_width(struct str text)
{
	unsigned width = 0;
	while (text.len) {
		size_t len = char_length(text);
		width += char_width(text, len);
		text = str_from(text, len);
	}
	return width;
}

void frame_cut(struct str text, unsigned columns, struct buf *out)
{
	bool fits = frame_width(text) <= columns;
	unsigned dots = fits ? 0 : columns < 3 ? columns : 3;
	unsigned left = columns - dots;
	while (text.len) {
		size_t len = char_length(text);
		unsigned width = char_width(text, len);
		if (width > left)
			break;
		buf_add(out, text.at, len);
		left -= width;
		text = str_from(text, len);
	}
	buf_add(out, "...", dots);
}

void frame_tail(struct str text, unsigned columns, struct buf *out)
{
	bool fits = frame_width(text) <= columns;
	unsigned dots = fits ? 0 : columns < 3 ? columns : 3;
	buf_add(out, "...", dots);
	while (frame_width(text) > columns - dots)
		text = str_from(text, char_length(text));
	buf_add_str(out, text);
}

static void add_spaces(struct buf *out, unsigned count)
{
	while (count-- > 0)
		buf_add_char(out, ' ');
}

/* Adds one line, cut to the terminal's width. */
static void add_line(const struct frame *frame, const struct buf *line, struct frame_text *out)
{
	size_t start = out->lines.len;
	frame_cut(buf_str(line), frame->columns, &out->lines);
	out->width[out->count++] = frame_width(str_from(buf_str(&out->lines), start));
	buf_add_char(&out->lines, '\n');
}

static void draw_totals(const struct frame *frame, struct frame_text *out)
{
	scoped(buf_finish) struct buf line = {0};
	char bytes[FORMAT_SIZE], rate[FORMAT_SIZE], elapsed[FORMAT_SIZE];
	format_bytes(frame->now->bytes, bytes);
	format_rate(frame->rate, rate);
	format_elapsed(frame->elapsed_ms, elapsed);
	if (frame->total)
		buf_printf(&line, "images %zu/%zu", frame->done, frame->total);
	else
		buf_add_string(&line, "looking for images");
	if (frame->failed)
		buf_printf(&line, "   %zu failed", frame->failed);
	buf_printf(&line, "   %s   %s   %s", bytes, rate, elapsed);
	add_line(frame, &line, out);
}

/* Draws what the run is waiting for, if anything. */
static void draw_waits(const struct frame *frame, struct frame_text *out)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf line = {0};
	if (!frame->waits->count)
		return;
	waits_print(frame->waits, frame->now_ms, &text);
	add_spaces(&line, MARGIN);
	log_clean(buf_str(&text), 0, &line);
	add_line(frame, &line, out);
}

/* "  45%  20.42MB/45.38MB", with the bar before it where the terminal has room. */
static void add_amount(const struct frame *frame, const struct progress_transfer *transfer,
		       struct buf *out)
{
	char done[FORMAT_SIZE], size[FORMAT_SIZE];
	int64_t sent = transfer->done < transfer->size ? transfer->done : transfer->size;
	double part = transfer->size > 0 ? (double)sent / (double)transfer->size : 1;
	format_bytes(transfer->done, done);
	format_bytes(transfer->size, size);
	if (frame->columns >= COLUMNS_BAR) {
		add_spaces(out, GAP);
		buf_add_char(out, '[');
		for (int i = 0; i < BAR; i++)
			buf_add_char(out, part * (double)BAR >= i + 1 ? '#' : '-');
		buf_add_char(out, ']');
	}
	buf_printf(out, "  %3d%%  %s/%s", (int)(part * 100), done, size);
}

static void draw_transfer(const struct frame *frame, const struct progress_transfer *transfer,
			  unsigned label_width, struct frame_text *out)
{
	scoped(buf_finish) struct buf label = {0};
	scoped(buf_finish) struct buf line = {0};
	log_clean(str_of(transfer->label), 0, &label);
	add_spaces(&line, MARGIN);
	frame_cut(buf_str(&label), label_width, &line);
	unsigned width = frame_width(buf_str(&line));
	add_spaces(&line, width < MARGIN + label_width ? MARGIN + label_width - width : 0);
	add_amount(frame, transfer, &line);
	add_line(frame, &line, out);
}

/*
 * The width of the label column: that of the widest label, as far as percentage and sizes leave
 * room.
 */
static unsigned label_columns(const struct frame *frame, unsigned shown)
{
	unsigned widest = 0;
	unsigned taken = MARGIN + GAP + AMOUNT;
	if (frame->columns >= COLUMNS_BAR)
		taken += GAP + BAR + 2;
	unsigned room = frame->columns > taken + 8 ? frame->columns - taken : 8;
	for (unsigned i = 0; i < shown; i++) {
		scoped(buf_finish) struct buf label = {0};
		log_clean(str_of(frame->now->transfer[i].label), 0, &label);
		unsigned width = frame_width(buf_str(&label));
		widest = width > widest ? width : widest;
	}
	return widest < room ? widest : room;
}

static void draw_rest(const struct frame *frame, unsigned more, struct frame_text *out)
{
	scoped(buf_finish) struct buf line = {0};
	add_spaces(&line, MARGIN);
	buf_printf(&line, "and %u more transfer%s", more, more == 1 ? "" : "s");
	add_line(frame, &line, out);
}

void frame_draw(const struct frame *given, struct frame_text *out)
{
	struct frame frame = *given;
	if (!frame.columns)
		frame.columns = COLUMNS_UNKNOWN;
	if (!frame.rows)
		frame.rows = ROWS_UNKNOWN;
	unsigned others = ROWS_LEFT_ALONE + (frame.waits->count ? 3 : 2);
	unsigned most = frame.rows > others ? frame.rows - others : 0;
	unsigned shown = most < FRAME_TRANSFERS ? most : FRAME_TRANSFERS;
	if (shown > frame.now->transfers)
		shown = frame.now->transfers;
	unsigned label_width = label_columns(&frame, shown);
	draw_totals(&frame, out);
	draw_waits(&frame, out);
	for (unsigned i = 0; i < shown; i++)
		draw_transfer(&frame, &frame.now->transfer[i], label_width, out);
	if (shown < frame.now->transfers)
		draw_rest(&frame, frame.now->transfers - shown, out);
}
