/*
 * As in the original, the suffix decides whether a file is JSON, but here in upper or lower case.
 * A file with any other name is read as YAML, which includes very nearly all of JSON.
 */
#include "config/document.h"

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "doc/json.h"
#include "doc/yaml.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_nocase(struct str text, const char *suffix)
{
	size_t len = strlen(suffix);
	return text.len >= len && str_equal_nocase(str_from(text, text.len - len), str_of(suffix));
}

/* False when the file is known to be larger than the limit. */
static bool look_at(const char *path, unsigned *mode)
{
	struct stat info;
	bool regular = strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode);
	*mode = regular ? info.st_mode & 0777 : 0;
	return !regular || info.st_size <= NODE_BYTES_MAX;
}

static bool refuse_size(const struct document *document, struct problems *problems)
{
	problem_add(problems, document->name, "the file is larger than %d MiB",
		    NODE_BYTES_MAX / 1024 / 1024);
	return false;
}

static bool tell(const struct document *document, const struct error *err,
		 struct problems *problems)
{
	if (err->kind == ERROR_CONFIG)
		problem_add(problems, NULL, "%s:%s", document->name, err->text);
	else
		problem_add(problems, document->name, "%s", err->text);
	return false;
}

/* Registers passwords in URLs, wherever in the document they are, as secrets. */
static void hide(const struct node *node)
{
	secret_suspect(node->text);
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == NODE_MAP)
			secret_suspect(node->keys[i]->text);
		hide(node->items[i]);
	}
}

/* True when path looks like a document instead of a file's name: it may hold passwords. */
static bool is_content(const char *path)
{
	return strpbrk(path, "{\n\"") || strstr(path, ": ");
}

/* Reads the file that out names into text. */
static bool read_text(const char *path, struct document *out, struct buf *text,
		      struct problems *problems)
{
	struct error err;
	if (!look_at(path, &out->mode))
		return refuse_size(out, problems);
	if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO))
		log_info("reading from the terminal, up to Ctrl-D in a line of its own");
	if (file_read(path, text, &err))
		return true;
	if (!buf_ok(text))
		return refuse_size(out, problems);
	if (is_content(path))
		problem_add(problems, NULL,
			    "expected the name of a file, found what looks like its content: write "
			    "it to a file and give the file's name");
	else
		problem_add(problems, NULL, "%s", err.text);
	return false;
}

static bool read_as(struct arena *arena, const char *path, bool json, struct document *out,
		    char digest[DIGEST_TEXT_SIZE], struct problems *problems)
{
	struct error err;
	*out = (struct document){.name = strcmp(path, "-") == 0 ? "stdin" : path, .json = json};
	scoped(buf_wipe) struct buf text = buf_limit(NODE_BYTES_MAX);
	if (!read_text(path, out, &text, problems))
		return false;
	if (digest)
		digest_of(buf_str(&text), digest);
	bool read = out->json ? json_read_file(arena, buf_str(&text), &out->root, &err)
			      : yaml_read(arena, buf_str(&text), &out->root, &err);
	if (read)
		hide(out->root);
	return read || tell(out, &err, problems);
}

/* Reads YAML as one document, which has the better messages, else as a stream. */
static bool read_yaml(struct arena *arena, struct document *out, struct error *err)
{
	struct error ignored;
	if (yaml_read(arena, out->text, &out->root, err))
		return true;
	if (err->kind != ERROR_CONFIG ||
	    !yaml_read_stream(arena, out->text, &out->root, &out->stream, &ignored))
		return false;
	out->fault = arena_string(arena, err->text);
	return out->fault || error_memory(err);
}

static const struct node nothing = {.kind = NODE_NULL, .line = 1, .column = 1};

/* Parses the text of out. */
static bool parse_any(struct arena *arena, bool (*are_lines)(const char *name, struct str text),
		      struct document *out, struct problems *problems)
{
	struct error err;
	out->lines = !out->json && are_lines(out->name, out->text);
	if (out->lines)
		return true;
	bool read = out->json ? json_read_file(arena, out->text, &out->root, &err)
			      : read_yaml(arena, out, &err);
	if (read)
		hide(out->root);
	return read || tell(out, &err, problems);
}

