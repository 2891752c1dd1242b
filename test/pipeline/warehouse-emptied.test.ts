// A delivery that empties or nearly empties what was there is accepted, but never without a finding; a first one, and one that is repaired, without any.
import t from 'tap';
import type { Domain } from '../../src/domains/definition.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { type Delivery, measureChanges, measures, openScene, type Scene, TOY } from './warehouse-scene.ts';

const catalogue = await loadCatalogue();
const domain = (id: string) => catalogue.domain(id) as Domain;

async function openFindings(scene: Scene): Promise<string[]> {
  const { rows } = await scene.owner.query(
    `select rule, period from (select distinct on (rule, table_name, period) rule, period, count from rule_result
     order by rule, table_name, period, revision desc) newest where count > 0 order by 1, 2`,
  );
  return rows.map(({ rule, period }) => `${rule} ${period}`);
}

/** A delivery of `table` with these lines and nothing else. */
const total = (table: string, header: string, lines: readonly string[], from: string, to: string): Delivery => ({
  from,
  to,
  files: { [table]: [header, ...lines].join('\n') },
});

t.test('a slice that loses rows against the one it replaces', async (t) => {
  const scene = await openScene(t, { ...TOY, rules: [] });
  const places = (count: number) =>
    Array.from({ length: count }, (_, index) => `2025-01,${String.fromCharCode(65 + index)},a,1,`);
  const deliver = async (count: number) => {
    const files = { toy_maal: measures(places(count)) };
    const { state, findings } = await scene.deliver({ to: '2025-01', files });
    t.equal(state, 'accepted');
    return findings;
  };
  t.same(await deliver(20), {}, 'the first delivery');
  t.same(await deliver(16), {}, '20 % less is allowed');
  t.same(await deliver(12), { 'DQ07-erstattet-20': 1 });
  t.same(await openFindings(scene), ['DQ07-erstattet-20 2025-01']);
  t.same(await deliver(20), {}, 'growth is no fault');
  t.same(await openFindings(scene), [], 'and closes the finding');
  t.same(await deliver(10), { 'DQ07-erstattet-20': 1 }, 'exactly half is a warning');
  t.same(await deliver(4), { 'DQ07-erstattet-50': 1 });
  const { rows } = await scene.owner.query(
    `select severity, table_name, period, message_da from finding where rule = 'DQ07-erstattet-50'`,
  );
  t.match(rows, [{ severity: 'error', table_name: 'toy_maal', period: '2025-01', message_da: /4 mod 10$/ }]);
  t.same(await deliver(4), {}, 'the same again');
  t.same(await openFindings(scene), ['DQ07-erstattet-50 2025-01'], 'leaves the finding open');
  t.same(await deliver(2), {}, 'of so few rows some may go');
  t.same(await deliver(0), { 'DQ07-erstattet-50': 1 }, 'but not all');
  const one = measureChanges(['U,2025-01,A,a,1,']);
  await scene.deliver({ kind: 'delta', sequence: 1, to: '2025-01', files: { toy_maal: one } });
  const none = measureChanges(['D,2025-01,A,,,']);
  const emptied = await scene.deliver({ kind: 'delta', sequence: 2, to: '2025-01', files: { toy_maal: none } });
  t.same(emptied.findings, { 'DQ07-erstattet-50': 1 }, 'a delta can empty a slice too');
});

t.test('borger', async (t) => {
  const scene = await openScene(t, domain('borger'), '825');
  const header = 'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal';
  const months = (year: string, count: number) =>
    Array.from(
      { length: count },
      (_, index) => `825,${year}-${String(index + 1).padStart(2, '0')},ialt,0,125,ialt,ialt,ialt,ialt,1683`,
    );
  const deliver = async (year: string, count: number) =>
    (
      await scene.deliver({
        ...total('bor_befolkning', header, months(year, count), `${year}-01`, `${year}-12`),
        source: 'cpr',
      })
    ).findings;
  t.same(await deliver('2024', 12), {}, 'the first delivery');
  t.same(await deliver('2025', 3), {}, 'a year under way');
  t.same(await deliver('2025', 0), { 'DQ07-befolkning-50': 1, 'DQ07-erstattet-50': 1 }, 'emptied');
  t.same(await deliver('2024', 1), { 'DQ07-erstattet-50': 1 });
  t.same(await deliver('2024', 0), { 'DQ07-erstattet-50': 1 });
  t.same(await deliver('2024', 12), { 'DQ07-befolkning-50': 1 }, 'repaired; 2025 is not');
  t.same(await openFindings(scene), ['DQ07-befolkning-50 2025', 'DQ07-erstattet-50 2025']);
  t.same(await deliver('2025', 12), {});
  t.same(await openFindings(scene), []);
});

