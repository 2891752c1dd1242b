// What can be wrong with announcing a change of a table, or with withdrawing one.
import { defineProblem } from '../../../platform/http/problem.ts';

export const SCHEMA_CHANGE_NOTICE = defineProblem({
  code: 'schema-change-notice',
  status: 422,
  title: 'The day is too near: columns are removed or retyped with 90 days’ notice, and added from tomorrow on',
  action: 'Choose `earliest` or a later day as `effectiveOn`, by the Danish calendar.',
});

export const SCHEMA_CHANGE_MISFIT = defineProblem({
  code: 'schema-change-misfit',
  status: 422,
  title: 'The change does not fit the table as it is declared',
  action: 'Correct what `faults` names; GET /v1/tables/{table} shows the columns.',
});

export const SCHEMA_CHANGE_CONFLICT = defineProblem({
  code: 'schema-change-conflict',
  status: 409,
  title: 'Another change of one of the columns is announced and not carried out yet',
  action: 'Withdraw the change `schemaChange` first, or leave its columns out.',
});

export const SCHEMA_CHANGE_CLOSED = defineProblem({
  code: 'schema-change-closed',
  status: 409,
  title: 'The change was withdrawn or carried out already',
  action: 'Read GET /v1/schema-changes/{id}; what was carried out is undone by announcing another change.',
});
