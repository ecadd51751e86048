/* A name of up to 100 bytes has a field of its own; a longer one is divided at a '/'. */
#include "layout/tar.h"

#include <stdio.h>
#include <string.h>

struct tar_block {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

_Static_assert(sizeof(struct tar_block) == TAR_BLOCK, "a header is one block");

enum { BASE_256 = 0x80 };
static const int64_t octal_limit = (int64_t)1 << 33;

int64_t tar_padding(int64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

static unsigned sum_of(const struct tar_block *block)
{
	const unsigned char *at = (const unsigned char *)block;
	unsigned sum = 0;
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool inside = i >= offsetof(struct tar_block, sum) &&
			      i < offsetof(struct tar_block, type);
		sum += inside ? ' ' : at[i];
	}
	return sum;
}

static void put_size(struct tar_block *block, int64_t size)
{
	if (size < octal_limit) {
		char digits[sizeof(block->size)];
		snprintf(digits, sizeof(digits), "%011llo", (unsigned long long)size);
		memcpy(block->size, digits, sizeof(block->size));
		return;
	}
	for (size_t i = sizeof(block->size); i-- > 0; size >>= 8)
		block->size[i] = (char)(size & 0xff);
	block->size[0] = (char)BASE_256;
}

void tar_header(const char *name, int64_t size, char out[TAR_BLOCK])
{
	struct tar_block block = {.type = '0'};
	const char *slash = strrchr(name, '/');
	size_t len = strlen(name);
	char sum[sizeof(block.sum) + 1];
	size_t cut = len > sizeof(block.name) && slash ? (size_t)(slash - name) : 0;
	memcpy(block.prefix, name, cut);
	memcpy(block.name, name + (cut ? cut + 1 : 0), cut ? len - cut - 1 : len);
	memcpy(block.mode, "0000644", sizeof(block.mode));
	memcpy(block.uid, "0000000", sizeof(block.uid));
	memcpy(block.gid, "0000000", sizeof(block.gid));
	memcpy(block.mtime, "00000000000", sizeof(block.mtime));
	memcpy(block.magic, "ustar", sizeof(block.magic));
	memcpy(block.version, "00", sizeof(block.version));
	put_size(&block, size);
	snprintf(sum, sizeof(sum), "%06o", sum_of(&block));
	memcpy(block.sum, sum, 7);
	block.sum[7] = ' ';
	memcpy(out, &block, TAR_BLOCK);
}

/* Blanks and zeros may stand around the digits. */
static bool octal(const char *at, size_t len, int64_t *out)
{
	size_t i = 0;
	int64_t value = 0;
	while (i < len && at[i] == ' ')
		i++;
	for (; i < len && at[i] >= '0' && at[i] <= '7'; i++)
		value = value * 8 + (at[i] - '0');
	*out = value;
	return i == len || at[i] == '\0' || at[i] == ' ';
}

static bool get_size(const struct tar_block *block, int64_t *out)
{
	const unsigned char *at = (const unsigned char *)block->size;
	if (!(at[0] & BASE_256))
		return octal(block->size, sizeof(block->size), out);
	*out = 0;
	for (size_t i = sizeof(block->size) - 8; i < sizeof(block->size); i++)
		*out = (int64_t)((uint64_t)*out << 8 | at[i]);
	return *out >= 0;
}

static enum tar_kind kind_of(char type)
{
	switch (type) {
	case '0':
	case '\0':
		return TAR_FILE;
	case 'L':
		return TAR_NAME;
	case 'x':
		return TAR_EXTENDED;
	default:
		return TAR_OTHER;
	}
}

static size_t length(const char *at, size_t most)
{
	const char *end = memchr(at, '\0', most);
	return end ? (size_t)(end - at) : most;
}

bool tar_parse(const char bytes[TAR_BLOCK], struct tar_member *out, struct error *err)
{
	struct tar_block block;
	int64_t sum;
	memcpy(&block, bytes, sizeof(block));
	*out = (struct tar_member){.kind = TAR_END};
	if (!block.name[0] && !block.type && !block.sum[0])
		return true;
	if (!octal(block.sum, sizeof(block.sum), &sum) || sum != (int64_t)sum_of(&block) ||
	    !get_size(&block, &out->size))
		return error_set(err, ERROR_CORRUPT, "it is no tar archive, or damaged");
	bool posix = memcmp(block.magic, "ustar", sizeof(block.magic)) == 0;
	size_t prefix = posix ? length(block.prefix, sizeof(block.prefix)) : 0;
	out->kind = kind_of(block.type);
	snprintf(out->name, sizeof(out->name), "%.*s%s%.*s", (int)prefix, block.prefix,
		 prefix ? "/" : "", (int)length(block.name, sizeof(block.name)), block.name);
	return true;
}

/* Each record is "LENGTH NAME=VALUE\n". */
void tar_extend(struct str records, struct tar_member *next)
{
	while (records.len) {
		int64_t len;
		size_t blank = str_find(records, ' ');
		if (!str_to_int64(str_head(records, blank), &len) || len <= (int64_t)blank + 1 ||
		    (uint64_t)len > records.len)
			return;
		struct str value = str_from(str_head(records, (size_t)len - 1), blank + 1), name;
		records = str_from(records, (size_t)len);
		str_cut(&value, '=', &name);
		if (str_is(name, "path"))
			snprintf(next->name, sizeof(next->name), "%.*s",
				 STR_ARGS(str_head(value, TAR_NAME_MAX)));
		else if (str_is(name, "size"))
			(void)str_to_int64(value, &next->size);
	}
}
