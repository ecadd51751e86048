/* Reads the fields of a rule's mapping that say when serve runs it. */
#pragma once

#include "config/fields.h"
#include "config/rules/rule_schedule.h"

/* Its fields, with those of the terms beside them. */
extern const struct fields_table schedule_fields;

/*
 * What map says, NULL: nothing. All mistakes go to problems, also a period or a crontab that is
 * none. In the zone of the process, which may change later, as everything that is a crontab.
 */
const struct rule_schedule *schedule_fields_read(const struct fields_reading *reading,
						 const struct node *map);
