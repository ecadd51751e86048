/* image-syncer plan: a dry run that writes down what apply is to do. */
#pragma once

/* Runs the command. argv[0] is its name. Returns the exit status. */
int plan_run(int argc, char **argv);
