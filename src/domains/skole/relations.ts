// How the pupil counts of `skole` add up, so that no small count can be worked out from several figures. Not what a formula computes: formulas.ts.
import type { FormulaRelation } from '../definition.ts';
import {
  bosatteElever,
  eleverFolkeskole,
  eleverKommunale,
  eleverNormalklasse,
  eleverSegregeret,
  folkeskoleeleverAarsgennemsnit,
  folkeskoleNormalOgSpecial,
  folkeskoleSpecialklasse,
  privatskoleelever,
} from './formulas.ts';

export const relations: readonly FormulaRelation[] = [
  // The rest: normal classes of several grades, or outside 5–35 pupils.
  { kind: 'sum', wholes: [folkeskoleNormalOgSpecial], parts: [folkeskoleSpecialklasse, eleverNormalklasse] },
  // The rest: reception classes, and classes without a type.
  { kind: 'sum', wholes: [eleverFolkeskole], parts: [folkeskoleNormalOgSpecial] },
  // The rest: special institutions and municipal youth schools.
  { kind: 'sum', wholes: [eleverKommunale], parts: [eleverFolkeskole] },
  // The rest: special institutions and special classes of youth schools …
  { kind: 'sum', wholes: [eleverSegregeret], parts: [folkeskoleSpecialklasse] },
  // … which are all municipal pupils outside the folkeskole but for a rest: youth schools' pupils outside special classes.
  {
    kind: 'sum',
    wholes: [eleverKommunale, folkeskoleSpecialklasse],
    parts: [eleverFolkeskole, eleverSegregeret],
  },
  // On an island, say, everybody lives where they go to school, there is no grade 10, and no other kind of school.
  { kind: 'equal', wholes: [bosatteElever], parts: [privatskoleelever, eleverKommunale] },
  { kind: 'mean', mean: folkeskoleeleverAarsgennemsnit, of: eleverFolkeskole },
];
