// Prices and invoice bases: exact to the øre, checked by hand, and the same bytes whatever happens later.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import t from 'tap';
import { MUNICIPALITIES } from '../../src/domains/municipalities.ts';
import { invoiceTotal, joiningFeeOf, linesOf, quarterOf } from '../../src/pipeline/delivery/invoices/rules.ts';
import { amountOf, listOn, type PriceList, priceOf, totalOf } from '../../src/pipeline/delivery/prices/index.ts';
import type { Subscription, Terms } from '../../src/pipeline/delivery/subscriptions/index.ts';
import { addDays, dayOf } from '../../src/platform/time/local-time.ts';
import { startService } from '../harness/service.ts';

const TOMORROW = addDays(dayOf(new Date()), 1);
const WEEKLY: Terms = {
  ...{ rhythm: { frequency: 'weekly', weekday: 1 }, hour: 6, tables: ['bor_befolkning'], formats: ['csv.gz'] },
  kind: 'total',
};
const DAILY = { rhythm: { frequency: 'daily', days: 'every' } } as const;
const LIST: PriceList = {
  ...{ validFrom: '2012-06-01', joiningFee: '300000.00', rates: { borger: '1.50' }, source: 'x' },
  ...{ factors: { monthly: '1', weekly: '1.25', daily: '1.5' }, inhabitants: { '615': 98_806 } },
};

function subscription(startsOn: string, ...changes: readonly [day: string, terms: Partial<Terms>][]): Subscription {
  const by = { at: new Date('2026-01-01'), clientId: 'c', mandateId: null };
  return {
    ...{ subscriptionId: 'x', municipality: '615', domain: 'borger', startsOn, commitmentMonths: 12 },
    ...{ renewalMonths: 12, noticeMonths: 3, createdAt: by.at },
    history: [
      { ...by, number: 1, kind: 'proposed', day: startsOn, terms: WEEKLY },
      { ...by, number: 2, kind: 'activated', day: startsOn, terms: null },
      ...changes.map(([day, terms], index) => ({ ...by, number: index + 3, kind: 'changed' as const, day, terms })),
    ],
  };
}

const decimal = (most: number, scale: number) =>
  fc
    .tuple(fc.nat(most), fc.nat(10 ** scale - 1))
    .map(([whole, part]) => `${whole}.${String(part).padStart(scale, '0')}`);
const toUnits = (text: string) => BigInt(text.replace('.', ''));

t.test('a price is exact, and rounded once: half away from zero, to the øre', async (t) => {
  fc.assert(
    fc.property(decimal(999, 4), decimal(99, 4), fc.nat(2_000_000), (rate, factor, people) => {
      const list = {
        rates: { d: rate },
        factors: { monthly: factor, weekly: '1', daily: '1' },
        inhabitants: { m: people },
      };
      const price = priceOf(list, 'm', 'd', 'monthly');
      // In units of 10^-8 kroner, of which 10^6 make an øre.
      const units = toUnits(rate) * toUnits(factor) * BigInt(people);
      const [øre, rest] = [units / 1_000_000n, units % 1_000_000n];
      const expected = rest * 2n >= 1_000_000n ? øre + 1n : øre;
      const amount = price && amountOf(price.perYear);
      if (amount === undefined || !/^[0-9]+\.[0-9]{2}$/.test(amount)) throw new Error(`not an amount: ${amount}`);
      if (toUnits(amount) !== expected) throw new Error(`${amount} is not ${expected}`);
    }),
  );
  fc.assert(
    fc.property(fc.array(decimal(1_000_000, 2), { maxLength: 50 }), (amounts) => {
      const sum = amounts.reduce((total, each) => total + toUnits(each), 0n);
      if (toUnits(totalOf(amounts)) !== sum) throw new Error('a sum loses an øre');
    }),
  );
  t.equal(amountOf({ n: 55_578_375n, d: 1000n }), '55578.38');
  t.equal(amountOf({ n: -55_578_375n, d: 1000n }), '-55578.38');
  t.equal(totalOf([]), '0.00');
  t.equal(priceOf(LIST, '615', 'skole', 'daily'), undefined);
  t.equal(priceOf(LIST, '101', 'borger', 'daily'), undefined);
});

