/* A secret that was given in place of its file's name must not be in a message about the file. */
#include "config/auth/secret_file.h"

#include "base/file.h"
#include "base/secret.h"

#include <string.h>
#include <unistd.h>

enum { SECRET_MAX = 64 * 1024 };

/* Registers a token or key that was given instead of its file's name. */
static void hide_token(const char *path)
{
	enum { TOKEN_MIN = 20 };
	bool token = !strchr(path, '/') && strlen(path) >= TOKEN_MIN;
	bool key = strpbrk(path, "{\n\"") != NULL;
	if ((token || key) && access(path, F_OK) != 0)
		secret_register(str_of(path));
}

const char *secret_file_text(struct arena *arena, const char *path, struct error *err)
{
	scoped(buf_wipe) struct buf text = buf_limit(SECRET_MAX);
	hide_token(path);
	if (!file_read(path, &text, err)) {
		if (!buf_ok(&text))
			error_set(err, ERROR_CONFIG, "the file is larger than 64 KiB");
		return NULL;
	}
	size_t len = text.len;
	while (len && strchr(" \t\r\n", text.at[len - 1]))
		len--;
	const char *secret = len ? arena_copy(arena, text.at, len) : NULL;
	if (secret && strlen(secret) == len)
		return secret;
	error_set(err, ERROR_CONFIG, "%s is %s", path, len ? "no text" : "empty");
	return NULL;
}

const char *secret_file_read(struct arena *arena, const char *option, const char *path,
			     struct problems *problems)
{
	struct error err = {0};
	const char *secret = secret_file_text(arena, path, &err);
	if (!secret)
		problem_add(problems, NULL, "--%s: %s", option, err.text);
	return secret;
}
