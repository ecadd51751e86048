/* The Link header: what is found is a part of what was sent. */
#include "fuzz.h"

#include "registry/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value = input_text(data, size);
	struct str target = {0};
	if (!link_next(value, &target))
		return 0;
	require(value.len <= LINK_BYTES_MAX && target.len);
	require(target.at > value.at && target.at + target.len < value.at + value.len);
	require(target.at[-1] == '<' && target.at[target.len] == '>');
	require(str_find(target, '>') == target.len);
	return 0;
}
