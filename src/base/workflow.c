/*
 * All commands go to stderr, where the log is: a runner reads the two streams in separate threads,
 * and their order is lost. Each command is one write under the stream's own lock, so that no line
 * of the log is torn.
 *
 * A mask that has several lines is sent line by line, and only the long ones: of a JSON key the
 * runner would also mask every lone brace. The line of a mask holds the secret in plain text, so it
 * goes past the sanitizer, and never into a file.
 */
#include "base/workflow.h"

#include "base/secret.h"

#include <stdio.h>

enum { LINE_SHORTEST = 8 };

static void escape(struct str text, const char *special, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		bool plain = c && !strchr(special, c);
		if (plain)
			buf_add_char(out, text.at[i]);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void workflow_data(struct str text, struct buf *out)
{
	escape(text, "%\r\n", out);
}

void workflow_property(struct str text, struct buf *out)
{
	escape(text, "%\r\n:,", out);
}

void workflow_send(const struct buf *command)
{
	scoped(buf_wipe) struct buf line = {0};
	buf_add_str(&line, buf_str(command));
	buf_add_char(&line, '\n');
	if (buf_ok(&line))
		fwrite(line.at, 1, line.len, stderr);
	fflush(stderr);
}

static void mask(struct str text, bool passing)
{
	/* Guarded by secret.c, which makes one call at a time. */
	static unsigned left[] = {WORKFLOW_MASKS, WORKFLOW_PASSING};
	scoped(buf_wipe) struct buf command = {0};
	if (!left[passing])
		return;
	left[passing]--;
	buf_add_string(&command, "::add-mask::");
	workflow_data(text, &command);
	if (buf_ok(&command))
		workflow_send(&command);
}

static void mask_lines(struct str text, bool passing)
{
	struct str line;
	if (str_find(text, '\n') == text.len) {
		mask(text, passing);
		return;
	}
	while (str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		if (line.len >= LINE_SHORTEST)
			mask(line, passing);
	}
}

void workflow_mask_secrets(void)
{
	secret_watch(mask_lines);
}
