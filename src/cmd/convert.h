/* The command `convert`: a file of another program as one of ours, or the other way round. */
#pragma once

/* argv[0] is the name of the command. Returns the exit status. */
int convert_run(int argc, char **argv);
