/*
 * Code scanning shows only results that have a file. What belongs to no place of a file, such as an
 * option, is shown at the file that was read first.
 */
#include "report/findings.h"

#include "base/place.h"
#include "doc/json_writer.h"
#include "report/annotation.h"

#include <stdlib.h>
#include <string.h>

struct findings_item {
	struct str line, text; /* text: without the place */
	struct place place;    /* zeroed: it has none */
	enum findings_kind kind;
	size_t number;
};

static const struct {
	const char *id, *level, *help;
} kinds[FINDINGS_KINDS] = {
	[FINDINGS_MISTAKE] = {"mistake", "error", "A run refuses to begin."},
	[FINDINGS_DOUBTFUL] = {"doubtful", "warning", "A run begins with a warning."},
	[FINDINGS_DUPLICATE] = {"duplicate", "warning",
				"Two rules copy the same image to the same destination."},
	[FINDINGS_SHADOWED] = {"shadowed", "warning",
			       "Another rule copies all that this rule copies."},
	[FINDINGS_CONFLICT] = {"conflict", "warning",
			       "Two rules may want different images at the same destination, or "
			       "the same image on different terms."},
	[FINDINGS_UNSORTED] = {"unsorted", "warning", "An entry is not in alphabetical order."},
};

static const char *const formats[] = {[FINDINGS_TEXT] = "text",
				      [FINDINGS_JSON] = "json",
				      [FINDINGS_SARIF] = "sarif",
				      [FINDINGS_ANNOTATIONS] = "annotations"};

bool findings_format_named(const char *name, enum findings_format *out)
{
	for (size_t i = 0; i < array_count(formats); i++) {
		if (strcmp(name, formats[i]) != 0)
			continue;
		*out = (enum findings_format)i;
		return true;
	}
	return false;
}

static size_t count_lines(struct str lines)
{
	size_t count = 0;
	for (struct str line; str_cut(&lines, '\n', &line);)
		count += line.len > 0;
	return count;
}

bool findings_add(struct findings *findings, enum findings_kind kind, struct str lines)
{
	size_t most = findings->count + count_lines(lines);
	struct findings_item *items = arena_array(findings->arena, most + 1, sizeof(*items));
	if (!items)
		return false;
	if (findings->count)
		memcpy(items, findings->items, findings->count * sizeof(*items));
	findings->items = items;
	for (struct str line; str_cut(&lines, '\n', &line);) {
		struct findings_item *finding = &items[findings->count];
		if (!line.len)
			continue;
		*finding = (struct findings_item){
			.line = line, .kind = kind, .number = findings->count++};
		place_split(line, &finding->place, &finding->text);
		findings->errors += kind == FINDINGS_MISTAKE;
		findings->warnings += kind != FINDINGS_MISTAKE;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct findings_item *one = a, *two = b;
	int order = place_compare(&one->place, &two->place);
	return order ? order : (one->number > two->number) - (one->number < two->number);
}

/* --- text ---------------------------------------------------------------------------------- */

static void add_count(struct buf *out, size_t count, const char *what)
{
	if (count)
		buf_printf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
	else
		buf_printf(out, "no %ss", what);
}

static void write_text(const struct findings *findings, const struct findings_about *about,
		       struct buf *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct findings_item *finding = &findings->items[i];
		size_t place = finding->line.len - finding->text.len;
		buf_printf(out, "%.*s%s: %.*s\n", STR_ARGS(str_head(finding->line, place)),
			   kinds[finding->kind].level, STR_ARGS(finding->text));
	}
	add_count(out, findings->errors, "error");
	buf_add_string(out, ", ");
	add_count(out, findings->warnings, "warning");
	buf_add_string(out, " in ");
	add_count(out, about->rules, "rule");
	buf_add_char(out, '\n');
}

static void write_annotations(const struct findings *findings, const struct findings_about *about,
			      struct buf *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct findings_item *finding = &findings->items[i];
		annotation_problem(kinds[finding->kind].level, finding->line, about->workspace,
				   out);
		buf_add_char(out, '\n');
	}
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void name_text(struct json_writer *json, const char *name, struct str text)
{
	scoped(buf_finish) struct buf copy = {0};
	buf_add_str(&copy, text);
	json_writer_name(json, name);
	json_writer_string(json, buf_string(&copy));
	json->out->failed |= !buf_ok(&copy);
}

static void name_int(struct json_writer *json, const char *name, int64_t value)
{
	json_writer_name(json, name);
	json_writer_int(json, value);
}

static void write_finding(struct json_writer *json, const struct findings_item *finding)
{
	json_writer_open_object(json);
	name_text(json, "severity", str_of(kinds[finding->kind].level));
	name_text(json, "kind", str_of(kinds[finding->kind].id));
	if (finding->place.file.len) {
		name_text(json, "file", finding->place.file);
		name_int(json, "line", finding->place.line);
		name_int(json, "column", finding->place.column);
	}
	name_text(json, "message", finding->text);
	json_writer_close_object(json);
}

