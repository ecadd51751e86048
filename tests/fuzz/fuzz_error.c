/*
 * Refusals: an answer's status, headers and body become an error, then a line of the log. First
 * byte the status, first line the headers (with '|' between them), the rest is the body.
 */
#include "fuzz.h"

#include "base/log.h"
#include "base/secret.h"
#include "registry/answer.h"
#include "registry/explain.h"
#include "registry/push.h"

static const char canary[] = "Canary-Pa55word";

static void fill(struct http_answer *answer, struct str rest)
{
	struct str head = input_part(&rest, '\n');
	while (head.len) {
		struct str line = input_part(&head, '|');
		buf_add_str(&answer->headers, line);
		buf_add_char(&answer->headers, '\n');
	}
	buf_add_str(&answer->body, rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(buf_finish) struct buf line = {0};
	struct str rest = input_text(data, size);
	struct error err = {0};
	secret_register(STR("Canary-Pa55word"));
	answer.status = 400 + (int)input_byte(&rest) % 200;
	fill(&answer, rest);
	struct push_answer said;
	answer_has_code(&answer, "BLOB_UNKNOWN");
	push_read_refusal(&answer, "sha256:0", &said);
	require(!said.vague || said.incomplete);
	require(!said.missing[0] || digest_valid(str_of(said.missing)));
	answer_limited(&answer);
	require(answer_no_page(&answer, "x", &err) || !strstr(err.text, canary));
	require(!answer_error(&answer, &err));
	require(err.kind != ERROR_NONE && err.http_status == answer.status);
	require(err.retry_after >= -1 && strlen(err.text) < sizeof(err.text));
	require(!strstr(err.text, canary));
	struct refusal refusal = {.host = "reg.test",
				  .repository = "team/app",
				  .place = "auth.yaml:1:1",
				  .scope = "repository:team/app:pull",
				  .target = answer.status % 2,
				  .listing = answer.status % 3 == 0};
	require(!explain_refusal(&refusal, &err));
	require(!strstr(err.text, canary));
	log_clean(str_of(err.text), 0, &line);
	require(input_printable(buf_str(&line)) && !strstr(buf_string(&line), canary));
	secret_forget();
	return 0;
}
