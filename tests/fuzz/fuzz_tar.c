/*
 * Archives of others: the header of a member, then pax records about the next one. What is read of
 * a header, written as one of ours, is read again as the same.
 */
#include "fuzz.h"

#include "layout/tar.h"

static void check_written(const struct tar_member *member)
{
	char block[TAR_BLOCK];
	struct tar_member again;
	struct error err;
	const char *slash = strrchr(member->name, '/');
	const char *last = slash ? slash + 1 : member->name;
	if (member->kind != TAR_FILE || strlen(last) > 100 || strlen(member->name) > 150 ||
	    !*last || member->name[0] == '/')
		return;
	tar_header(member->name, member->size, block);
	require(tar_parse(block, &again, &err));
	require(again.kind == TAR_FILE && again.size == member->size);
	require(strcmp(again.name, member->name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tar_member member = {.size = -1};
	struct error err = {0};
	char block[TAR_BLOCK] = "";
	struct str rest = input_text(data, size);
	memcpy(block, data, size < sizeof(block) ? size : sizeof(block));
	if (tar_parse(block, &member, &err)) {
		require(member.size >= 0 && memchr(member.name, '\0', sizeof(member.name)));
		require(tar_padding(member.size) >= 0 && tar_padding(member.size) < TAR_BLOCK);
		check_written(&member);
	} else {
		require(err.kind == ERROR_CORRUPT && *err.text);
	}
	member = (struct tar_member){.size = -1};
	tar_extend(str_from(rest, sizeof(block)), &member);
	require(member.size >= -1 && memchr(member.name, '\0', sizeof(member.name)));
	return 0;
}
