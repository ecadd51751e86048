/*
 * Passwords are known here only once they are read, so what other programs were given is found by
 * the names of variables.
 */
#include "base/secret_environment.h"

#include "base/secret.h"

#include <string.h>
#include <strings.h>

extern char **environ;

static bool same_letters(struct str text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

/*
 * True when the name of a variable suggests a secret. A job, a runner or a shell may have set it
 * for other programs; this process does not need it. All inputs of an Action count, since an input
 * may hold the text of a whole file.
 */
static bool telling_name(struct str name)
{
	static const char *const parts[] = {"TOKEN",      "PASSW",  "PWD",        "SECRET",
					    "CREDENTIAL", "APIKEY", "PASSPHRASE", "PRIVATE"};
	static const char *const words[] = {"AUTH", "KEY", "KEYS", "PASS", "PAT", "JWT", "COOKIE"};
	if (same_letters(name, "PWD") || same_letters(name, "OLDPWD"))
		return false;
	for (size_t at = 0; at < name.len; at++)
		for (size_t i = 0; i < array_count(parts); i++)
			if (same_letters(str_head(str_from(name, at), strlen(parts[i])), parts[i]))
				return true;
	for (struct str word; str_cut(&name, '_', &word);)
		for (size_t i = 0; i < array_count(words); i++)
			if (same_letters(word, words[i]))
				return true;
	return false;
}

void secret_environment_leave(void)
{
	for (char **variable = environ; variable && *variable; variable++) {
		struct str name = {0}, value = str_of(*variable);
		str_cut(&value, '=', &name);
		if (secret_revealed(value) || telling_name(name) || str_starts(name, "INPUT_"))
			explicit_bzero((void *)(uintptr_t)value.at, value.len);
	}
}
