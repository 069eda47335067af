/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/gates.c */
/* Whether the gateways are others (gates.h). */
#include "gates.h"

bool
gates_eq(const struct msg_gateways *a, const struct msg_gateways *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!addr_eq(&a->at[i].gateway, &b->at[i].gateway) ||
		    !addr_eq(&a->at[i].source, &b->at[i].source))
			return false;
	return true;
}
