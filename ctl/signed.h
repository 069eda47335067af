/* SPDX-License-Identifier: ISC */
/* file: ctl/signed.h */
#ifndef SIGNED_H
#define SIGNED_H

#include <stdio.h>

#include "newcomer.h"

/*
 * What is carried by hand between a machine and the one that signs.
 *
 *	request		"mesh1-request BASE64": JOIN_REQUEST octets, id zero
 *	answer		the certificate file (bundle.h), and two more kinds of
 *			lines: "secret BASE64", "contact KEY ADDRESS:PORT
 *DHTPORT"
 */
#define SIGNED_REQUEST_MAX 256
#define SIGNED_MAX (BUNDLE_TEXT_MAX + 1024)

/* A line with its newline. */
void signed_request_put(
    char out[SIGNED_REQUEST_MAX], const struct join_request *);
/* 0, or -1: it is not one */
int signed_request_get(const char *text, struct join_request *);

/* Its length, 0: does not fit. */
size_t signed_put(char out[SIGNED_MAX], const struct bundle *,
    const struct contact *, unsigned n);
/* 0, or -1 and why; text is written to. */
int signed_get(char *text, struct bundle *, struct contact *, uint8_t *n,
    const char **why);
/* From the file that --file names, into the newcomer; reports. */
int signed_read(struct newcomer *);

#endif