t.test('days are counted, and another price list splits the line', async (t) => {
  t.same(quarterOf('2028Q1'), { from: '2028-01-01', to: '2028-03-31' });
  t.same(quarterOf('2027Q4'), { from: '2027-10-01', to: '2027-12-31' });
  const dearer = { ...LIST, validFrom: '2028-02-15', rates: { borger: '1.60' }, inhabitants: { '615': 99_000 } };
  t.equal(listOn([dearer, LIST], '2028-02-14'), LIST);
  t.equal(listOn([LIST, dearer], '2028-02-15'), dearer);
  t.equal(listOn([LIST], '2012-05-31'), undefined);
  const lines = linesOf(subscription('2027-01-01', ['2028-02-01', { hour: 9 }]), [LIST, dearer], quarterOf('2028Q1'));
  t.same(
    lines.map(({ from, to, days, daysOfYear, amount }) => [from, to, days, daysOfYear, amount]),
    [
      // 2028 has 366 days. 98 806 × 1.50 × 1.25 = 185 261.25; × 45 / 366 = 8 336 756.25 / 366 = 22 778.0225…
      ['2028-01-01', '2028-02-14', 45, 366, '22778.02'],
      // 99 000 × 1.60 × 1.25 = 198 000.00; × 46 / 366 = 9 108 000 / 366 = 24 885.2459…
      ['2028-02-15', '2028-03-31', 46, 366, '24885.25'],
    ],
    'another hour does not',
  );
  const fee = joiningFeeOf('2028-03-31', [LIST, dearer], quarterOf('2028Q1'));
  t.same(fee, { day: '2028-03-31', priceListFrom: '2028-02-15', amount: '300000.00' });
  t.equal(joiningFeeOf('2028-04-01', [LIST], quarterOf('2028Q1')), null);
  t.equal(joiningFeeOf(null, [LIST], quarterOf('2028Q1')), null);
  t.equal(invoiceTotal(lines, fee), '347663.27');
  const day = fc.integer({ min: 0, max: 800 }).map((offset) => addDays('2027-01-01', offset));
  fc.assert(
    fc.property(fc.uniqueArray(day, { maxLength: 5 }), fc.uniqueArray(day, { maxLength: 3 }), (changes, priced) => {
      const one = subscription(
        '2027-01-01',
        ...changes.map((from, index) => [from, index % 2 === 0 ? DAILY : WEEKLY] as [string, Partial<Terms>]),
      );
      const lists = [LIST, ...priced.map((validFrom) => ({ ...LIST, validFrom }))];
      for (const year of [2027, 2028]) {
        const quarters = [1, 2, 3, 4].map((number) => linesOf(one, lists, quarterOf(`${year}Q${number}`)));
        const all = quarters.flat();
        const days = all.reduce((sum, line) => sum + line.days, 0);
        if (days !== all[0]?.daysOfYear) throw new Error(`${days} days are billed`);
        for (const [index, line] of all.entries())
          if (index > 0 && line.from !== addDays(all[index - 1]?.to ?? '', 1))
            throw new Error('a day is skipped or doubled');
      }
    }),
  );
});

