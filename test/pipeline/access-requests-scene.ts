// The scene of packages with a person in it who also goes to school, and short ways to ask for that person.
import { setTimeout as delay } from 'node:timers/promises';
import { expireRequests } from '../../src/pipeline/packages/access-requests/expire-requests.ts';
import type { TestScope } from '../harness/database.ts';
import type { Caller, ServiceOptions } from '../harness/service.ts';
import { type Json, startScene } from './packages-scene.ts';

/** A replacement number, which no person has; `birth(1, …)` makes an event of it. */
export const PERSON = '610190-0001';
const PUPIL_HEADER =
  'kommunekode,skoleaar,elev_ident,institution_nr,klasse_id,gyldig_fra,gyldig_til,cpr,personligt_klassetrin,elevtype,er_tosproget,skoledistrikt,betalingskommune,bopaelskommune,kommunal_tilhoersforhold,bopaelskommune_fra_cpr,produktionssystem';
const pupil = (ident: number, cpr: string) =>
  `615,2024-2025,${ident},615001,"1,A",2024-08-01,,${cpr},1,1,false,,615,615,615,false,kmd-educa`;

const DPO: Caller = { municipality: '615', clientId: 'dpo', scopes: ['access-requests:answer'] };

export async function openPersonScene(t: TestScope, options: ServiceOptions = {}) {
  const scene = await startScene(t, options);
  const { flis, call, fetchAs, until } = scene;

  /** Two pupils of one school year, and their absence. */
  const deliverSchool = async (): Promise<void> => {
    const span = { periodFrom: '2024-08', periodTo: '2025-07' };
    const body = { domain: 'skole', kind: 'total', sourceSystem: 'kmd-educa', ...span };
    const { json } = await call('POST', '/v1/source-deliveries', { body });
    const address = `/v1/source-deliveries/${json.id}`;
    const files = {
      sko_elev: [PUPIL_HEADER, pupil(7001, PERSON.replace('-', '')), pupil(7002, '6101900003')],
      sko_fravaer_dag: [
        'kommunekode,elev_ident,dato,fravaerstype,andel',
        ...['615,7001,2024-09-02,sygdom,1.00', '615,7001,2024-09-03,sygdom,0.50', '615,7002,2024-09-02,sygdom,1.00'],
        '615,7002,2024-10-01,sygdom,1.00',
      ],
    };
    for (const [table, lines] of Object.entries(files)) {
      const headers = { 'content-type': 'text/csv' };
      const put = await call('PUT', `${address}/files/${table}`, { headers, body: `${lines.join('\n')}\n` });
      if (put.status !== 201) throw new Error(put.bytes.toString());
    }
    await call('POST', `${address}/submit`);
    const { state } = await until(address, (delivery) => ['accepted', 'rejected', 'failed'].includes(delivery.state));
    if (state !== 'accepted') throw new Error(JSON.stringify((await call('GET', `${address}/findings`)).json));
  };

  /** Asks and waits for the answer. */
  const ask = async (cpr: string, caller: Caller = DPO): Promise<Json> => {
    const asked = await fetchAs(caller, 'POST', '/v1/access-requests', { body: { cpr } });
    if (asked.status !== 202) throw new Error(asked.bytes.toString());
    for (let tries = 0; tries < 1500; tries += 1) {
      const { json } = await fetchAs(caller, 'GET', asked.headers.get('location') ?? '');
      if (json.state !== 'searching') return json;
      await delay(20);
    }
    throw new Error('the search did not come to an end');
  };

  return {
    ...{ ...scene, deliverSchool, ask, DPO },
    /** Waits until every download has its end in the log. */
    async untilEnded(): Promise<void> {
      const log: Caller = { municipality: '615', clientId: 'log', scopes: ['audit:read'] };
      for (let tries = 0; tries < 500; tries += 1) {
        const { json } = await fetchAs(log, 'GET', '/v1/audit-log?limit=1000');
        if (json.items.every(({ outcome }: Json) => outcome !== 'started')) return;
        await delay(20);
      }
      throw new Error('a download did not end');
    },
    expire: () => {
      const deps = flis.workerDeps;
      if (deps === undefined) throw new Error('no worker');
      return expireRequests(deps.pool, deps.clock);
    },
  };
}
