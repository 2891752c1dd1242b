// Limits for tests: the real limiter, by default with limits that no test reaches.
import { Registry } from 'prom-client';
import { createLimiter, type Limiter, type RateLimits } from '../../src/access/index.ts';

const WIDE = { rate: 1e6, burst: 1e6 };

export function testLimiter(limits: Partial<RateLimits> = {}): Limiter {
  return createLimiter({
    limits: { client: WIDE, clientMunicipality: WIDE, address: WIDE, processes: 1, ...limits },
    metrics: new Registry(),
  });
}

/** Settings for tests that ask more often than anybody may. */
export const WITHOUT_LIMITS = {
  FLIS_FAILURE_RATE: '1000000',
  FLIS_CLIENT_RATE: '1000000',
  FLIS_CLIENT_MUNICIPALITY_RATE: '1000000',
};
