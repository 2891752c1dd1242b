// The face of the declarations: loading the catalogue and its types. Stages know no domain by name.
export { type Catalogue, formulasOf } from './catalogue.ts';
export type { Group } from './groups.ts';
export { DeclarationError, loadCatalogue } from './load-catalogue.ts';
export type { Municipality } from './municipalities.ts';
