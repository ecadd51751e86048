/* A state, or a file of hints: what is accepted is written, read and written again, the same. */
#include "fuzz.h"

#include "state/state.h"

enum { NOW = 2000000000 };

static bool pass(struct str text, struct buf *out)
{
	scoped(state_free) struct sync_state *state = state_new();
	struct error err = {0};
	require(state != NULL);
	if (!state_read(state, text, NOW, &err))
		return false;
	state_write(state, out);
	require(buf_ok(out));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(buf_finish) struct buf once = {0}, twice = {0};
	if (!pass((struct str){(const char *)data, size}, &once))
		return 0;
	require(pass(buf_str(&once), &twice));
	require(str_equal(buf_str(&once), buf_str(&twice)));
	return 0;
}