t.test('oekonomi', async (t) => {
  const scene = await openScene(t, domain('oekonomi'));
  const table = domain('oekonomi').tables.find(({ name }) => name === 'oko_regnskab');
  const header = (table?.columns ?? []).map(({ name }) => name).join(',');
  const cells: Readonly<Record<string, string>> = {
    kommunekode: '615',
    hovedkonto: '3',
    hovedfunktion: '22',
    funktion: '01',
    dranst: '1',
    ejerforhold: '1',
    gruppering: '001',
    art: '10',
    registreringskonto: '1',
    omkostningssted: '""',
  };
  const booked = (year: string, count: number) =>
    Array.from({ length: count * 2 }, (_, index) => {
      const own = {
        ...cells,
        regnskabsaar: year,
        periode: String(Math.floor(index / 2) + 1),
        art: index % 2 === 0 ? '10' : '20',
        beloeb: index % 2 === 0 ? '1.00' : '-1.00',
      };
      return header
        .split(',')
        .map((name) => (own as Record<string, string>)[name] ?? '')
        .join(',');
    });
  const deliver = async (year: string, count: number, source = 'prisme') => {
    const { state, findings } = await scene.deliver({
      ...total('oko_regnskab', header, booked(year, count), `${year}-01`, `${year}-12`),
      source,
    });
    t.equal(state, 'accepted');
    const { 'DQ06-regnskab': _, ...rest } = findings;
    return rest;
  };
  t.same(await deliver('2024', 12), {});
  t.same(await deliver('2025', 0), { 'DQ07-aarsskifte-stor': 1, DQ25: 12 });
  t.same(await deliver('2025', 12), {});
  t.same(await deliver('2025', 0), { 'DQ07-aarsskifte-stor': 1, DQ25: 12, 'DQ07-erstattet-50': 1 });
  t.same(await deliver('2024', 2), { 'DQ07-erstattet-50': 1 });
  t.same(await deliver('2099', 0), {}, 'a year that has not come');
  for (const [drawn, found] of [
    ['2023-02-28', {}],
    ['2023-03-01', { DQ25: 1 }],
  ] as const) {
    const delivery = { ...total('oko_regnskab', header, [], '2023-01', '2023-12'), source: 'prisme' };
    const id = await scene.submit(delivery);
    await scene.owner.query('update source_delivery set extracted_on = $2 where source_delivery_id = $1', [id, drawn]);
    // The same slice again would not be new.
    await scene.owner.query(`delete from slice_change where period = '2023'`);
    await scene.load(id);
    t.same(await scene.countsOf(id), found, `drawn on ${drawn}`);
  }
});

t.test('skole', async (t) => {
  const scene = await openScene(t, domain('skole'));
  const source = 'kmd-educa';
  const days = ['2024-09', '2024-10', '2024-11', '2024-12'].map((month) => `615,2024-2025,${month}-02,`);
  const calendar = 'kommunekode,skoleaar,dato,institution_nr';
  const quoted = days.map((line) => `${line}""`);
  await scene.deliver({ ...total('sko_skoledag', calendar, quoted, '2024-08', '2025-07'), source });
  const absent = (month: string, count: number) =>
    Array.from({ length: count }, (_, index) => `615,${index + 1},${month}-02,sygdom,1.00`);
  const header = 'kommunekode,elev_ident,dato,fravaerstype,andel';
  const deliver = async (month: string, count: number) => {
    const { findings } = await scene.deliver({
      ...total('sko_fravaer_dag', header, absent(month, count), month, month),
      source,
    });
    const { 'DQ06-fravaer': _, DQ25: __, ...rest } = findings;
    return rest;
  };
  for (const month of ['2024-09', '2024-10', '2024-11']) t.same(await deliver(month, 20), {});
  t.same(await deliver('2024-12', 0), { 'DQ07-50-fravaer': 1 });
  t.same(await deliver('2024-12', 20), {});
  t.same(await deliver('2024-12', 0), { 'DQ07-50-fravaer': 1, 'DQ07-erstattet-50': 1 });
});
