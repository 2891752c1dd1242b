// What findings say: texts that name what was expected, and nothing that looks like a CPR number.
import t from 'tap';
import { codeList } from '../../src/domains/definition.ts';
import { maskCpr, structureFinding } from '../../src/pipeline/quality/rules.ts';

t.test('a finding about a code names its list', (t) => {
  const text = { da: '', en: '' };
  const column = {
    name: 'koen',
    title: text,
    description: text,
    type: { type: 'code', list: codeList('koen', text, [['K', '', '']]) },
    nullable: false,
    sensitivity: 'ordinary',
  } as const;
  t.strictSame(structureFinding('code', { table: 'x', column }).message, {
    da: 'Koden findes ikke i kodelisten koen.',
    en: 'The code is not in the code list koen.',
  });
  t.strictSame(structureFinding('code-validity', { table: 'x', column }).message, {
    da: 'Koden findes, men gælder ikke på rækkens dato. Se gyldighedsdatoerne i kodelisten koen.',
    en: 'The code exists but is not valid on the date of the row. See the validity dates of the code list koen.',
  });
  const number = { ...column, type: { type: 'boolean' } } as const;
  t.strictSame(structureFinding('type', { table: 'x', column: number }).message, {
    da: 'Værdien har ikke den form, som kolonnen kræver: true eller false.',
    en: 'The value does not have the form that the column asks for: true or false.',
  });
  t.end();
});

t.test('what looks like a CPR number is hidden, however it is written, and nothing else', (t) => {
  for (const cpr of ['0101111234', '010111-1234', '010111 1234', '01.01.11-1234', '01 01 11 - 1234', '6112041234']) {
    t.equal(maskCpr(`klasse ${cpr}, x`), 'klasse **********, x', cpr);
    t.equal(maskCpr(`klasse_id=A${cpr}B`), 'klasse_id=A**********B', cpr);
  }
  const harmless = [
    'institution_nr=999001, klasse_id=2024A',
    'skoleaar=2024-2025, institution_nr=101001',
    '3.22.01 dranst 1 gruppering 009',
    '2024-12-01',
    'antal 12345, gennemsnit 67890',
    '01011112345',
    '1299111234',
  ];
  for (const text of harmless) t.equal(maskCpr(text), text);
  t.end();
});
