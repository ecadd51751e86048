/*
 * One lock guards the terminal. The lock order is log sink, then display: log lines arrive here
 * with the sink locked, so nothing may be logged while the display is locked. Each change of the
 * picture is a single write, which terminals show without flicker. A line is erased before it is
 * written, not after: after a line as wide as the terminal the cursor is still on its last
 * character, which erasing would remove. When the window becomes narrower, terminals wrap lines
 * that no longer fit, and the block has more rows than lines. So the widths of the drawn lines are
 * kept, and the rows are counted again.
 */
#include "report/display.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "report/frame.h"
#include "report/rate.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
	INTERVAL_MS = 200,
	MARK = 2,           /* columns of the mark before a line */
	COLUMNS_BOTH = 110, /* the smallest width with room for both names of an image */
};

struct display {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping, colour, hooked;
	pthread_t thread;
	struct cancel *cancel; /* of the run, whose thread it is */
	struct progress *progress;
	struct frame_counts counts;
	struct rate rate;
	int64_t started_ms, rate_now;
	struct progress_view view;
	struct waits_view waits;
	struct frame_text drawn; /* what is on the screen; count 0: nothing */
	struct buf out;          /* the next write to the terminal */
};

bool display_possible(void)
{
	const char *term = getenv("TERM");
	return term && *term && strcmp(term, "dumb") != 0;
}

static struct winsize window_size(void)
{
	struct winsize size = {0};
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
		size = (struct winsize){0};
	return size;
}

unsigned display_columns(void)
{
	struct winsize size = window_size();
	return size.ws_col ? size.ws_col : 80;
}

static void flush(struct display *display)
{
	if (!buf_ok(&display->out))
		display->drawn.count = 0;
	else if (cancel_may_write(STDERR_FILENO, -1))
		fwrite(buf_string(&display->out), 1, display->out.len, stderr);
	fflush(stderr);
	buf_reset(&display->out);
}

/*
 * Adds the sequence that moves the cursor to the block's first row, and to its first column: a
 * terminal echoes what is typed, ^C above all, where the cursor is. Returns the number of rows.
 */
static unsigned go_up(struct display *display, const struct winsize *size)
{
	unsigned rows = 0;
	if (display->drawn.count)
		buf_add_char(&display->out, '\r');
	for (unsigned i = 0; i < display->drawn.count; i++) {
		unsigned width = display->drawn.width[i];
		rows += size->ws_col && width > size->ws_col ? (width - 1) / size->ws_col + 1 : 1;
	}
	if (rows)
		buf_printf(&display->out, "\033[%uA", rows);
	return rows;
}

/* Row by row, since tmux keeps what is erased from the top of the screen on in one go. */
static void add_erased(struct display *display)
{
	struct winsize size = window_size();
	unsigned rows = go_up(display, &size);
	for (unsigned i = 0; i < rows; i++)
		buf_add_string(&display->out, "\033[2K\n");
	if (rows)
		buf_printf(&display->out, "\033[%uA\033[K", rows);
	display->drawn.count = 0;
}

static void add_drawn(struct display *display)
{
	struct winsize size = window_size();
	struct frame frame = {
		.images = display->counts,
		.rate = display->rate_now,
		.elapsed_ms = clock_ms() - display->started_ms,
		.now_ms = clock_ms(),
		.now = &display->view,
		.waits = &display->waits,
		.columns = size.ws_col,
		.rows = size.ws_row,
	};
	go_up(display, &size);
	buf_reset(&display->drawn.lines);
	display->drawn.count = 0;
	progress_view(display->progress, &display->view);
	waits_look(&display->waits);
	frame_draw(&frame, &display->drawn);
	if (!buf_ok(&display->drawn.lines))
		display->drawn.count = 0;
	struct str rest = buf_str(&display->drawn.lines), line;
	for (unsigned i = 0; i < display->drawn.count && str_cut(&rest, '\n', &line); i++) {
		buf_add_string(&display->out, "\033[K");
		buf_add_str(&display->out, line);
		buf_add_char(&display->out, '\n');
	}
	buf_add_string(&display->out, "\033[J");
}

static void before_log(void *ctx)
{
	struct display *display = ctx;
	pthread_mutex_lock(&display->lock);
	add_erased(display);
	flush(display);
}

static void after_log(void *ctx)
{
	struct display *display = ctx;
	if (!display->stopping) {
		add_drawn(display);
		flush(display);
	}
	pthread_mutex_unlock(&display->lock);
}

