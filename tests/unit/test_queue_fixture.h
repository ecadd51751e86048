/* A folder with a record of pending images in it, for what is about the queue and its record. */
#pragma once

#include "base/buf.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], record[96];

static inline int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/queue-test-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(record, sizeof(record), "%s/images.json", folder);
	return 0;
}

static inline int remove_folder(void **state)
{
	(void)state;
	DIR *open = opendir(folder);
	for (struct dirent *entry; open && (entry = readdir(open));)
		if (unlinkat(dirfd(open), entry->d_name, 0) != 0)
			(void)unlinkat(dirfd(open), entry->d_name, AT_REMOVEDIR);
	closedir(open);
	return rmdir(folder);
}

static inline const char *beside(const char *suffix)
{
	static char path[160];
	snprintf(path, sizeof(path), "%s%s", record, suffix);
	return path;
}

static inline void put(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void expect_content(const char *path, const char *content)
{
	scoped(buf_finish) struct buf read = {0};
	struct error err;
	assert_true(file_read(path, &read, &err));
	assert_string_equal(buf_string(&read), content);
}

/* Whether the record has this key, which nothing in it has to be escaped for. */
static inline bool recorded(const char *key)
{
	scoped(buf_finish) struct buf read = {0};
	char line[1200];
	struct error err;
	assert_true(file_read(record, &read, &err));
	snprintf(line, sizeof(line), "\n\"%s\":0", key);
	return strstr(buf_string(&read), line) != NULL;
}
