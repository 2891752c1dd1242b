// Makes the roles of the cluster, and takes from them what they may not have. Grants nothing.
import pg from 'pg';

/** A login role as configuration names it. */
export interface RoleCredentials {
  readonly name: string;
  readonly password: string;
}

/** Roles are cluster-wide: another database's migration may have made them, or be making them now. Without a password nobody can log in. */
export async function ensureRole(
  client: pg.Client,
  role: { readonly name: string; readonly password?: string },
): Promise<void> {
  const name = pg.escapeIdentifier(role.name);
  const login = role.password === undefined ? 'nologin' : `login password ${pg.escapeLiteral(role.password)}`;
  await client.query(`do $$ begin
      create role ${name} nologin noinherit;
    exception when duplicate_object or unique_violation then null;
    end $$`);
  // Only a superuser may say `nosuperuser`, even of a role that is none: an owner who is none says it where there is something to take away, and is refused.
  const { rows } = await client.query<{ excessive: boolean }>(
    'select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as excessive from pg_roles where rolname = $1',
    [role.name],
  );
  const less = rows[0]?.excessive === true ? 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls' : '';
  await retryConcurrentUpdate(() => client.query(`alter role ${name} ${less} noinherit ${login}`));
}

/** Repeats a change of a role that another database's migration is changing too. */
export async function retryConcurrentUpdate(statement: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await statement();
      return;
    } catch (error) {
      const concurrent = error instanceof pg.DatabaseError && /concurrently updated|duplicate key/.test(error.message);
      if (!concurrent || attempt === 20) throw error;
    }
  }
}
