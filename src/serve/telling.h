/* What a server tells of itself: to people, to monitors, and to those who wait for it. */
#pragma once

#include "serve/asking.h"

void telling_page(const struct asking *asking);
void telling_status(const struct asking *asking);
void telling_metrics(const struct asking *asking);
void telling_health(const struct asking *asking);
void telling_readiness(const struct asking *asking);
