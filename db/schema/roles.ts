// The role that PostgreSQL's policies and the running service must name alike. Apart from the tables: whoever imports those loads drizzle-orm,
// which took a starting api or worker 0.8 s of CPU (measured), for this one word.

/** The role that the worker takes on inside `withSystem`, and nobody can log in as. It alone has the policy that sees several municipalities. */
export const SYSTEM_ROLE = 'flis_system';
