/* SPDX-License-Identifier: Apache-2.0 */
/*
 * background.h - the chores of a service.
 */
#pragma once

#include "work/chore.h"

/* Fills `all` as chores_open does. `all->arg` must be the struct keeper. */
void background_open(struct chores *all);
/* The row of the keeper, which does a reload. */
const struct chore_row *background_keeper(void);
