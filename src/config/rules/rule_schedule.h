/*
 * When serve runs a rule that has times of its own. Every other command runs all rules at once.
 *
 * Plain record in the configuration's arena. One of the two texts is NULL; the other one has been
 * checked, so that duration_read() or cron_parse() takes it.
 */
#pragma once

#include "config/fields.h"

struct rule_schedule {
	struct placed every; /* a period, as that of --every */
	struct placed cron;  /* times, as those of --cron */
};
