/*
 * The formats are those of the program this one replaces, so that scripts that read its lines can
 * read ours: Go's durations with a precision of milliseconds, and Docker's decimal sizes.
 */
#include "report/format.h"

#include <stdio.h>
#include <string.h>

void format_bytes(int64_t bytes, char text[FORMAT_SIZE])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double size = bytes > 0 ? (double)bytes : 0;
	size_t unit = 0;
	for (; size >= 1000; unit++)
		size /= 1000;
	snprintf(text, FORMAT_SIZE, "%.4g%s", size, units[unit]);
}

void format_rate(int64_t bytes_per_second, char text[FORMAT_SIZE])
{
	char size[FORMAT_SIZE];
	format_bytes(bytes_per_second, size);
	snprintf(text, FORMAT_SIZE, "%.28s/s", size);
}

/* Seconds below a minute, with up to three decimals and no trailing zeros. */
static void format_seconds(int64_t milliseconds, char text[FORMAT_SIZE])
{
	int whole = (int)(milliseconds / 1000), thousandths = (int)(milliseconds % 1000);
	snprintf(text, FORMAT_SIZE, "%d.%03d", whole, thousandths);
	size_t len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	snprintf(text + len, FORMAT_SIZE - len, "s");
}

void format_duration(int64_t milliseconds, char text[FORMAT_SIZE])
{
	char seconds[FORMAT_SIZE];
	int64_t minutes = milliseconds / 60000;
	format_seconds(milliseconds > 0 ? milliseconds % 60000 : 0, seconds);
	if (milliseconds <= 0)
		snprintf(text, FORMAT_SIZE, "0s");
	else if (milliseconds < 1000)
		snprintf(text, FORMAT_SIZE, "%dms", (int)milliseconds);
	else if (minutes == 0)
		snprintf(text, FORMAT_SIZE, "%s", seconds);
	else if (minutes < 60)
		snprintf(text, FORMAT_SIZE, "%dm%.8s", (int)minutes, seconds);
	else
		snprintf(text, FORMAT_SIZE, "%dh%dm%.8s", (int)(minutes / 60), (int)(minutes % 60),
			 seconds);
}

void format_elapsed(int64_t milliseconds, char text[FORMAT_SIZE])
{
	int64_t seconds = milliseconds > 0 ? milliseconds / 1000 : 0;
	if (seconds < 60)
		snprintf(text, FORMAT_SIZE, "%ds", (int)seconds);
	else if (seconds < 3600)
		snprintf(text, FORMAT_SIZE, "%dm%02ds", (int)(seconds / 60), (int)(seconds % 60));
	else
		snprintf(text, FORMAT_SIZE, "%dh%02dm", (int)(seconds / 3600),
			 (int)(seconds / 60 % 60));
}

int64_t format_average(int64_t bytes, int64_t milliseconds)
{
	return milliseconds > 0 ? (int64_t)((double)bytes * 1000 / (double)milliseconds) : 0;
}
