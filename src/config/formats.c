/*
 * The forms of one option differ in their shape, so that nobody has to say which program a file was
 * written for. The last row of each option takes every document: a file in no known form gets the
 * messages of that form.
 */
#include "config/formats.h"

#include "config/auth/auth_file.h"
#include "config/legacy_file.h"
#include "config/rules/images_file.h"
#include "config/rules/kyma_file.h"

static void read_auth(const struct formats_reading *reading)
{
	auth_file_read(reading->arena, reading->document, reading->lookup,
		       &reading->out->credentials, reading->problems);
}

static bool recognise_kyma(const struct formats_reading *reading)
{
	return kyma_file_recognise(reading->document, reading->options->target_repo_prefix != NULL);
}

static void read_kyma(const struct formats_reading *reading)
{
	struct config *out = reading->out;
	out->kyma = true;
	kyma_file_read(reading->arena, reading->document, reading->options, &out->rules,
		       &out->kyma_prefix, reading->problems);
}

static void read_images(const struct formats_reading *reading)
{
	images_file_read(reading->arena, reading->document, reading->lookup, &reading->out->rules,
			 reading->problems);
}

static void read_legacy(const struct formats_reading *reading)
{
	legacy_file_read(reading->arena, reading->document, reading->lookup,
			 &reading->out->credentials, &reading->out->rules, reading->problems);
}

static const struct format table[] = {
	{"an auth file", FORMATS_AUTH, NULL, read_auth},
	{"an images file of kyma's image-syncer", FORMATS_IMAGES, recognise_kyma, read_kyma},
	{"an images file", FORMATS_IMAGES, NULL, read_images},
	{"a file of old releases, with auth and images", FORMATS_CONFIG, NULL, read_legacy},
};

const struct format *formats_find(const struct formats_reading *reading, enum formats_option option)
{
	const struct format *row = table;
	while (row->option != option || (row->recognise && !row->recognise(reading)))
		row++;
	return row;
}
