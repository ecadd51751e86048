/* While this is not 0, allocations of this thread do not fail on purpose: a stand-in is at work. */
#pragma once

static _Thread_local unsigned spared;
