/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/fence.c */
/* When a flow may change its stream: see fence.h. */
#include "fence.h"

static uint64_t
patience(const struct fence_path *p)
{
	uint64_t wait_ms = p->rtt_us / 1000 + FENCE_WAIT_MS / 2;

	if (p->silent_ms < FENCE_ALIVE_MS && p->deaf_ms < FENCE_ALIVE_MS)
		return FENCE_WAIT_ALIVE_MS;
	/* we hear the peer, whether it hears us is not sure */
	if (p->silent_ms < FENCE_ALIVE_MS || wait_ms > FENCE_WAIT_MAX_MS)
		return FENCE_WAIT_MAX_MS;
	return wait_ms < FENCE_WAIT_MS ? FENCE_WAIT_MS : wait_ms;
}

void
fence_raise(struct fence *f, uint64_t now_ms, uint64_t token,
    const struct fence_path *path)
{
	*f = (struct fence){.up = true,
	    .token = token,
	    .due_ms = now_ms + patience(path),
	    .again_ms = now_ms + FENCE_AGAIN_MS,
	    .gap_ms = FENCE_AGAIN_MS};
}

bool
fence_again(struct fence *f, uint64_t now_ms)
{
	if (!f->up || f->passed || now_ms < f->again_ms)
		return false;
	f->gap_ms *= 2;
	f->again_ms = now_ms + f->gap_ms;
	return true;
}

bool
fence_ack(struct fence *f, uint64_t token)
{
	if (!f->up || f->token != token)
		return false;
	f->passed = true;
	return true;
}

bool
fence_over(const struct fence *f, uint64_t now_ms)
{
	return f->up && (f->passed || now_ms >= f->due_ms);
}

bool
fence_is_idle(uint64_t idle_ms, uint32_t spread_us)
{
	return idle_ms >= FENCE_IDLE_MS + spread_us / 1000;
}

uint64_t
fence_due(const struct fence *f)
{
	if (!f->up)
		return UINT64_MAX;
	if (f->passed)
		return 0;
	return f->again_ms < f->due_ms ? f->again_ms : f->due_ms;
}

void
fence_drop(struct fence *f)
{
	*f = (struct fence){0};
}