static struct timespec next_tick(void)
{
	struct timespec when = {0};
	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_nsec += INTERVAL_MS * 1000000L;
	if (when.tv_nsec >= 1000000000L) {
		when.tv_nsec -= 1000000000L;
		when.tv_sec++;
	}
	return when;
}

static void *redraw(void *ctx)
{
	struct display *display = ctx;
	cancel_enter(display->cancel);
	pthread_mutex_lock(&display->lock);
	while (!display->stopping) {
		add_drawn(display);
		display->rate_now = rate_update(&display->rate, clock_ms(), display->view.bytes);
		flush(display);
		struct timespec until = next_tick();
		while (!display->stopping &&
		       pthread_cond_timedwait(&display->stop, &display->lock, &until) != ETIMEDOUT)
			;
	}
	pthread_mutex_unlock(&display->lock);
	return NULL;
}

static void init_locks(struct display *display)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&display->stop, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&display->lock, NULL);
}

struct display *display_open(struct arena *arena, struct progress *progress, bool hook_log)
{
	struct display *display = arena_new_of(arena, struct display);
	const char *no_color = getenv("NO_COLOR");
	if (!display)
		return NULL;
	display->progress = progress;
	display->colour = !no_color || !*no_color;
	display->hooked = hook_log;
	display->started_ms = clock_ms();
	display->cancel = cancel_current();
	init_locks(display);
	if (pthread_create(&display->thread, NULL, redraw, display) != 0) {
		pthread_cond_destroy(&display->stop);
		pthread_mutex_destroy(&display->lock);
		return NULL;
	}
	if (hook_log)
		log_hook(before_log, after_log, display);
	return display;
}

void display_close(struct display **given)
{
	struct display *display = *given;
	if (!display)
		return;
	pthread_mutex_lock(&display->lock);
	display->stopping = true;
	pthread_cond_signal(&display->stop);
	pthread_mutex_unlock(&display->lock);
	pthread_join(display->thread, NULL);
	if (display->hooked)
		log_hook(NULL, NULL, NULL);
	add_erased(display);
	flush(display);
	buf_finish(&display->drawn.lines);
	buf_finish(&display->out);
	pthread_cond_destroy(&display->stop);
	pthread_mutex_destroy(&display->lock);
	*given = NULL;
}

/* Threads may arrive out of order: the highest figure is the newest. */
static void grow(size_t *figure, size_t to)
{
	if (*figure < to)
		*figure = to;
}

void display_count(struct display *display, const struct frame_counts *counts)
{
	pthread_mutex_lock(&display->lock);
	grow(&display->counts.done, counts->done);
	grow(&display->counts.total, counts->total);
	grow(&display->counts.copied, counts->copied);
	grow(&display->counts.would_copy, counts->would_copy);
	grow(&display->counts.in_sync, counts->in_sync);
	grow(&display->counts.failed, counts->failed);
	pthread_mutex_unlock(&display->lock);
}

static void add_mark(struct display *display, char mark)
{
	const char *colour = mark == '+' ? "\033[32m" : mark == 'x' ? "\033[31m" : "\033[2m";
	if (display->colour)
		buf_printf(&display->out, "%s%c\033[0m ", colour, mark);
	else
		buf_printf(&display->out, "%c ", mark);
}

/*
 * "source -> destination  detail" on a wide terminal, elsewhere without the source: destinations
 * are what is unique. These lines stay, so nothing of them is cut. A detail that does not fit goes
 * on in the next row.
 */
static void add_event(struct display *display, const struct display_event *event, unsigned columns)
{
	scoped(buf_finish) struct buf names = {0}, detail = {0};
	if (columns >= COLUMNS_BOTH) {
		log_clean(str_of(event->source), 0, &names);
		buf_add_string(&names, " -> ");
	}
	log_clean(str_of(event->destination), 0, &names);
	log_clean(str_of(event->detail), 0, &detail);
	unsigned width = MARK + frame_width(buf_str(&names)) + 2 + frame_width(buf_str(&detail));
	buf_add_str(&display->out, buf_str(&names));
	buf_add_string(&display->out, width <= columns ? "  " : "\n    ");
	buf_add_str(&display->out, buf_str(&detail));
	buf_add_char(&display->out, '\n');
}

void display_finished(struct display *display, const struct display_event *event)
{
	unsigned columns = display_columns();
	pthread_mutex_lock(&display->lock);
	add_erased(display);
	add_mark(display, event->mark);
	add_event(display, event, columns);
	add_drawn(display);
	flush(display);
	pthread_mutex_unlock(&display->lock);
}
