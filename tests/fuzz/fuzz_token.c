/* Answers with logins: token servers, the ECR API, credential helpers. The first byte chooses. */
#include "fuzz.h"

#include "base/log.h"
#include "base/secret.h"
#include "registry/ecr.h"
#include "registry/helper.h"
#include "registry/token_fetch.h"

enum { NOW = 1790000000 };

static bool parse(unsigned kind, struct str text, struct error *err)
{
	scoped(buf_wipe) struct buf token = {0};
	struct login login = {0};
	int64_t life = 0;
	bool ok;
	if (kind == 0) {
		scoped(http_answer_finish) struct http_answer answer = {.status = 200};
		buf_add_str(&answer.body, text);
		ok = token_fetch_parse(&answer, &token, &life, err);
		require(!ok || (token.len && life >= 0));
		require(!ok || input_printable(buf_str(&token)));
		return ok;
	}
	ok = kind == 1 ? ecr_parse(text, NOW, &login, &life, err) : helper_parse(text, &login, err);
	require(!ok || life >= 0);
	login_finish(&login);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = input_text(data, size);
	struct error err = {0};
	unsigned kind = input_byte(&rest) % 3;
	if (!parse(kind, rest, &err)) {
		require(err.kind == ERROR_CORRUPT);
		scoped(buf_finish) struct buf line = {0};
		log_clean(str_of(err.text), 0, &line);
		require(input_printable(buf_str(&line)));
	}
	secret_forget();
	return 0;
}