t.test('the basis of an invoice, by hand, and made again', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const plant = async (domain: string, startsOn: string, ...events: (readonly [string, string, object | null])[]) => {
    const id = randomUUID();
    await owner.query(
      `insert into subscription (municipality_code, subscription_id, domain, starts_on, commitment_months, renewal_months, notice_months, created_at)
       values ('615', $1, $2, $3::date, 3, 1, 0, $3::date)`,
      [id, domain, startsOn],
    );
    for (const [index, [kind, day, terms]] of events.entries())
      await owner.query(
        `insert into subscription_event (municipality_code, subscription_id, number, domain, kind, day, terms, at, client_id)
         values ('615', $1, $2, $3, $4, $5, $6, $7, 'x')`,
        [id, index + 1, domain, kind, day, terms && JSON.stringify(terms), startsOn],
      );
    return id;
  };
  const MONTHLY = { ...WEEKLY, rhythm: { frequency: 'monthly', dayOfMonth: 1 } };
  const skole = await plant(
    ...(['skole', '2025-10-01'] as const),
    ...([
      ['proposed', '2025-10-01', MONTHLY],
      ['activated', '2025-09-20', null],
    ] as const),
    ['terminated', '2026-02-10', null],
  );
  const borger = await plant(
    ...(['borger', '2026-01-15'] as const),
    ...([
      ['proposed', '2026-01-15', WEEKLY],
      ['activated', '2026-01-10', null],
    ] as const),
    ['changed', '2026-03-02', DAILY],
  );
  await plant('oekonomi', '2026-01-01', ['proposed', '2026-01-01', WEEKLY]);
  const read = async (quarter: string, headers: Record<string, string> = {}) => {
    const response = await service.call('GET', `/v1/invoice-bases/${quarter}`, { headers });
    t.equal(response.status, 200);
    return response.text();
  };

  const figures = { priceListFrom: '2012-06-01', ratePerInhabitant: '1.50', inhabitants: 98_806 };
  const expected = {
    ...{ municipality: '615', quarter: '2026Q1', from: '2026-01-01', to: '2026-03-31' },
    lines: [
      // 98 806 × 1.50 × 1 = 148 209.00 a year; 31 + 10 = 41 days: 148 209.00 × 41 / 365 = 16 648.1342…
      {
        ...{ subscriptionId: skole, domain: 'skole', frequency: 'monthly', from: '2026-01-01', to: '2026-02-10' },
        ...{ days: 41, daysOfYear: 365, ...figures, factor: '1', amount: '16648.13' },
      },
      // 98 806 × 1.50 × 1.25 = 185 261.25 a year; 17 + 28 + 1 = 46 days: 185 261.25 × 46 / 365 = 23 347.9931…
      {
        ...{ subscriptionId: borger, domain: 'borger', frequency: 'weekly', from: '2026-01-15', to: '2026-03-01' },
        ...{ days: 46, daysOfYear: 365, ...figures, factor: '1.25', amount: '23347.99' },
      },
      // 98 806 × 1.50 × 1.5 = 222 313.50 a year; 30 days: 222 313.50 × 30 / 365 = 18 272.3424…
      {
        ...{ subscriptionId: borger, domain: 'borger', frequency: 'daily', from: '2026-03-02', to: '2026-03-31' },
        ...{ days: 30, daysOfYear: 365, ...figures, factor: '1.5', amount: '18272.34' },
      },
    ],
    joiningFee: null,
    // 16 648.13 + 23 347.99 + 18 272.34; what was only proposed costs nothing.
    total: '58268.46',
  };
  t.strictSame(JSON.parse(await read('2026Q1')), expected);
  t.match(JSON.parse(await read('2025Q4')), {
    // 31 + 30 + 31 = 92 days: 148 209.00 × 92 / 365 = 37 356.7890…; the first subscription ever starts here.
    lines: [{ days: 92, amount: '37356.79' }],
    joiningFee: { day: '2025-10-01', amount: '300000.00' },
    total: '337356.79',
  });
  t.match(JSON.parse(await read('2025Q3')), { lines: [], joiningFee: null, total: '0.00' });
  const csv = await read('2025Q4', { accept: 'text/csv' });
  const columns =
    'municipality,quarter,item,subscriptionId,domain,frequency,from,to,days,daysOfYear,priceListFrom,ratePerInhabitant,inhabitants,factor,amount';
  t.equal(
    csv,
    `${columns}\n615,2025Q4,subscription,${skole},skole,monthly,2025-10-01,2025-12-31,92,365,2012-06-01,1.50,98806,1,37356.79\n` +
      '615,2025Q4,joining-fee,,,,2025-10-01,2025-10-01,,,2012-06-01,,,,300000.00\n',
  );

  const before = [await read('2025Q4'), await read('2026Q1'), csv];
  // The catalogue counts anew, the prices rise, and the terms change.
  const horsens = service.api.deps.catalogue.municipalities.find(({ code }) => code === '615') as {
    population: number;
  };
  const counted = horsens.population;
  t.teardown(() => {
    horsens.population = counted;
  });
  horsens.population = 1;
  const dearer = {
    ...{ validFrom: TOMORROW, joiningFee: '1', rates: { borger: '9', skole: '9', oekonomi: '9' }, source: 'Aftale' },
    factors: { monthly: '7', weekly: '8', daily: '9' },
  };
  const operator = { caller: { municipality: null } };
  t.equal((await service.call('POST', '/v1/price-lists', { ...operator, body: dearer })).status, 201);
  const added = await (await service.call('GET', `/v1/price-list?on=${TOMORROW}`, { caller: null })).json();
  t.match(added, { joiningFee: '1.00', inhabitants: { '615': 1 } });
  for (const [what, body] of [['changes', { rhythm: { frequency: 'daily', days: 'working' } }], ['terminate']] as const)
    t.equal(
      (await service.call('POST', `/v1/subscriptions/${borger}/${what}`, body ? { body } : {})).status,
      200,
      what,
    );
  t.strictSame([await read('2025Q4'), await read('2026Q1'), await read('2025Q4', { accept: 'text/csv' })], before);
  t.equal((await service.call('GET', '/v1/invoice-bases/2026Q5')).status, 400);
  const restricted = await service.call('GET', '/v1/invoice-bases/2026Q1', { caller: { domains: ['borger'] } });
  t.match(await restricted.json(), { code: 'invoice-needs-every-domain' });
});

