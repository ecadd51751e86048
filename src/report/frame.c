/*
 * Labels come from registries and files, so each passes the sanitizer. The result is printable
 * UTF-8 whose width can be counted: a line that is too wide would wrap, and the next redraw would
 * move up one row too few.
 */
#include "report/frame.h"

#include "base/log.h"
#include "report/format.h"
#include "report/remaining.h"

#include <string.h>

enum {
	BAR = 16,
	MARGIN = 2,       /* columns before a transfer's label */
	GAP = 2,          /* columns between its parts */
	SPACE = 3,        /* columns between the totals */
	AMOUNT = 23,      /* columns of " 45%  20.42MB/45.38MB" at its widest */
	COLUMNS_BAR = 72, /* the smallest width with room for a bar */
	COLUMNS_UNKNOWN = 80,
	ROWS_UNKNOWN = 24,
	ROWS_LOW = 12,       /* a terminal with fewer rows has one line of totals */
	ROWS_LEFT_ALONE = 3, /* rows left for the lines that scroll above */
	WARM_UP_MS = 2000,   /* before that the rate says nothing about the time left */
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

/* Parts of the totals, which are filled into as few lines as they fit. */
struct totals {
	const struct frame *frame;
	struct frame_text *out;
	struct buf line;
	unsigned lines_left; /* with the one that is being filled; the last one is cut */
};

/* Ends the line that is being filled, if it has something and another one is left. */
static void totals_break(struct totals *totals)
{
	if (!totals->line.len || totals->lines_left <= 1)
		return;
	add_line(totals->frame, &totals->line, totals->out);
	totals->lines_left--;
	buf_reset(&totals->line);
}

/* Begins a new line unless so many columns more fit. */
static void totals_need(struct totals *totals, unsigned width)
{
	if (frame_width(buf_str(&totals->line)) + SPACE + width > totals->frame->columns)
		totals_break(totals);
}

/* Adds a part; an empty one is none. */
static void totals_add(struct totals *totals, struct str part)
{
	if (!part.len)
		return;
	totals_need(totals, frame_width(part));
	if (totals->line.len)
		add_spaces(&totals->line, SPACE);
	buf_add_str(&totals->line, part);
}

/* Adds a number of images, unless it is 0. */
static void totals_add_count(struct totals *totals, size_t count, const char *what)
{
	scoped(buf_finish) struct buf part = {0};
	if (count)
		buf_printf(&part, "%zu %s", count, what);
	totals_add(totals, buf_str(&part));
}

static void draw_images(const struct frame_counts *images, struct totals *totals)
{
	scoped(buf_finish) struct buf part = {0};
	if (images->total)
		buf_printf(&part, "images %zu/%zu", images->done, images->total);
	else
		buf_add_string(&part, "looking for images");
	totals_add(totals, buf_str(&part));
	totals_add_count(totals, images->copied, "copied");
	totals_add_count(totals, images->would_copy, "would be copied");
	totals_add_count(totals, images->in_sync, "in sync");
	totals_add_count(totals, images->failed, "failed");
}

/* The bytes stay together in a line if they can. */
static void draw_bytes(const struct frame *frame, struct totals *totals)
{
	scoped(buf_finish) struct buf sent = {0}, left = {0};
	char rate[FORMAT_SIZE], elapsed[FORMAT_SIZE];
	const struct remaining remaining = {frame->now, frame->images.done, frame->images.total};
	remaining_bytes(&remaining, &sent);
	if (frame->elapsed_ms >= WARM_UP_MS)
		remaining_time(&remaining, frame->rate, &left);
	format_rate(frame->rate, rate);
	format_elapsed(frame->elapsed_ms, elapsed);
	const struct str parts[] = {buf_str(&sent), str_of(rate), str_of(elapsed), buf_str(&left)};
	unsigned width = 0;
	for (size_t i = 0; i < array_count(parts); i++)
		width += parts[i].len ? frame_width(parts[i]) + SPACE : 0;
	if (width - SPACE <= frame->columns)
		totals_need(totals, width - SPACE);
	for (size_t i = 0; i < array_count(parts); i++)
		totals_add(totals, parts[i]);
}

static void draw_totals(const struct frame *frame, struct frame_text *out)
{
	struct totals totals = {.frame = frame,
				.out = out,
				.lines_left = frame->rows < ROWS_LOW ? 1 : FRAME_TOTALS};
	draw_images(&frame->images, &totals);
	draw_bytes(frame, &totals);
	add_line(frame, &totals.line, out);
	buf_finish(&totals.line);
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

/* How much of a label there is room for. */
enum label { LABEL_WHOLE, LABEL_IMAGE, LABEL_BASE, LABEL_ALONE };

/* Adds the image, or the last part of its name, and the destination where there are several. */
static void add_label(const struct frame *frame, const struct progress_transfer *transfer,
		      enum label how, struct buf *out)
{
	const char *slash = how >= LABEL_BASE ? strrchr(transfer->image, '/') : NULL;
	log_clean(str_of(slash ? slash + 1 : transfer->image), 0, out);
	if (frame->now->several && how != LABEL_ALONE) {
		buf_add_string(out, " -> ");
		log_clean(str_of(transfer->to), 0, out);
	}
	if (how == LABEL_WHOLE) {
		buf_add_char(out, ' ');
		log_clean(str_of(transfer->blob), 0, out);
	}
}

/*
 * In too little room the blob is left out, then the folders, then the destination, and at last the
 * beginning of the name.
 */
static void fit_label(const struct frame *frame, const struct progress_transfer *transfer,
		      unsigned columns, struct buf *out)
{
	scoped(buf_finish) struct buf label = {0};
	for (enum label how = LABEL_WHOLE; how <= LABEL_ALONE; how++) {
		buf_reset(&label);
		add_label(frame, transfer, how, &label);
		if (frame_width(buf_str(&label)) <= columns)
			break;
	}
	frame_tail(buf_str(&label), columns, out);
}

static void draw_transfer(const struct frame *frame, const struct progress_transfer *transfer,
			  unsigned label_width, struct frame_text *out)
{
	scoped(buf_finish) struct buf line = {0};
	add_spaces(&line, MARGIN);
	fit_label(frame, transfer, label_width, &line);
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
		add_label(frame, &frame->now->transfer[i], LABEL_WHOLE, &label);
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
	draw_totals(&frame, out);
	draw_waits(&frame, out);
	unsigned others = ROWS_LEFT_ALONE + out->count + 1;
	unsigned most = frame.rows > others ? frame.rows - others : 0;
	unsigned shown = most < FRAME_TRANSFERS ? most : FRAME_TRANSFERS;
	if (shown > frame.now->transfers)
		shown = frame.now->transfers;
	unsigned label_width = label_columns(&frame, shown);
	for (unsigned i = 0; i < shown; i++)
		draw_transfer(&frame, &frame.now->transfer[i], label_width, out);
	if (shown < frame.now->transfers)
		draw_rest(&frame, frame.now->transfers - shown, out);
}