/* Replaces the text by a copy in arena. */
static bool keep_text(struct arena *arena, struct document *out, struct problems *problems)
{
	out->text.at = arena_copy(arena, out->text.at, out->text.len);
	if (!out->text.at)
		problem_add(problems, out->name, "out of memory");
	return out->text.at != NULL;
}

static bool read_any(struct arena *arena, const char *path,
		     bool (*are_lines)(const char *name, struct str text), bool whole,
		     struct document *out, struct problems *problems)
{
	*out = (struct document){.name = strcmp(path, "-") == 0 ? "stdin" : path,
				 .json = ends_nocase(str_of(path), ".json"),
				 .root = &nothing};
	scoped(buf_wipe) struct buf text = buf_limit(NODE_BYTES_MAX);
	if (!read_text(path, out, &text, problems))
		return false;
	out->text = buf_str(&text);
	bool read = parse_any(arena, are_lines, out, problems);
	if (whole || out->lines)
		return keep_text(arena, out, problems) && read;
	out->text = (struct str){0};
	return read;
}

bool document_read_any(struct arena *arena, const char *path,
		       bool (*are_lines)(const char *name, struct str text), struct document *out,
		       struct problems *problems)
{
	return read_any(arena, path, are_lines, false, out, problems);
}

bool document_read_whole(struct arena *arena, const char *path,
			 bool (*are_lines)(const char *name, struct str text), struct document *out,
			 struct problems *problems)
{
	return read_any(arena, path, are_lines, true, out, problems);
}

bool document_parse_any(struct arena *arena, const char *name, const char *text,
			bool (*are_lines)(const char *name, struct str text), struct document *out,
			struct problems *problems)
{
	*out = (struct document){.name = name,
				 .input = true,
				 .json = text[strspn(text, " \t\r\n")] == '{',
				 .root = &nothing,
				 .text = str_of(text)};
	struct error ignored;
	out->json = out->json && json_read_file(arena, out->text, &out->root, &ignored);
	return parse_any(arena, are_lines, out, problems);
}

bool document_read(struct arena *arena, const char *path, struct document *out,
		   struct problems *problems)
{
	return read_as(arena, path, ends_nocase(str_of(path), ".json"), out, NULL, problems);
}

bool document_read_json(struct arena *arena, const char *path, struct document *out,
			struct problems *problems)
{
	return read_as(arena, path, true, out, NULL, problems);
}

bool document_read_hashed(struct arena *arena, const char *path, struct document *out,
			  char digest[DIGEST_TEXT_SIZE], struct problems *problems)
{
	return read_as(arena, path, true, out, digest, problems);
}

bool document_parse(struct arena *arena, const char *name, const char *text, struct document *out,
		    struct problems *problems)
{
	struct error err;
	struct str whole = str_of(text);
	*out = (struct document){.name = name, .input = true};
	out->json = text[strspn(text, " \t\r\n")] == '{' &&
		    json_read_file(arena, whole, &out->root, &err);
	if (!out->json && !yaml_read(arena, whole, &out->root, &err))
		return tell(out, &err, problems);
	hide(out->root);
	return true;
}

const char *document_place(struct arena *arena, const struct document *document,
			   const struct node *node)
{
	char *place = arena_printf(arena, "%s:%d:%d", document->name, node->line, node->column);
	return place ? place : document->name;
}

void document_guard(struct arena *arena, const struct document *document, const struct node *node,
		    struct problems *problems)
{
	if (document->input)
		problem_warn(problems, document_place(arena, document, node),
			     "a secret is written here, and the log of a job shows its inputs: "
			     "write ${NAME} and set the variable with env: on the step");
	else if (document->mode & 077)
		problem_warn(problems, document_place(arena, document, node),
			     "a secret is written here, and other users can read this file (mode "
			     "%04o): chmod 600 %s, or write ${NAME} and set the variable",
			     document->mode, document->name);
}

void document_refuse(const struct document *document, struct problems *problems)
{
	problem_add(problems, NULL, "%s:%s", document->name, document->fault);
}