t.test('price lists and capabilities', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const ask = async (method: string, path: string, body?: object, caller: object | null = { municipality: null }) => {
    const response = await service.call(method, path, { caller, ...(body && { body }) });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as ReturnType<typeof JSON.parse>,
    };
  };
  await t.test('prices are there from the first migration on', async (t) => {
    const { body } = await ask('GET', '/v1/price-list', undefined, null);
    t.match(body, { validFrom: '2012-06-01', validTo: null, joiningFee: '300000.00', source: /1 June 2012/ });
    t.same(body.inhabitants, Object.fromEntries(MUNICIPALITIES.map(({ code, population }) => [code, population])));
    t.same(
      Object.keys(body.rates),
      service.api.deps.catalogue.domains.map(({ id }) => id),
    );
    t.ok(Object.values(body.rates).every((rate) => rate === '1.50'));
    t.equal((await ask('GET', '/v1/price-list?on=2012-05-31', undefined, null)).status, 404);
  });

  await t.test('new ones begin tomorrow at the earliest, once a day, with every domain', async (t) => {
    const rates = { borger: '1.75', skole: '1.5', oekonomi: '2' };
    const list = { validFrom: TOMORROW, joiningFee: '250000.5', rates, factors: LIST.factors, source: 'Aftale' };
    const add = (changes: object) => ask('POST', '/v1/price-lists', { ...list, ...changes });
    t.match(await add({ validFrom: addDays(TOMORROW, -1) }), { status: 422, body: { code: 'price-list-date' } });
    for (const wrong of [{ borger: '1' }, { ...rates, nowhere: '1' }])
      t.match((await add({ rates: wrong })).body, { faults: [{ place: 'body/rates' }] });
    for (const wrong of [{ joiningFee: '1e5' }, { joiningFee: 5 }, { rates: { ...rates, borger: '1.50000' } }])
      t.equal((await add(wrong)).status, 400);
    const both = await Promise.all([add({}), add({})]);
    t.same(both.map(({ status }) => status).sort(), [201, 422]);
    t.match(await add({ validFrom: addDays(TOMORROW, 9) }), { status: 201, body: { validTo: null } });
    t.match((await ask('GET', `/v1/price-list?on=${TOMORROW}`, undefined, null)).body, {
      ...{ joiningFee: '250000.50', validFrom: TOMORROW, validTo: addDays(TOMORROW, 8), rates },
    });
    t.match((await ask('GET', '/v1/price-list', undefined, null)).body, { validTo: addDays(TOMORROW, -1) });
    t.equal((await ask('POST', '/v1/price-lists', list, {})).status, 403, 'the operator alone');
  });

  await t.test('what a domain allows changes from a day on', async (t) => {
    const change = (frequencies: string[], changes: object = {}) =>
      ask('POST', '/v1/capabilities', {
        domain: 'skole',
        frequencies,
        validFrom: TOMORROW,
        reason: 'Kilden',
        ...changes,
      });
    t.match(await change(['weekly'], { validFrom: addDays(TOMORROW, -1) }), {
      status: 422,
      body: { code: 'capability-date' },
    });
    t.match((await change(['weekly'], { domain: 'nowhere' })).body, { faults: [{ place: 'body/domain' }] });
    t.equal((await change(['daily'])).status, 201);
    t.equal((await change(['weekly', 'monthly'])).status, 201, 'corrected for the same day');
    const { body } = await ask('GET', '/v1/domains/skole', undefined, null);
    t.match(body, { frequencies: ['daily', 'weekly', 'monthly'] });
    t.same(body.plannedFrequencies, [{ validFrom: TOMORROW, frequencies: ['weekly', 'monthly'] }]);
    const list = (await ask('GET', '/v1/domains', undefined, null)).body.items;
    t.same(
      list.find(({ id }: { id: string }) => id === 'skole'),
      body,
    );
    const quote = (startsOn: string) =>
      ask('POST', '/v1/subscriptions/quotes', { startsOn, lines: [{ domain: 'skole', frequency: 'daily' }] }, {});
    t.equal((await quote(addDays(TOMORROW, -1))).status, 200);
    t.match(await quote(TOMORROW), {
      ...{ status: 422, body: { code: 'frequency-not-offered', allowed: ['weekly', 'monthly'] } },
    });
  });
});
