/*
 * What libFuzzer calls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GICV5_STREAM_FUZZ_H
#define GICV5_STREAM_FUZZ_H

/* Once, before any input; the machine is created here. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/*
 * For each input. Returns 0, or -1 for an input that is not worth keeping;
 * ends the process if it finds an error.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
