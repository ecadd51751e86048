/* image-syncer request: mirrors what a free text asks for, as far as a policy allows it. */
#pragma once

/* argv[0] is the name. Returns the exit status. */
int request_run(int argc, char **argv);
