/*
 * snapshot status|metrics|page|policy [fresh]: what the server would answer in the state of
 * tests/unit/test_state_fixture.h, for tests that need it outside of the program.
 */
#include "serve/metrics.h"
#include "serve/page.h"
#include "serve/status.h"

#include "test_state_fixture.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = argc > 2 ? state_fresh() : state_busy();
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "status") == 0)
		status_write(&state, &out);
	else if (strcmp(what, "metrics") == 0)
		metrics_write(&state, &out);
	else if (strcmp(what, "page") == 0)
		buf_add(&out, page_html, page_length);
	else if (strcmp(what, "policy") == 0)
		buf_add_string(&out, page_policy);
	else
		return 2;
	return buf_ok(&out) && fwrite(out.at, 1, out.len, stdout) == out.len ? 0 : 1;
}