static void write_json(const struct findings *findings, const struct findings_about *about,
		       struct buf *out)
{
	struct json_writer json = {.out = out};
	json_writer_open_object(&json);
	name_int(&json, "version", 1);
	name_int(&json, "rules", (int64_t)about->rules);
	name_int(&json, "errors", (int64_t)findings->errors);
	name_int(&json, "warnings", (int64_t)findings->warnings);
	json_writer_name(&json, "findings");
	json_writer_open_list(&json);
	for (size_t i = 0; i < findings->count; i++)
		write_finding(&json, &findings->items[i]);
	json_writer_close_list(&json);
	json_writer_close_object(&json);
	buf_add_char(out, '\n');
}

/* --- SARIF --------------------------------------------------------------------------------- */

static void open_named(struct json_writer *json, const char *name)
{
	json_writer_name(json, name);
	json_writer_open_object(json);
}

static void name_message(struct json_writer *json, const char *name, struct str text)
{
	open_named(json, name);
	name_text(json, "text", text);
	json_writer_close_object(json);
}

static void write_tool(struct json_writer *json, const struct findings_about *about)
{
	open_named(json, "tool");
	open_named(json, "driver");
	name_text(json, "name", STR("image-syncer"));
	name_text(json, "version", str_of(about->version));
	json_writer_name(json, "rules");
	json_writer_open_list(json);
	for (size_t i = 0; i < FINDINGS_KINDS; i++) {
		json_writer_open_object(json);
		name_text(json, "id", str_of(kinds[i].id));
		name_message(json, "shortDescription", str_of(kinds[i].help));
		open_named(json, "defaultConfiguration");
		name_text(json, "level", str_of(kinds[i].level));
		json_writer_close_object(json);
		json_writer_close_object(json);
	}
	json_writer_close_list(json);
	json_writer_close_object(json);
	json_writer_close_object(json);
}

/* A path as a reference of RFC 3986: relative, or below file://. */
static void name_path(struct json_writer *json, struct str path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";
	scoped(buf_finish) struct buf uri = {0};
	buf_add_string(&uri, str_starts(path, "/") ? "file://" : "");
	for (size_t i = 0; i < path.len; i++) {
		if (memchr(plain, path.at[i], sizeof(plain) - 1))
			buf_add_char(&uri, path.at[i]);
		else
			buf_printf(&uri, "%%%02X", (unsigned)(unsigned char)path.at[i]);
	}
	name_text(json, "uri", str_starts(path, "./") ? str_from(buf_str(&uri), 2) : buf_str(&uri));
	json->out->failed |= !buf_ok(&uri);
}

static void write_location(struct json_writer *json, const struct findings_item *finding,
			   const struct findings_about *about)
{
	bool placed = finding->place.file.len > 0;
	if (!placed && !about->file)
		return;
	json_writer_name(json, "locations");
	json_writer_open_list(json);
	json_writer_open_object(json);
	open_named(json, "physicalLocation");
	open_named(json, "artifactLocation");
	name_path(json, placed ? finding->place.file : str_of(about->file));
	json_writer_close_object(json);
	if (placed && finding->place.line && finding->place.column) {
		open_named(json, "region");
		name_int(json, "startLine", finding->place.line);
		name_int(json, "startColumn", finding->place.column);
		json_writer_close_object(json);
	}
	json_writer_close_object(json);
	json_writer_close_object(json);
	json_writer_close_list(json);
}

static void write_results(struct json_writer *json, const struct findings *findings,
			  const struct findings_about *about)
{
	json_writer_name(json, "results");
	json_writer_open_list(json);
	for (size_t i = 0; i < findings->count; i++) {
		const struct findings_item *finding = &findings->items[i];
		json_writer_open_object(json);
		name_text(json, "ruleId", str_of(kinds[finding->kind].id));
		name_int(json, "ruleIndex", (int64_t)finding->kind);
		name_text(json, "level", str_of(kinds[finding->kind].level));
		name_message(json, "message", finding->text);
		write_location(json, finding, about);
		json_writer_close_object(json);
	}
	json_writer_close_list(json);
}

static void write_sarif(const struct findings *findings, const struct findings_about *about,
			struct buf *out)
{
	struct json_writer json = {.out = out};
	json_writer_open_object(&json);
	name_text(&json, "$schema", STR("https://json.schemastore.org/sarif-2.1.0.json"));
	name_text(&json, "version", STR("2.1.0"));
	json_writer_name(&json, "runs");
	json_writer_open_list(&json);
	json_writer_open_object(&json);
	write_tool(&json, about);
	name_text(&json, "columnKind", STR("unicodeCodePoints"));
	write_results(&json, findings, about);
	json_writer_close_object(&json);
	json_writer_close_list(&json);
	json_writer_close_object(&json);
	buf_add_char(out, '\n');
}

void findings_write(struct findings *findings, enum findings_format format,
		    const struct findings_about *about, struct buf *out)
{
	static void (*const writers[])(const struct findings *findings,
				       const struct findings_about *about, struct buf *out) = {
		[FINDINGS_TEXT] = write_text,
		[FINDINGS_JSON] = write_json,
		[FINDINGS_SARIF] = write_sarif,
		[FINDINGS_ANNOTATIONS] = write_annotations,
	};
	if (findings->count)
		qsort(findings->items, findings->count, sizeof(*findings->items), compare);
	writers[format](findings, about, out);
}
