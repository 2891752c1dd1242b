// What PostgreSQL's clock has done to the queue while it ran ahead: jobs that wait, and work of the queue itself that was last done, at a time that is still to
// come once the clock is right again. They would wait until then.
import type { PgBoss } from 'pg-boss';

/** No job of ours is put off for longer than its retries are apart. */
const LONGEST_WAIT = `interval '5 minutes'`;

/** In the order in which they were sent, after all that were sent before. */
const WAITING = (schema: string) => `
  update ${schema}.job j set start_after = now(), created_on = now() + place * interval '1 microsecond'
    from (select name, id, row_number() over (order by created_on) as place from ${schema}.job
           where state < 'active' and start_after > now() + ${LONGEST_WAIT}) late
   where j.name = late.name and j.id = late.id`;

/** A worker that lives says so again within seconds. */
const RUNNING = (schema: string) => `
  update ${schema}.job set started_on = now(), heartbeat_on = now()
   where state = 'active' and (started_on > now() + ${LONGEST_WAIT} or heartbeat_on > now() + ${LONGEST_WAIT})`;

const UPKEEP = (schema: string) => `
  update ${schema}.queue set monitor_claim_on = null, monitor_on = null, maintain_on = null
   where greatest(monitor_claim_on, monitor_on, maintain_on) > now() + ${LONGEST_WAIT}`;

/** Brings what lies too far in the future back to now. Any number of workers may do so at once. */
export async function mendTimes(boss: PgBoss, schema: string): Promise<void> {
  const db = boss.getDb();
  for (const statement of [WAITING, RUNNING, UPKEEP]) await db.executeSql(statement(schema), []);
}
